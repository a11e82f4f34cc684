"""The step definitions and hooks that lie in a module's namespace; definitions in our format and in pytest-bdd's."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from goldenpath.bdd import HookDefinition, StepDefinition
from goldenpath.bdd.adapting import adapt
from goldenpath.bdd.definitions import place_of

_PYTEST_BDD_PREFIX: Final = "pytestbdd_stepdef_"


def definitions_in(namespace: Mapping[str, object]) -> list[StepDefinition]:
    """The step definitions that a module has, its own and those that it imported with ``from ... import *``.

    Args:
        namespace: ``vars(module)``.

    Returns:
        Ours and pytest-bdd's, in the order of the namespace. A definition of pytest-bdd's that is asked for twice is
        the same object twice.
    """
    found = []
    for name, value in list(namespace.items()):
        if isinstance(value, StepDefinition):
            found.append(value)
        elif name.startswith(_PYTEST_BDD_PREFIX):
            # pytest's FixtureFunctionDefinition; it has no public way to its function.
            function = getattr(value, "_get_wrapped_function", lambda: None)()
            definition = of_fixture_function(function)
            if definition is not None:
                found.append(definition)
    return found


def hooks_in(namespace: Mapping[str, object]) -> list[HookDefinition]:
    """The hooks that a module has, its own and those that it imported with ``from ... import *``.

    Args:
        namespace: ``vars(module)``.

    Returns:
        In the order of the namespace.
    """
    return [value for value in list(namespace.values()) if isinstance(value, HookDefinition)]


def of_fixture_function(function: object) -> StepDefinition | None:
    """The definition that one of pytest-bdd's decorators left in a fixture, whose function this is; None for others.

    pytest-bdd keeps the decorator's arguments in ``step_function_context_registry``, by the fixture's function. It
    calls that registry internal; so this is the only place that knows of it.
    """
    steps = sys.modules.get("pytest_bdd.steps")  # whoever has a step of pytest-bdd has imported it
    try:
        context = steps.step_function_context_registry.get(function) if steps else None
    except TypeError:  # no weak reference to it, so no key of the registry
        return None
    if context is None:
        return None
    known: StepDefinition | None = getattr(context, _KEPT, None)
    if known is None:
        file, line = place_of(context.step_func)
        known = StepDefinition(
            kind=context.type,
            pattern=context.parser.name,
            parser=adapt(context.parser),
            func=context.step_func,
            converters=context.converters,
            target_fixture=context.target_fixture,
            file=file,
            line=line,
            of_pytest_bdd=True,
        )
        setattr(context, _KEPT, known)
    return known


_KEPT: Final = "_goldenpath_definition"
"""Where a context of pytest-bdd keeps its definition, so that it lives as long as its module."""
