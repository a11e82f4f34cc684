"""Parameter types of Cucumber Expressions: what ``{person}`` matches, and what a step is given for it.

Cucumber's own are ``{int}``, ``{float}``, ``{word}``, ``{string}``, ``{}`` and, from other languages, ``{bigdecimal}``,
``{biginteger}``, ``{byte}``, ``{short}``, ``{long}``, ``{double}``
(https://github.com/cucumber/cucumber-expressions). They hold for the whole process, as in every Cucumber.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from goldenpath.domain.errors import StepError

if TYPE_CHECKING:
    from cucumber_expressions.parameter_type_registry import ParameterTypeRegistry


@dataclass(frozen=True, eq=False, slots=True)
class ParameterType:
    """A parameter type that somebody defined.

    Attributes:
        name: What stands between the braces.
        regexps: The alternatives; any of them matches.
        transformer: From the capture groups of the alternative (or its whole text, where it has none) to the value;
            None leaves the whole text as it is.
        use_for_snippets: Whether snippets for undefined steps propose it.
        needs: Capabilities, ``"service.capability"``, without which no sentence that uses it can run.
        module: The name of the module that defined it.
        file: The path of that module.
        line: Where it is defined, from 1.
    """

    name: str
    regexps: tuple[str, ...]
    transformer: Callable[..., Any] | None
    use_for_snippets: bool
    needs: tuple[str, ...]
    module: str
    file: str
    line: int
    prefer_for_regexp_match: ClassVar[bool] = False
    """Whether a group of a regular expression may be read as this type: ours are for expressions alone."""


_defined: dict[str, ParameterType] = {}
_registry: list[ParameterTypeRegistry] = []
"""The library's registry of what is defined; empty when it must be built anew."""


def parameter_type(
    name: str,
    regexp: str | re.Pattern[str] | Iterable[str | re.Pattern[str]],
    transformer: Callable[..., Any] | None = None,
    *,
    use_for_snippets: bool = True,
    needs: Iterable[str] = (),
) -> None:
    """Define what ``{name}`` matches in a Cucumber Expression.

    It may stand before or after the sentences that use it, and holds for the whole process.

    Args:
        name: What stands between the braces.
        regexp: What it matches, or several alternatives. Flags of a compiled pattern are not kept.
        transformer: Makes the value: it is called with the capture groups of ``regexp``, or with the whole match where
            it has none. Without one the step is given the whole match.
        use_for_snippets: Whether snippets for undefined steps may propose it.
        needs: Capabilities, ``"service.capability"``, without which a scenario that uses it is skipped: a person needs
            an account, say.

    Raises:
        StepError: The name is one of Cucumber's own, has a sign that it may not have, or is defined elsewhere.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - the only way to know who defines it
    several = [regexp] if isinstance(regexp, str | re.Pattern) else list(regexp)
    new = ParameterType(
        name=name,
        regexps=tuple(one if isinstance(one, str) else one.pattern for one in several),
        transformer=transformer,
        use_for_snippets=use_for_snippets,
        needs=(needs,) if isinstance(needs, str) else tuple(needs),
        module=frame.f_globals.get("__name__", ""),
        file=frame.f_code.co_filename,
        line=frame.f_lineno,
    )
    _check(new)
    _defined[name] = new
    _registry.clear()
    frame.f_globals[_mark(name)] = new


def parameter_types() -> tuple[ParameterType, ...]:
    """Those that somebody defined, in the order in which they were defined; Cucumber's own are not among them."""
    return tuple(_defined.values())


def defined(name: str | None) -> ParameterType | None:
    """The one that somebody defined under this name; None for Cucumber's own and for unknown ones."""
    return _defined.get(name or "")


def unknown(name: str | None) -> bool:
    """Whether a name could be a parameter type, and nobody has defined it."""
    return name is not None and name not in _CUCUMBERS_OWN and name not in _defined and not _FORBIDDEN & set(name)


def registry() -> ParameterTypeRegistry:
    """The library's registry with everything that is defined now."""
    if not _registry:
        from cucumber_expressions.parameter_type import ParameterType as LibraryType
        from cucumber_expressions.parameter_type_registry import ParameterTypeRegistry

        make: type[Any] = ParameterTypeRegistry  # the library has no annotations
        new = make()
        for own in _defined.values():
            transformer = own.transformer or _as_it_is
            new.define_parameter_type(
                LibraryType(own.name, list(own.regexps), str, transformer, own.use_for_snippets, False)
            )
        _registry[:] = [new]
    return _registry[0]


def _as_it_is(*groups: str | None) -> str | None:
    return groups[0]


def _mark(name: str) -> str:
    return f"goldenpath_parameter_type_{name}"


_CUCUMBERS_OWN: Final = frozenset(
    ("", "int", "float", "word", "string", "bigdecimal", "biginteger", "byte", "short", "long", "double")
)
_FORBIDDEN: Final = frozenset("[]()$.|?*+{}/\\")


def _check(new: ParameterType) -> None:
    where = f"{new.file}:{new.line}"
    if new.name in _CUCUMBERS_OWN:
        raise StepError(
            f"the parameter type {{{new.name}}} is one of Cucumber's own", where=where, try_next="give it another name"
        )
    if signs := _FORBIDDEN.intersection(new.name):
        raise StepError(
            f"the name of the parameter type {{{new.name}}} has {' '.join(sorted(signs))} in it", where=where
        )
    for regexp in new.regexps:
        try:
            re.compile(regexp)
        except re.error as error:
            raise StepError(f"the parameter type {{{new.name}}} has a bad regexp: {error}", where=where) from None
    _refuse_second(new)


def _refuse_second(new: ParameterType) -> None:
    """Two modules that are both in use may not mean two things by one name.

    A module that is imported again, or that nobody has imported any more, may define its types anew.
    """
    old = _defined.get(new.name)
    if old is None or old.file == new.file:
        return
    in_use = getattr(sys.modules.get(old.module), _mark(new.name), None) is old
    if in_use:
        raise StepError(
            f"the parameter type {{{new.name}}} is already defined at {old.file}:{old.line}",
            where=f"{new.file}:{new.line}",
            try_next="give one of the two another name, or import the other module",
        )
