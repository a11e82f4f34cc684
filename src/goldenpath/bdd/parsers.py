"""The ways to say which texts a step definition answers.

``parse``, ``cfparse``, ``re`` and ``string`` match exactly what pytest-bdd's match; ``cucumber`` is a Cucumber
Expression (https://github.com/cucumber/cucumber-expressions). All of them compile when a text is first tried, not when
the module is imported, and import their library only then.
"""

from __future__ import annotations

import re as base_re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from goldenpath.bdd import literals
from goldenpath.bdd.parameter_types import defined, registry

NO_WORDS: Final[frozenset[str]] = frozenset()


class StepParser(ABC):
    """Says whether a text is meant, and what its parameters are.

    Args:
        name: The pattern, as written.
    """

    ignores_case: bool = False
    """Whether the letters of ``words`` may be upper or lower in the text."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def match(self, text: str) -> Any:
        """What was found, to be handed to ``arguments``; None when the text is not meant.

        Raises:
            Exception: The pattern itself is wrong; which error depends on the library behind it.
        """

    @abstractmethod
    def arguments(self, found: Any) -> Mapping[str, Any] | Sequence[Any]:
        """The parameters by name, or in order where they have no names (Cucumber Expressions)."""

    def names(self) -> tuple[str, ...]:
        """The names of the parameters; empty where they are known only with a text, or have no names."""
        return ()

    def words(self) -> frozenset[str]:
        """Words that stand, between blanks, in every text that matches; empty when none is known."""
        return NO_WORDS

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class string(StepParser):  # noqa: N801 - pytest-bdd's name
    """The very text, and no parameters."""

    def match(self, text: str) -> bool | None:
        """True, or None."""
        return True if text == self.name else None

    def arguments(self, found: Any) -> Mapping[str, Any]:
        """None at all."""
        return {}


class re(StepParser):  # noqa: N801 - pytest-bdd's name
    """A regular expression for the whole text; its named groups are the parameters (a group that took no part: None).

    Args:
        name: The expression.
        flags: As for ``re.compile``.
    """

    def __init__(self, name: str, flags: int | base_re.RegexFlag = 0) -> None:
        super().__init__(name)
        self._flags = int(flags)
        self.ignores_case = bool(self._flags & base_re.IGNORECASE)

    @cached_property
    def regex(self) -> base_re.Pattern[str]:
        """The compiled expression."""
        return base_re.compile(self.name, self._flags)

    def match(self, text: str) -> base_re.Match[str] | None:
        """The match of the whole text."""
        return self.regex.fullmatch(text)

    def arguments(self, found: base_re.Match[str]) -> Mapping[str, Any]:
        """The named groups."""
        return found.groupdict()

    def names(self) -> tuple[str, ...]:
        """Of the groups."""
        return tuple(self.regex.groupindex)

    def words(self) -> frozenset[str]:
        """Read from the expression."""
        return literals.of_regex(self.name, self._flags)


class parse(StepParser):  # noqa: N801 - pytest-bdd's name
    """A format of the ``parse`` library: ``"{count:d} items"``. Case does not count unless asked for.

    Args:
        name: The format.
        extra_types: Converters by the name of the type, for ``{x:Name}``.
        case_sensitive: Whether upper and lower case differ.
    """

    def __init__(self, name: str, extra_types: Mapping[str, Any] | None = None, case_sensitive: bool = False) -> None:
        super().__init__(name)
        self._extra_types = dict(extra_types or {})
        self.ignores_case = not case_sensitive

    @cached_property
    def parser(self) -> Any:
        """The library's own parser of this format."""
        import parse as library

        return library.compile(self.name, self._extra_types, case_sensitive=not self.ignores_case)

    def match(self, text: str) -> Any:
        """The library's result; a converter that raises ValueError says that the text is not meant."""
        parser = self.parser  # a wrong format raises ValueError too, and is to be told
        try:
            return parser.parse(text)
        except ValueError:
            return None

    def arguments(self, found: Any) -> Mapping[str, Any]:
        """The named fields."""
        fields: Mapping[str, Any] = found.named
        return fields

    def names(self) -> tuple[str, ...]:
        """Of the fields."""
        return tuple(self.parser.named_fields)

    def words(self) -> frozenset[str]:
        """Read from the format."""
        return literals.of_parse_format(self.name)


class cfparse(parse):  # noqa: N801 - pytest-bdd's name
    """As ``parse``, with numbers of things: ``{names:Name+}``, ``{names:Name*}``, ``{name:Name?}`` (parse_type)."""

    @cached_property
    def parser(self) -> Any:
        """The library's own parser of this format."""
        from parse_type.cfparse import Parser

        make: type[Any] = Parser  # the library has no annotations
        return make(self.name, self._extra_types, case_sensitive=not self.ignores_case)


class cucumber(StepParser):  # noqa: N801 - beside the names of pytest-bdd
    r"""A Cucumber Expression: ``{int}``, ``{person}``, ``apple(s)``, ``red/green``; ``\`` takes a sign's meaning away.

    Its parameters have no names: they go to the first parameters of the function, in order.
    """

    @cached_property
    def _compiled(self) -> tuple[Callable[[str], base_re.Match[str] | None], tuple[_Parameter, ...], tuple[str, ...]]:
        from cucumber_expressions.expression import CucumberExpression

        make: type[Any] = CucumberExpression  # the library has no annotations
        expression = make(self.name, registry())
        tree = expression.tree_regexp
        spans = _groups(tree.group_builder)
        types = expression.parameter_types
        parameters = tuple(_parameter(kind, span) for kind, span in zip(types, spans, strict=True))
        return tree.regexp.match, parameters, tuple(f"{{{kind.name}}}" for kind in types)

    @property
    def parameters(self) -> tuple[str, ...]:
        """What stands in its braces, braces included, in order.

        Raises:
            Exception: The expression does not parse, or has a parameter type that nobody defined.
        """
        return self._compiled[2]

    def match(self, text: str) -> base_re.Match[str] | None:
        """The match of the expression's regular expression."""
        return self._compiled[0](text)

    def arguments(self, found: base_re.Match[str]) -> Sequence[Any]:
        """The values that the parameter types make, in order."""
        return [
            transform(*found.group(*groups)) if len(groups) > 1 else transform(found.group(*groups))
            for transform, groups in self._compiled[1]
        ]

    def words(self) -> frozenset[str]:
        """Read from the expression."""
        return literals.of_cucumber_expression(self.name)


_Parameter = tuple[Callable[..., Any], tuple[int, ...]]
"""A transformer, and the groups of the match whose texts it takes."""


def _groups(builder: Any) -> list[tuple[int, ...]]:
    """For each parameter its own group, then those directly inside it; groups count in the order of their ``(``."""
    spans = []
    number = 1
    for parameter in builder.children:
        own, number = number, number + 1
        inner = []
        for child in parameter.children:
            inner.append(number)
            number += _size(child)
        spans.append((own, *inner))
    return spans


def _size(builder: Any) -> int:
    return 1 + sum(_size(child) for child in builder.children)


def _parameter(kind: Any, groups: tuple[int, ...]) -> _Parameter:
    """The groups inside go to the transformer, or its own where there are none or nobody wants them apart."""
    own = defined(kind.name)
    apart = groups[1:] if own is None or own.transformer is not None else ()
    return kind.transformer, apart or groups[:1]
