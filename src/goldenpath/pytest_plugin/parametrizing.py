"""Scenarios that a parametrized fixture multiplies, as it multiplies the tests that pytest itself collects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import pytest
from _pytest.fixtures import FuncFixtureInfo

if TYPE_CHECKING:
    from goldenpath.pytest_plugin.item import FeatureItem

_OWN: Final = frozenset({"usefixtures", "parametrize"})
"""The marks that change which fixtures a test has; a hook may have put them on one scenario for one of its tags."""

_PARAMETRIZES_NONE_OF_OURS: Final = frozenset({"_pytest.python", "_pytest.fixtures", "pytest_asyncio.plugin"})
"""Where those are defined who answer ``pytest_generate_tests`` for marks, fixtures with parameters, and functions."""


def runs_each_once(file: pytest.Collector, fixtures: FuncFixtureInfo) -> bool:
    """Whether nothing but marks of its own can multiply a scenario of a file: then nobody need be asked for each.

    Args:
        file: The feature file.
        fixtures: What every scenario of it has.
    """
    asked = (each.function.__module__ for each in file.ihook.pytest_generate_tests.get_hookimpls())
    return (
        _PARAMETRIZES_NONE_OF_OURS.issuperset(asked)
        and not any(mark.name in _OWN for mark in file.iter_markers())
        and all(each.params is None for defs in fixtures.name2fixturedefs.values() for each in defs)
    )


def changes_fixtures(item: FeatureItem) -> bool:
    """Whether a scenario has a mark that changes which fixtures it has, or how often it runs."""
    return any(mark.name in _OWN for mark in item.own_markers)


def fixtures_of(item: FeatureItem, of_file: FuncFixtureInfo) -> FuncFixtureInfo:
    """The fixtures that a scenario has before its steps ask for any; the caller may change them.

    Args:
        item: The scenario, with its marks.
        of_file: What every scenario of the file has.
    """
    if changes_fixtures(item):
        return item.session._fixturemanager.getfixtureinfo(node=item, func=None, cls=None)
    return FuncFixtureInfo(
        of_file.argnames, of_file.initialnames, list(of_file.names_closure), dict(of_file.name2fixturedefs)
    )


def calls_of(item: FeatureItem, fixtures: FuncFixtureInfo) -> Sequence[Any]:
    """How often, and with which parameters, a scenario runs: pytest's ``CallSpec`` objects; none for once.

    Fixtures with ``params`` and everybody's ``pytest_generate_tests`` decide, as pytest has it for functions
    (``PyCollector._genfunctions``); ``fixtures`` is brought up to date with it.
    """
    definition: Any = item
    metafunc = pytest.Metafunc(definition, fixtures, item.config, module=item.module, _ispytest=True)
    item.ihook.pytest_generate_tests(metafunc=metafunc)
    if metafunc._calls:
        metafunc._recompute_direct_params_indices()
        fixtures.prune_dependency_tree()
    return metafunc._calls
