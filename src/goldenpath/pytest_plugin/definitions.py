"""The step definitions and hooks that pytest itself has loaded: those of plugins and conftests.

Two formats lie in their namespaces. Our decorators leave ``StepDefinition`` objects, which pytest does not see.
pytest-bdd's leave fixtures named ``pytestbdd_stepdef_...``, which pytest registers like any other. Both are read from
the namespaces of the plugins, so that one rule says from where they are visible; only fixtures that somebody
registered by hand are looked up in the fixture manager.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from _pytest.fixtures import FixtureManager
from _pytest.nodes import Node

from goldenpath.authoring.namespaces import definitions_in, hooks_in, of_fixture_function
from goldenpath.bdd import HookDefinition, StepDefinition


class Registered(NamedTuple):
    """The definitions and hooks of one plugin or conftest.

    Attributes:
        folder: The features at and below this folder see them; None: all do.
        name: Of the plugin, or the path of the conftest, for people.
        definitions: In the order in which they were defined.
        hooks: Likewise.
    """

    folder: Path | None
    name: str
    definitions: list[StepDefinition]
    hooks: list[HookDefinition]

    @property
    def is_conftest(self) -> bool:
        """A conftest is named by its path; pytest's own fixture manager tells one by this too."""
        return _is_conftest(self.name)

    def covers(self, feature: Path) -> bool:
        """Whether a feature file sees them. As pytest resolves neither, both paths are to be of one spelling."""
        return self.folder is None or feature.is_relative_to(self.folder)


def registered_definitions(fixturemanager: FixtureManager) -> list[Registered]:
    """All step definitions and hooks of plugins and conftests, from far to near.

    Conftests are loaded folder by folder: ask when the feature is collected, not before. A conftest in pytest's
    rootdir or above it is seen from everywhere, as its fixtures are.
    """
    config = fixturemanager.config
    found: list[Registered] = []
    for name, plugin in config.pluginmanager.list_name_plugin():
        namespace = getattr(plugin, "__dict__", {}) if plugin is not None else {}
        definitions, hooks = definitions_in(namespace), hooks_in(namespace)
        if definitions or hooks:
            found.append(Registered(_folder(name, config.rootpath), name, definitions, hooks))
    known = {definition for registered in found for definition in registered.definitions}
    by_hand: dict[Path | None, list[StepDefinition]] = {}
    for folder, definition in _in_fixtures(fixturemanager):
        if definition not in known:
            by_hand.setdefault(folder, []).append(definition)
    found += [Registered(folder, "fixtures", definitions, []) for folder, definitions in by_hand.items()]
    return sorted(found, key=_depth)


def _is_conftest(plugin_name: str) -> bool:
    return plugin_name.endswith("conftest.py")


def _depth(registered: Registered) -> int:
    if registered.is_conftest:
        return len(Path(registered.name).parts)
    return len(registered.folder.parts) + 1 if registered.folder else 0


def _folder(plugin_name: str, rootdir: Path) -> Path | None:
    if not _is_conftest(plugin_name):
        return None
    folder = Path(plugin_name).parent
    return None if rootdir.is_relative_to(folder) else folder


def _in_fixtures(fixturemanager: FixtureManager) -> Iterator[tuple[Path | None, StepDefinition]]:
    """pytest-bdd's definitions among the registered fixtures, but those of test modules and classes."""
    # pytest 9.1 files fixtures otherwise; there only what is registered by hand stays unseen.
    for fixturename, of_node in getattr(fixturemanager, "_arg2node2fixturedefs", {}).items():
        if not fixturename.startswith("pytestbdd_stepdef_"):
            continue
        for node, fixturedefs in of_node.items():
            if isinstance(node, pytest.Session | pytest.Directory):
                for fixturedef in reversed(fixturedefs):
                    if (definition := of_fixture_function(fixturedef.func)) is not None:
                        yield _covered(node), definition


def _covered(node: Node) -> Path | None:
    return None if isinstance(node, pytest.Session) else node.path
