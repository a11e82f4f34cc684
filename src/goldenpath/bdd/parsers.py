"""The ways to say which texts a step definition answers.

``parse``, ``cfparse``, ``re`` and ``string`` match exactly what pytest-bdd's match; ``cucumber`` is a Cucumber
Expression (https://github.com/cucumber/cucumber-expressions). All of them compile when a text is first tried, not when
the module is imported, and import their library only then.
"""

from __future__ import annotations

import re as base_re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

from goldenpath.bdd import fields, groups, literals
from goldenpath.bdd.parameter_types import defined, registry, unknown

NO_WORDS: Final[frozenset[str]] = frozenset()


class StepParser(ABC):
    """Says whether a text is meant, and what its parameters are.

    Args:
        name: The pattern, as written.
    """

    ignores_case: bool = False
    """Whether the letters of ``words`` may be upper or lower in the text."""

    needs: tuple[str, ...] = ()
    """The capabilities that what stands in the pattern needs, as ``service.capability``."""

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

    def groups(self, found: Any, text: str) -> list[dict[str, Any]]:
        """What was found, and where in the text: the ``stepMatchArguments`` of Cucumber Messages.

        Args:
            found: What ``match`` gave for the text.
            text: The text.
        """
        return []

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

    @cached_property
    def _shapes(self) -> tuple[groups.Shape, ...]:
        return tuple((number, inner, None) for number, inner in groups.trees(self.regex))

    def groups(self, found: base_re.Match[str], text: str) -> list[dict[str, Any]]:
        """One for each group that lies in no other."""
        return groups.arguments(found, self._shapes)


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

    @cached_property
    def _parse(self) -> Callable[[str], Any]:
        reader = fields.reader_of(self.parser)
        whole: Callable[[str], Any] = self.parser.parse if reader is None else reader.parse
        return whole

    def match(self, text: str) -> Any:
        """What has the library's ``named`` and ``spans``; a converter's ValueError says that the text is not meant."""
        parse = self._parse  # a wrong format raises ValueError too, and is to be told
        try:
            return parse(text)
        except ValueError:
            return None

    def arguments(self, found: Any) -> Mapping[str, Any]:
        """The named fields."""
        named: Mapping[str, Any] = found.named
        return named

    def names(self) -> tuple[str, ...]:
        """Of the fields."""
        return tuple(self.parser.named_fields)

    def words(self) -> frozenset[str]:
        """Read from the format."""
        return literals.of_parse_format(self.name)

    def groups(self, found: Any, text: str) -> list[dict[str, Any]]:
        """One for each field, with a name or without."""
        if type(found) is fields.Fields:
            return groups.of_groups(found.match, found.parts)
        return groups.of_spans(text, found.spans.values())


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
    def _compiled(self) -> _Compiled:
        regex, types = _compile(self.name)
        found = list(zip(types, groups.trees(regex), strict=True))
        return _Compiled(
            match=regex.match,
            parameters=tuple(_parameter(kind, tree) for kind, tree in found),
            written=tuple(f"{{{kind.name}}}" for kind in types),
            shapes=tuple((number, inner, kind.name) for kind, (number, inner) in found),
            needs=tuple(need for own in map(defined, (kind.name for kind in types)) if own for need in own.needs),
        )

    @property
    def parameters(self) -> tuple[str, ...]:
        """What stands in its braces, braces included, in order.

        Raises:
            Exception: The expression does not parse, or has a parameter type that nobody defined.
        """
        return self._compiled.written

    def match(self, text: str) -> base_re.Match[str] | None:
        """The match of the expression's regular expression."""
        return self._compiled.match(text)

    def arguments(self, found: base_re.Match[str]) -> Sequence[Any]:
        """The values that the parameter types make, in order."""
        return [
            transform(*found.group(*groups)) if len(groups) > 1 else transform(found.group(*groups))
            for transform, groups in self._compiled.parameters
        ]

    @property
    def needs(self) -> tuple[str, ...]:  # type: ignore[override]  # read, and never set
        """Those of its parameter types."""
        return self._compiled.needs

    def needing(self, need: str, found: base_re.Match[str]) -> Iterator[Any]:
        """The values of those parameters whose types have a need."""
        for (_, _, name), (transform, taken) in zip(self._compiled.shapes, self._compiled.parameters, strict=True):
            own = defined(name) if name is not None else None
            if own is not None and need in own.needs:
                yield transform(*(found[each] for each in taken))

    def words(self) -> frozenset[str]:
        """Read from the expression."""
        return literals.of_cucumber_expression(self.name)

    def groups(self, found: base_re.Match[str], text: str) -> list[dict[str, Any]]:
        """One for each parameter, with the name of its type."""
        return groups.arguments(found, self._compiled.shapes)

    @property
    def undefined(self) -> tuple[str, ...]:
        """The names in its braces that are no parameter type so far, in order; found without compiling it."""
        return tuple(dict.fromkeys(name for name in self._names() if unknown(name)))

    def may_mean(self, text: str) -> bool:
        """Whether the text would be meant if every parameter type that nobody defined matched anything.

        Raises:
            Exception: As ``match``, for all that is wrong with it besides.
        """
        loose = _BRACES.sub(lambda found: "{}" if unknown(found[1]) else found[0], self.name)
        return _compile(loose)[0].match(text) is not None

    def _names(self) -> Iterator[str]:
        return (found[1] for found in _BRACES.finditer(self.name) if found[1] is not None)


_BRACES: Final = base_re.compile(r"\\.|{([^{}()/\\]*)}", base_re.DOTALL)
_Parameter = tuple[Callable[..., Any], tuple[int, ...]]
"""A transformer, and the groups of the match whose texts it takes."""


class _Compiled(NamedTuple):
    """What is known of a Cucumber Expression once it is compiled."""

    match: Callable[[str], base_re.Match[str] | None]
    parameters: tuple[_Parameter, ...]
    written: tuple[str, ...]
    shapes: tuple[groups.Shape, ...]
    needs: tuple[str, ...]


def _compile(pattern: str) -> tuple[base_re.Pattern[str], Sequence[Any]]:
    """The regular expression of a Cucumber Expression, and the library's types of its parameters."""
    from cucumber_expressions.expression import CucumberExpression

    make: type[Any] = CucumberExpression  # the library has no annotations
    expression = make(pattern, registry())
    return expression.tree_regexp.regexp, expression.parameter_types


def _parameter(kind: Any, tree: groups.Tree) -> _Parameter:
    """The groups inside go to the transformer, or its own where there are none or nobody wants them apart."""
    number, inner = tree
    own = defined(kind.name)
    apart = tuple(each for each, _ in inner) if own is None or own.transformer is not None else ()
    return kind.transformer, apart or (number,)
