"""Which sentences a feature can use, from far to near: plugins, step modules of the settings, conftests.

A step module that is kept to one feature is nearer to it than its conftests, as a test module is under pytest-bdd.
Fixtures of a step module are visible where its sentences are.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, groupby
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final, cast

import pytest
from _pytest.mark.structures import get_unpacked_marks

from goldenpath.pytest_plugin.options import usage_errors
from goldenpath.pytest_plugin.places import is_own, own_features

if TYPE_CHECKING:
    from _pytest.fixtures import FixtureManager

    from goldenpath.authoring.loading import Loaded
    from goldenpath.authoring.matching import Scope, StepIndex
    from goldenpath.bdd import HookDefinition
    from goldenpath.config import StepModules
    from goldenpath.pytest_plugin.collection import FeatureFile
    from goldenpath.pytest_plugin.definitions import Registered

OWN_STEPS: Final = "goldenpath.steps"
_PLUGIN: Final = "goldenpath steps "
"""How the names begin under which step modules are plugins."""


class Sentences:
    """The sentences and hooks of a run, by scope; an index for each chain of scopes, built once.

    Args:
        config: Of the run.
        modules: The step modules of the settings.
        ambiguous: What becomes of a step that several definitions of one scope answer: ``error`` or ``first``.
    """

    def __init__(self, config: pytest.Config, modules: Sequence[StepModules], ambiguous: str = "error") -> None:
        self._config = config
        self._ambiguous = ambiguous
        self._named = _load(modules, config.rootpath)
        _keep_importable(self._named, config.rootpath)
        self._scopes: dict[tuple[int, ...], Scope] = {}
        self._indexes: dict[tuple[int, ...], StepIndex] = {}
        self._of_place: dict[Path, StepIndex] = {}
        self._of_file: dict[FeatureFile, StepIndex] = {}
        self._placed: set[tuple[int, int]] = set()

    def register(self) -> None:
        """Register the step modules of every feature as plugins, before the first fixture is looked for.

        So their fixtures stand between those of plugins and those of conftests, and their hooks are heard.
        """
        manager = self._config.pluginmanager
        for loaded in self._named:
            if loaded.features is None and not manager.is_registered(loaded.module):
                manager.register(loaded.module, f"{_PLUGIN}{loaded.module.__name__}")

    def prepare(self, file: FeatureFile) -> None:
        """Give a feature the fixtures and marks (``pytestmark``) of the step modules that are kept to it or its folder.

        The marks are those of a test module under pytest-bdd, which hold for the scenarios that it binds. A step
        module of every feature is as a plugin is: it marks nothing.
        """
        for loaded in self._named:
            if loaded.features is not None and self._covers(loaded, file.path):
                _mark(file, loaded.module)
                self._place(loaded.module, _node_of(file, self._config.rootpath / loaded.features))
        if is_own(file.path):
            for loaded in self._own:
                self._place(loaded.module, _node_of(file, own_features()))

    def index_for(self, file: FeatureFile) -> StepIndex:
        """The sentences that a feature can use; to be asked when every conftest is known."""
        if file in self._of_file:
            return self._of_file[file]
        from goldenpath.authoring.matching import StepIndex

        place = file.path if any(self._is_kept_to(each, file.path) for each in self._named) else file.path.parent
        if place not in self._of_place:
            scopes = list(self._chain(file))
            key = tuple(id(scope) for scope in scopes)
            if key not in self._indexes:
                self._indexes[key] = StepIndex(scopes, self._ambiguous)
            self._of_place[place] = self._indexes[key]
        self._of_file[file] = self._of_place[place]
        return self._of_file[file]

    def run_hooks(self) -> tuple[HookDefinition, ...]:
        """The hooks before and after the run, of all modules that are loaded, wherever they are seen; from far to near.

        To be asked when every conftest is known. Step modules of the package are among them once a feature used them.
        """
        from goldenpath.authoring.matching import distinct, hooks_in

        conftests = [each for each in self._registered if each.is_conftest]
        plugins = [each for each in self._registered if each not in conftests]
        own: list[Loaded] = self.__dict__.get("_own", [])
        modules = [loaded.module for loaded in (*own, *self._named)]
        found = [
            *(hook for each in plugins for hook in each.hooks),
            *(hook for module in modules for hook in hooks_in(vars(module))),
            *(hook for each in conftests for hook in each.hooks),
        ]
        return distinct(hook for hook in found if hook.when in {"before_run", "after_run"})

    def _chain(self, file: FeatureFile) -> Iterator[Scope]:
        seen = [each for each in self._registered if each.covers(file.path)]
        conftests = [each for each in seen if each.is_conftest]
        yield self._scope("plugins", [each for each in seen if each not in conftests])
        named = [each for each in self._named if self._covers(each, file.path)]
        near = [each for each in named if self._is_kept_to(each, file.path)]
        own = self._own if is_own(file.path) else []
        yield from self._scopes_of([*own, *(each for each in named if each not in near)])
        for conftest in conftests:
            yield self._scope(os.path.relpath(conftest.name, self._config.rootpath), [conftest])
        yield from self._scopes_of(near)

    def _scopes_of(self, modules: Iterable[Loaded]) -> Iterator[Scope]:
        for entry, loaded in groupby(modules, key=lambda each: each.entry):
            yield self._scope(entry, list(loaded))

    def _scope(self, name: str, parts: Sequence[Registered | Loaded]) -> Scope:
        from goldenpath.authoring.matching import Scope, definitions_in, hooks_in

        key = tuple(id(part) for part in parts)
        if key not in self._scopes:
            registered = [part for part in parts if isinstance(part, tuple)]
            loaded = [vars(part.module) for part in parts if not isinstance(part, tuple)]
            modules = [*(part.definitions for part in registered), *(definitions_in(names) for names in loaded)]
            hooks = [*(part.hooks for part in registered), *(hooks_in(names) for names in loaded)]
            self._scopes[key] = Scope(name, list(chain(*modules)), list(chain(*hooks)), modules)
        return self._scopes[key]

    @cached_property
    def _registered(self) -> list[Registered]:
        from goldenpath.pytest_plugin.definitions import registered_definitions

        fixtures = cast("FixtureManager", self._config.pluginmanager.get_plugin("funcmanage"))
        return [each for each in registered_definitions(fixtures) if not each.name.startswith(_PLUGIN)]

    @cached_property
    def _own(self) -> list[Loaded]:
        from goldenpath.config import StepModules

        named = {id(loaded.module) for loaded in self._named}
        loaded = _load([StepModules(OWN_STEPS)], self._config.rootpath)
        return [each for each in loaded if id(each.module) not in named]

    def _place(self, module: ModuleType, node: pytest.Collector) -> None:
        if (id(module), id(node)) not in self._placed:
            self._placed.add((id(module), id(node)))
            node.session._fixturemanager.parsefactories(holder=module, node=node)

    def _covers(self, loaded: Loaded, path: Path) -> bool:
        return loaded.features is None or path.is_relative_to(self._config.rootpath / loaded.features)

    def _is_kept_to(self, loaded: Loaded, path: Path) -> bool:
        return loaded.features is not None and path == self._config.rootpath / loaded.features


def _load(modules: Sequence[StepModules], root: Path) -> list[Loaded]:
    if not modules:
        return []
    from goldenpath.authoring.loading import load

    with usage_errors():
        return load(modules, root)


def _keep_importable(modules: Sequence[Loaded], root: Path) -> None:
    """Let functions of step modules import, when they run, what their modules could; behind all that is there."""
    if not modules:
        return
    from goldenpath.authoring.loading import above_packages

    files = (each.module.__file__ for each in modules)
    for folder in [root, *(above_packages(Path(file)) for file in files if file)]:
        if str(folder) not in sys.path:
            sys.path.append(str(folder))


def _mark(file: FeatureFile, module: ModuleType) -> None:
    marks = list(get_unpacked_marks(module))
    file.own_markers.extend(marks)
    file.keywords.update((mark.name, mark) for mark in marks)


def _node_of(file: FeatureFile, folder: Path) -> pytest.Collector:
    """The node of a folder above a feature; the feature itself where pytest has none for the folder."""
    real = os.path.realpath(folder)
    parents: Iterable[pytest.Directory] = (node for node in file.iter_parents() if isinstance(node, pytest.Directory))
    return next((node for node in parents if os.path.realpath(node.path) == real), file)
