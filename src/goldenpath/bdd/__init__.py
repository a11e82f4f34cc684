r"""The vocabulary for people who write steps: sentences, hooks, attachments, parsers and parameter types.

::

    from goldenpath.bdd import after_scenario, attach, parameter_type, then, when

    parameter_type("person", r"[A-Z][a-z]+")

    @when("{person} asks {string}")
    async def _(person: str, question: str, people: People) -> None: ...

    @then("{person}'s conversations are: {names}", needs=("agents.scripted",))
    async def _(person: str, names: list[str], people: People) -> None: ...

    @after_scenario("@slow", name="keep the log")
    def _(people: People) -> None:
        attach(people.log, "text/plain")

The decorators take what pytest-bdd's take. A sentence with a ``{``, ``(``, ``/`` or ``\`` in it is a Cucumber
Expression: its parameters go to the first parameters of the function, in order; the rest of them are fixtures, or
``docstring`` and ``datatable`` of the step. Step functions may be ``async``, and may ``yield`` once to clean up at the
end of the scenario. Importing this module imports none of the libraries behind the parsers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from goldenpath.bdd import parsers
from goldenpath.bdd.adapting import OtherParser, get_parser
from goldenpath.bdd.attaching import attach, link, log, pending
from goldenpath.bdd.definitions import StepDefinition, place_of
from goldenpath.bdd.hooks import (
    HookDefinition,
    after_run,
    after_scenario,
    after_step,
    before_run,
    before_scenario,
    before_step,
)
from goldenpath.bdd.parameter_types import ParameterType, parameter_type, parameter_types
from goldenpath.domain.errors import StepError

__all__ = [
    "HookDefinition",
    "ParameterType",
    "StepDefinition",
    "after_run",
    "after_scenario",
    "after_step",
    "attach",
    "before_run",
    "before_scenario",
    "before_step",
    "given",
    "link",
    "log",
    "parameter_type",
    "parameter_types",
    "parsers",
    "pending",
    "step",
    "then",
    "when",
]

F = TypeVar("F", bound=Callable[..., Any])
Pattern = str | parsers.StepParser | OtherParser
Converters = Mapping[str, Callable[[str], Any]]


def given(
    name: Pattern,
    converters: Converters | None = None,
    target_fixture: str | None = None,
    stacklevel: int = 1,
    *,
    needs: Iterable[str] = (),
) -> Callable[[F], F]:
    """Answer steps that say what holds at the start; for the arguments see ``step``."""
    return step(name, "given", converters, target_fixture, stacklevel, needs=needs)


def when(
    name: Pattern,
    converters: Converters | None = None,
    target_fixture: str | None = None,
    stacklevel: int = 1,
    *,
    needs: Iterable[str] = (),
) -> Callable[[F], F]:
    """Answer steps that say what somebody does; for the arguments see ``step``."""
    return step(name, "when", converters, target_fixture, stacklevel, needs=needs)


def then(
    name: Pattern,
    converters: Converters | None = None,
    target_fixture: str | None = None,
    stacklevel: int = 1,
    *,
    needs: Iterable[str] = (),
) -> Callable[[F], F]:
    """Answer steps that say what somebody then sees; for the arguments see ``step``."""
    return step(name, "then", converters, target_fixture, stacklevel, needs=needs)


def step(
    name: Pattern,
    type_: str | None = None,
    converters: Converters | None = None,
    target_fixture: str | None = None,
    stacklevel: int = 1,
    *,
    needs: Iterable[str] = (),
) -> Callable[[F], F]:
    """Answer steps of every kind, or of one. The function stays what it is, and may be decorated more than once.

    Args:
        name: The sentence, or one of ``parsers``.
        type_: ``given``, ``when``, ``then``, or None for all.
        converters: For a parameter of this name, what makes its value from what the parser found.
        target_fixture: The fixture that takes what the function returns, for the rest of the scenario.
        stacklevel: Whose definition it is: 1 that of the calling code, 2 of its caller, and so on.
        needs: Capabilities, ``"service.capability"``, without which the scenario is skipped with that reason.

    Raises:
        StepError: There is no sentence, e.g. for ``@given`` without parentheses, or no such kind.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - the only way to know where the decorator stands
    if frame.f_code.co_filename == __file__:
        frame = frame.f_back or frame
    where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    if type_ not in {None, "given", "when", "then"}:
        raise StepError(f"there is no kind of step {type_!r}", where=where, try_next='say "given", "when" or "then"')
    try:
        parser = get_parser(name)
    except TypeError as error:
        raise StepError(str(error), where=where, try_next=f'write @{type_ or "step"}("the sentence")') from None

    def decorate(func: F) -> F:
        frame = sys._getframe(stacklevel)  # noqa: SLF001 - as pytest-bdd does, for the same meaning of stacklevel
        file, line = place_of(func)
        definition = StepDefinition(
            kind=type_,
            pattern=parser.name,
            parser=parser,
            func=func,
            converters=dict(converters or {}),
            target_fixture=target_fixture,
            needs=(needs,) if isinstance(needs, str) else tuple(needs),
            file=file or frame.f_code.co_filename,
            line=line or frame.f_lineno,
        )
        _leave(definition, frame.f_locals, str(frame.f_globals.get("__name__", "")))
        return func

    return decorate


def _leave(definition: StepDefinition, namespace: dict[str, Any], module: str) -> None:
    """Put a definition where it belongs, under a name of its own.

    The name is public, so that ``from steps import *`` in a conftest carries it, and has the module in it, so that
    two such lines do not hide one sentence behind the other.
    """
    base = name = f"goldenpath_step:{module}:{definition.kind or 'step'}:{definition.pattern}"
    number = 1
    while name in namespace:
        number += 1
        name = f"{base}#{number}"
    namespace[name] = definition
