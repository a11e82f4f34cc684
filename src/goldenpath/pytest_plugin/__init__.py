"""The pytest plugin: the hooks through which pytest and Golden Path meet. It only wires.

What a suite without features pays is this module and the table of options; everything else is imported when the
first feature is met.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from goldenpath.pytest_plugin.fixtures import (
    gp_agents,
    gp_auth,
    gp_cache,
    gp_clock,
    gp_database,
    gp_events,
    services,
)
from goldenpath.pytest_plugin.plain_choice import MARKERS, is_ours, tags_of

__all__ = ["gp_agents", "gp_auth", "gp_cache", "gp_clock", "gp_database", "gp_events", "services"]


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(parser: pytest.Parser) -> Generator[None, None, None]:
    """Add our options when all others are there; also when a conftest is broken, for ``--help``."""
    from goldenpath.pytest_plugin.options import add_options

    try:
        yield
    finally:
        add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Declare our markers; see to it that what a run changes in the process is undone, behind all that others undo."""

    def restore() -> None:
        if (garbage := sys.modules.get("goldenpath.pytest_plugin.garbage")) is not None:
            garbage.restore(config)

    config.add_cleanup(restore)
    for line in MARKERS.values():
        config.addinivalue_line("markers", line)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Read the settings and load the step modules, before anything is collected.

    Raises:
        pytest.UsageError: One of them is wrong.
    """
    from goldenpath.pytest_plugin.options import usage_errors
    from goldenpath.pytest_plugin.run import Run

    run = Run(session.config)
    with usage_errors():
        _ = run.tags
    if run.settings.steps:
        run.sentences.register()
    session.config.pluginmanager.register(run.deferred, "goldenpath deferred")
    if run.is_controller:
        run.begin_features()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist which run it belongs to."""
    from goldenpath.pytest_plugin.run import WORKER_INPUT, Run

    node.workerinput[WORKER_INPUT] = Run.of(node.config).run_id


@pytest.hookimpl(tryfirst=True)
def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Our own package is a folder of features here, no Python package to import under another name."""
    from goldenpath.pytest_plugin.places import is_own_folder

    return pytest.Dir.from_parent(parent, path=path) if is_own_folder(path) else None


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """A feature file is a module to pytest; one that another plugin collects is ours only where we were asked for."""
    collectors = yield
    if not file_path.name.endswith((".feature", ".feature.md")):
        return collectors
    from goldenpath.pytest_plugin.run import Run

    if collectors and not Run.of(parent.config).settings.explicit:
        return collectors
    from goldenpath.pytest_plugin.collection import FeatureFile

    return [*collectors, FeatureFile.from_parent(parent, path=file_path)]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Collect the features that a walk met and that are ours to run; keep what is ours and whose tags fit."""
    from goldenpath.pytest_plugin.run import Run

    run = Run.of(config)
    run.deferred.expand(session, items)
    tests = {item: tags_of(item) for item in items if is_ours(item, run.settings)}
    if tests:
        from goldenpath.pytest_plugin.plain import PlainTests

        PlainTests.of(config)
    if run.tags is not None:
        from goldenpath.pytest_plugin.tags import select

        select(config, items, run.tags, tests)
    if run.settings.order != "defined":
        from goldenpath.pytest_plugin.ordering import drawn, order

        order(items, drawn(run.settings.order, run.run_id))
