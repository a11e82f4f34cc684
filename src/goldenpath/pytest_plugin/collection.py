"""Feature files among pytest's nodes."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.pathlib import absolutepath

from goldenpath import gherkin
from goldenpath.domain.errors import FeatureError
from goldenpath.pytest_plugin.item import FeatureItem, HollowItem, ScenarioItem
from goldenpath.pytest_plugin.naming import NodeNames
from goldenpath.pytest_plugin.parametrizing import calls_of, changes_fixtures, fixtures_of, runs_each_once
from goldenpath.pytest_plugin.places import features_root, is_own
from goldenpath.pytest_plugin.run import Run

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr
    from _pytest.fixtures import FuncFixtureInfo
    from _pytest.nodes import Node


class FeatureFile(pytest.Module):
    """A ``.feature`` file. It is a module to pytest, so that a fixture of module scope lives for one feature."""

    due = False
    """Whether a file that was met on a walk is to be collected now."""

    _hooks: tuple[int, Any] = (-1, None)

    def hooks_of_items(self) -> Any:
        """Pytest's hooks as the items of this file call them; asked for anew when another conftest is there."""
        known = len(self.config.pluginmanager._conftest_plugins)
        if self._hooks[0] != known:
            self._hooks = known, self.session.gethookproxy(self.path)
        return self._hooks[1]

    @cached_property
    def _chain(self) -> list[Node]:
        return list(self.iter_parents())

    def markers_of_items(self, name: str) -> list[tuple[Node, pytest.Mark]]:
        """The marks of this name that its items have from the file and what it lies in."""
        marked = [node for node in self._chain if node.own_markers]
        return [(node, mark) for node in marked for mark in node.own_markers if mark.name == name] if marked else []

    @cached_property
    def relative(self) -> str:
        """The path of the file as pytest tells it in the location of an item."""
        return self.session._node_location_to_relpath(absolutepath(self.path))

    @cached_property
    def is_own(self) -> bool:
        """Whether the feature is one of this package's."""
        return is_own(self.path)

    def _getobj(self) -> types.ModuleType:
        module = types.ModuleType(self.path.stem)
        module.__file__ = str(self.path)
        return module

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """The scenarios, one item for each row of an outline, in the order of the file.

        Raises:
            FeatureError: The file cannot be read or parsed.
        """
        run = Run.of(self.config)
        if not self.due and not self.session.isinitpath(self.path):
            run.deferred.defer(self)
            return
        run.begin_features()
        try:
            feature = self._read(run)
        except FeatureError as error:
            run.broken_features += 1
            run.features[self.path] = error
            raise
        run.features[self.path] = feature
        run.files.append(self)
        self.obj.__doc__ = feature.description or None
        run.sentences.prepare(self)
        fixtures = self.session._fixturemanager.getfixtureinfo(node=self, func=None, cls=None)  # type: ignore[arg-type]
        yield from self._items(run, feature, fixtures)

    def _read(self, run: Run) -> gherkin.Feature:
        root = features_root(self.path, run.rootdir, run.settings.features)
        return gherkin.read(self.path, rootdir=run.rootdir, features_root=root, cache=run.cache)

    def _items(self, run: Run, feature: gherkin.Feature, fixtures: FuncFixtureInfo) -> Iterator[pytest.Item]:
        names = NodeNames()
        scenarios: Sequence[Any] = sorted([*feature.pickles, *feature.hollow], key=attrgetter("line"))
        once = runs_each_once(self, fixtures)
        for scenario in scenarios:
            run.markers.declare(scenario.tags)
            name = names.of(scenario.name, getattr(scenario, "row", ()))
            kind = ScenarioItem if isinstance(scenario, gherkin.Pickle) else HollowItem
            item = self._item(kind, run, name, scenario=scenario, feature=feature, fixtures=fixtures)
            if kind is HollowItem or (once and not changes_fixtures(item)):
                yield item
            else:
                yield from self._by_parameters(run, item, fixtures)

    def _by_parameters(self, run: Run, item: FeatureItem, of_file: FuncFixtureInfo) -> Iterator[pytest.Item]:
        """The scenario, as often as parametrized fixtures multiply it."""
        fixtures = fixtures_of(item, of_file)
        calls = calls_of(item, fixtures)
        item.have(fixtures)
        if not calls:
            yield item
        for call in calls:
            name = f"{item.name}[{call.id}]" if call.id else item.name
            yield self._item(
                type(item), run, name, scenario=item.scenario, feature=item.feature, fixtures=fixtures, call=call
            )

    def _item(self, kind: type[FeatureItem], run: Run, name: str, **what: Any) -> FeatureItem:
        item: FeatureItem = kind.from_parent(self, name=name, nodeid=f"{self.nodeid}::{name}", **what)
        run.markers.put(item, item.tags)
        return item

    def repr_failure(self, excinfo: ExceptionInfo[BaseException]) -> str | TerminalRepr:  # type: ignore[override]
        """An error in the feature is told by its own words, without Python's."""
        if isinstance(excinfo.value, FeatureError) and not self.config.getoption("fulltrace", False):
            return str(excinfo.value)
        return super().repr_failure(excinfo)
