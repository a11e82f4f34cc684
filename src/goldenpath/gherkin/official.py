"""gherkin-official's parser and compiler, with what we need of them otherwise than they give it.

It is imported when a file is parsed, never before: the library costs more than reading a whole suite from the cache.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from typing import Any, Final, TypeAlias

from gherkin.ast_builder import AstBuilder
from gherkin.ast_node import AstNode
from gherkin.errors import ParserException
from gherkin.parser import Parser, ParserContext
from gherkin.parser_types import Location
from gherkin.pickles.compiler import Compiler
from gherkin.stream.id_generator import IdGenerator
from gherkin.token import Token
from gherkin.token_matcher import TokenMatcher

_Match: TypeAlias = Callable[[ParserContext, Token], bool]


class NodeIds(IdGenerator):
    """Ids that are the same whenever a file is parsed, and another file's never.

    Args:
        prefix: What sets the file apart.
    """

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._ids = map(f"{prefix}-{{}}".format, count())

    def get_next_id(self) -> str:
        """The next id of this file."""
        return next(self._ids)


class Tree(AstBuilder):
    """Ends descriptions where the other implementations of Gherkin do."""

    @staticmethod
    def get_description(node: AstNode) -> str:
        """The description of a node, without blank lines at its end: the library keeps those that have blanks."""
        lines = AstBuilder.get_description(node).split("\n")
        while lines and not lines[-1].strip():
            lines.pop()
        return "\n".join(lines)


class LiteralCompiler(Compiler):
    """Puts the values of a row in as they are: the library takes the column's name for a regular expression."""

    def _interpolate(self, name: Any, variable_cells: Any, value_cells: Any) -> Any:
        if name is None or "<" not in name:
            return name
        for variable, value in zip(variable_cells, value_cells, strict=False):
            name = name.replace(f"<{variable['value']}>", value["value"])
        return name


class QuickMatcher(TokenMatcher):
    """Finds the keyword of a step by one expression: the library tries all of a language, the longest first."""

    def match_StepLine(self, token: Token) -> bool:  # noqa: N802 the library's name
        """Whether a line is a step."""
        found = self._step.match(token.line.get_line_text())
        if found is None:
            return False
        keyword = found[0]
        types = self.keyword_types[keyword]
        self._set_token_matched(
            token,
            "StepLine",
            token.line.get_rest_trimmed(len(keyword)),
            keyword,
            keyword_type=types[0] if len(types) == 1 else "Unknown",
        )
        return True

    def _change_dialect(self, dialect_name: str, location: Location | None = None) -> None:
        super()._change_dialect(dialect_name, location)
        self._step = re.compile("|".join(map(re.escape, self._sorted_step_keywords)))


class QuickParser(Parser):
    """Parses as the library does, in two thirds of its time or less.

    The library builds a table of all its states for each line, and asks for each line whether it is a comment, a tag
    or a row by four calls each, where its first sign says no.

    Args:
        tree: What builds the syntax tree.
        first_signs_tell: Whether a comment, tag, row or doc string begins with its sign: not so in Markdown.
    """

    def __init__(self, tree: AstBuilder, *, first_signs_tell: bool) -> None:
        super().__init__(tree)
        if first_signs_tell:
            for name, signs in _SIGNS.items():
                setattr(self, name, _when_begun(getattr(self, name), signs))

    def match_token(self, state: int, token: Token, context: ParserContext) -> int:
        """The state after a token."""
        after: int = getattr(self, f"match_token_at_{state}")(token, context)
        return after

    def match_EOF(self, context: ParserContext, token: Token) -> bool:  # noqa: N802 the library's name
        """Whether the file ends here."""
        return token.eof() and super().match_EOF(context, token)

    def handle_ast_error(self, context: ParserContext, argument: Any, action: Callable[[Any], object]) -> None:
        """Build a part of the tree; what is wrong with it is kept for the end."""
        try:
            action(argument)
        except ParserException as error:
            self.add_error(context, error)


_SIGNS: Final = {
    "match_Comment": ("#",),
    "match_DocStringSeparator": ('"""', "```"),
    "match_Language": ("#",),
    "match_TableRow": ("|",),
    "match_TagLine": ("@",),
}


def _when_begun(match: _Match, signs: tuple[str, ...]) -> _Match:
    def begun(context: ParserContext, token: Token) -> bool:
        # The library says str; what it does is str.startswith, which takes several.
        return not token.eof() and token.line.startswith(signs) and match(context, token)  # type: ignore[arg-type]

    return begun
