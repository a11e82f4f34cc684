"""How a step function is called: inspected once a definition, since ``inspect.signature`` costs more than a step."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

from goldenpath.bdd import StepDefinition
from goldenpath.bdd.parsers import cucumber
from goldenpath.domain.errors import StepError

RESERVED: Final = ("datatable", "docstring")
"""Parameters of a step function that take what stands below the step (pytest-bdd's names)."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of a step function before it is called.

    Attributes:
        definition: Whose function it is.
        arguments: The names of the parameters that the sentence gives, as far as they are known without a text: all
            but those of parsers that somebody else wrote.
        required: The names of the function's parameters without a default, in order; with ``arguments``, datatable
            and docstring among them.
        parameters: All names that the function can be given.
        is_coroutine: ``async def`` without ``yield``.
        is_async_generator: ``async def`` with ``yield``.
        is_generator: ``def`` with ``yield``.
        sentence: ``arguments`` where the function takes all of them and requires nothing from below the step, so that
            they go into the call as they are; else None.
        others: The required names that are not in ``sentence``.
    """

    definition: StepDefinition
    arguments: tuple[str, ...]
    required: tuple[str, ...]
    parameters: frozenset[str]
    is_coroutine: bool
    is_async_generator: bool
    is_generator: bool
    sentence: Set[str] | None = None
    others: tuple[str, ...] = ()

    @property
    def fixtures(self) -> tuple[str, ...]:
        """The required names that neither the sentence nor the step gives: they are fixtures."""
        given = {*self.arguments, *RESERVED}
        return tuple(name for name in self.required if name not in given)

    def bind(
        self,
        arguments: dict[str, Any],
        *,
        docstring: str | None = None,
        datatable: Sequence[Sequence[str]] | None = None,
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What to call the function with.

        Args:
            arguments: The parameters of the sentence, ``Match.arguments``; they may be what is given back.
            docstring: The step's own, or None.
            datatable: The step's own, or None. The function gets lists that are its own.

        Returns:
            The keyword arguments so far, and the names of the fixtures that are still missing in them.

        Raises:
            StepError: The function requires a doc string or a data table that the step does not have.
        """
        if docstring is None and datatable is None and arguments.keys() == self.sentence:
            return arguments, self.others
        accepted = self.parameters
        kwargs = {name: value for name, value in arguments.items() if name in accepted}
        if docstring is not None and "docstring" in accepted:
            # pytest-bdd takes away the indent that all lines share, Gherkin only that of the quotes.
            kwargs["docstring"] = textwrap.dedent(docstring) if self.definition.of_pytest_bdd else docstring
        if datatable is not None and "datatable" in accepted:
            kwargs["datatable"] = [list(row) for row in datatable]
        missing = tuple(name for name in self.required if name not in kwargs)
        if not self.definition.of_pytest_bdd:
            self._check_below(missing)
        return kwargs, missing

    def _check_below(self, missing: Sequence[str]) -> None:
        for name in RESERVED:
            if name in missing:
                what = "data table" if name == "datatable" else "doc string"
                raise StepError(
                    f"the function asks for a {what}, and the step has none below it",
                    where=self.definition.where,
                    try_next=f"write the {what} below the step, or give the parameter {name} a default",
                )


_prepared: WeakKeyDictionary[StepDefinition, Call] = WeakKeyDictionary()


def prepare(definition: StepDefinition) -> Call:
    """How the function of a definition is called; looked at once a definition.

    The parameters of a Cucumber Expression go to the first parameters of the function, in order; those of the other
    parsers go to the parameters of their names, and a name that the function lacks is left out (as in pytest-bdd).

    Raises:
        StepError: The function cannot take what the sentence gives, or the pattern itself is wrong; ``where`` is the
            definition's ``file:line``.
    """
    call = _prepared.get(definition)
    if call is None:
        call = _prepared[definition] = _inspect(definition)
    return call


def _inspect(definition: StepDefinition) -> Call:
    func = definition.func
    by_name, keyword_only, required = [], [], []
    for name, parameter in _parameters(definition).items():
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            by_name.append(name)
        elif parameter.kind is parameter.KEYWORD_ONLY:
            keyword_only.append(name)
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            raise StepError(
                f"the function takes {name} by position only, and steps are called by name",
                where=definition.where,
                try_next='take the "/" out of its parameters',
            )
        else:
            continue
        # pytest-bdd looks for fixtures among the parameters that may also be given by position only.
        if parameter.default is parameter.empty and not (definition.of_pytest_bdd and name in keyword_only):
            required.append(name)
    arguments, parameters = _arguments(definition, by_name), frozenset((*by_name, *keyword_only))
    others = tuple(name for name in required if name not in arguments)
    as_it_is = parameters.issuperset(arguments) and not any(name in RESERVED for name in others)
    return Call(
        definition=definition,
        arguments=arguments,
        required=tuple(required),
        parameters=parameters,
        is_coroutine=_is(inspect.iscoroutinefunction, func),
        is_async_generator=_is(inspect.isasyncgenfunction, func),
        is_generator=_is(inspect.isgeneratorfunction, func),
        sentence=frozenset(arguments) if as_it_is else None,
        others=others,
    )


def _parameters(definition: StepDefinition) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(definition.func).parameters
    except (TypeError, ValueError):
        raise StepError(f"{definition.func!r} does not say how it is called", where=definition.where) from None


def _is(what: Callable[[object], bool], func: Callable[..., Any]) -> bool:
    """Of the function, or of an object that is called like one."""
    return what(func) or (not inspect.isroutine(func) and what(getattr(func, "__call__", None)))  # noqa: B004


def _arguments(definition: StepDefinition, by_name: Sequence[str]) -> tuple[str, ...]:
    parser = definition.parser
    try:
        written = parser.parameters if isinstance(parser, cucumber) else None
        names = parser.names()
    except Exception as error:  # noqa: BLE001 - whatever the library behind a pattern raises
        raise ill_made(definition, error) from None
    if written is not None:
        free = [name for name in by_name if name not in RESERVED]
        if len(free) < len(written) or set(by_name[: len(written)]) & set(RESERVED):
            raise StepError(
                f'"{definition.pattern}" has {_count(len(written), "parameter")} ({", ".join(written)}), '
                f"and the function takes {', '.join(by_name) or 'none'}",
                where=definition.where,
                try_next="let the first parameters of the function take those of the sentence, in order",
            )
        return tuple(by_name[: len(written)])
    if reserved := set(names) & set(RESERVED):
        raise StepError(
            f'"{definition.pattern}" names a parameter {" and ".join(sorted(reserved))}, which is reserved for what '
            "stands below a step",
            where=definition.where,
            try_next="give the parameter another name",
        )
    return names


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def ill_made(definition: StepDefinition, error: Exception) -> StepError:
    """The error for a pattern that its own parser refuses."""
    lines = str(error).splitlines() or [type(error).__name__]
    # The library draws the expression and points at it; then come the problem and the way out, a line each.
    problem, way_out = (
        (lines[-2], lines[-1]) if "This Cucumber Expression has a problem" in lines[0] else (lines[0], "")
    )
    if missing := re.match("Undefined parameter type '(.*)'", problem):
        problem = f"nobody defined the parameter type {{{missing[1]}}}"
        way_out = f'parameter_type("{missing[1]}", r"...") in a step module'
    return StepError(
        f'the pattern "{definition.pattern}" is wrong: {problem.rstrip(".")}', where=definition.where, try_next=way_out
    )
