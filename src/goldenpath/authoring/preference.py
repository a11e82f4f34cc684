"""Which of several definitions pytest-bdd would take, for teams that still lean on it (tried with pytest-bdd 9.0.1).

It leaves a fixture for each definition, named after kind and pattern. pytest registers the fixtures of a module in the
order of these names, and a name keeps the place at which it came first; pytest-bdd takes the last one that answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from goldenpath.bdd import StepDefinition


def of_pytest_bdd(modules: Iterable[Sequence[StepDefinition]]) -> dict[StepDefinition, tuple[int, int]]:
    """For each definition its place in pytest-bdd's order; of those of one scope that answer, the greatest is taken.

    Args:
        modules: Their definitions, each module's in the order in which they were defined, from far to near.
    """
    place_of_name: dict[str, int] = {}
    places: dict[StepDefinition, tuple[int, int]] = {}
    for number, definitions in enumerate(modules):
        for name, definition in sorted(_named(definitions).items()):
            places[definition] = (place_of_name.setdefault(name, len(place_of_name)), number)
    return places


def _named(definitions: Iterable[StepDefinition]) -> dict[str, StepDefinition]:
    """By the names of their fixtures in one module, where a second one of the same kind and pattern gets a number."""
    named: dict[str, StepDefinition] = {}
    for definition in definitions:
        name = base = f"{definition.kind or '*'}_{definition.pattern}"
        number = 0
        while name in named:
            number += 1
            name = f"{base}_{number}"
        named[name] = definition
    return named
