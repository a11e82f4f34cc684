"""From what stands in a decorator to a parser of ours: sentences, our own parsers, pytest-bdd's, and other people's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, runtime_checkable

from goldenpath.bdd.parsers import StepParser, cucumber, parse, re, string


@runtime_checkable
class OtherParser(Protocol):
    """A parser of pytest-bdd, or one that somebody wrote for it."""

    name: str

    def is_matching(self, name: str) -> bool:
        """Whether the text is meant."""

    def parse_arguments(self, name: str) -> dict[str, Any] | None:
        """The parameters of a text that is meant."""


class other(StepParser):  # noqa: N801 - as its siblings
    """A parser with pytest-bdd's interface, of which nothing more is known."""

    def __init__(self, parser: OtherParser) -> None:
        super().__init__(parser.name)
        self._parser = parser

    def match(self, text: str) -> str | None:
        """The text itself."""
        return text if self._parser.is_matching(text) else None

    def arguments(self, found: str) -> Mapping[str, Any]:
        """As the parser says."""
        return self._parser.parse_arguments(found) or {}


def get_parser(pattern: str | StepParser | OtherParser) -> StepParser:
    r"""The parser for what stands in a decorator of ours.

    A text that has a ``{``, ``(``, ``/`` or ``\`` in it is a Cucumber Expression, any other the very sentence.

    Raises:
        TypeError: It is neither a text nor a parser.
    """
    if isinstance(pattern, str):
        return cucumber(pattern) if any(sign in pattern for sign in "{(/\\") else string(pattern)
    return adapt(pattern)


def adapt(parser: StepParser | OtherParser) -> StepParser:
    """One of ours for one of pytest-bdd's, which keeps what that one has compiled and matches the same texts.

    Raises:
        TypeError: It is no parser.
    """
    if isinstance(parser, StepParser):
        return parser
    kind = type(parser)
    if kind.__module__ == "pytest_bdd.parsers" and (known := _OF_PYTEST_BDD.get(kind.__name__)):
        return known(parser)
    if isinstance(parser, OtherParser):
        return other(parser)
    raise TypeError(f"{parser!r} is neither a sentence nor a parser")


def _from_regex(parser: Any) -> StepParser:
    own = re(parser.name, parser.regex.flags)
    own.__dict__["regex"] = parser.regex
    return own


def _from_parse(parser: Any) -> StepParser:
    # The library keeps no public word of it; a literal of its own in the format would not show it either.
    own = parse(parser.name)
    own.__dict__["parser"] = parser.parser
    return own


_OF_PYTEST_BDD: Final[Mapping[str, Callable[[Any], StepParser]]] = {
    "string": lambda parser: string(parser.name),
    "re": _from_regex,
    "parse": _from_parse,
    "cfparse": _from_parse,
}
