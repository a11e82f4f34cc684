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


def fixtures_of(item: FeatureItem, of_file: FuncFixtureInfo) -> FuncFixtureInfo:
    """The fixtures that a scenario has before its steps ask for any; the caller may change them.

    Args:
        item: The scenario, with its marks.
        of_file: What every scenario of the file has.
    """
    if any(mark.name in _OWN for mark in item.own_markers):
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
