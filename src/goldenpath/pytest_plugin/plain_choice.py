"""Which tests that are no scenarios are ours: asked of every suite, so it costs next to nothing.

A test is ours that asks for one of our fixtures or is a method of our ``unittest`` class. A marker of ours makes it so
only in a project that has asked for us: ``critical`` and ``requires`` are words of other suites, too. In a folder that
the settings name, so is an ``async`` test of a ``unittest`` class that drops it: it would pass, and never run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from goldenpath.config import Settings

FIXTURES: Final = frozenset({"services", "gp_auth", "gp_events", "gp_agents", "gp_database", "gp_cache", "gp_clock"})
MARKERS: Final = {
    "requires": "requires(service, ...): skip where nothing answers one of these; fail where one was never used",
    "golden_path": "golden_path: part of the product's most important journey",
    "critical": "critical: proved on the real thing where that is there",
    "service_independent": "service_independent: always on mocks",
    "hybrid": "hybrid: on whatever the run has",
    "real_services": "real_services: never on a mock",
}
"""Our markers, each with its line for ``pytest --markers``."""

TESTS: Final = "goldenpath tests"
"""Under which name what attends to such tests is a plugin."""

OURS: Final = "goldenpath_test"
"""The attribute of a report that says that it is of a test of ours; it travels from a worker with the report."""

_OWN_CLASS: Final = "is_goldenpath_test"
"""What our ``unittest`` class says of itself: nobody imports it to find out."""


def is_ours(item: pytest.Item, settings: Settings) -> bool:
    """Whether an item is a test of ours.

    Args:
        item: Anything that was collected.
        settings: Of the project: whether it has asked for us, so that our markers are meant, and its folders.
    """
    names: Iterable[str] | None = getattr(item, "fixturenames", None)
    if names is None or not isinstance(item, pytest.Function):
        return False
    if not FIXTURES.isdisjoint(names) or is_own_class(item):
        return True
    if settings.explicit and any(mark.name in MARKERS for mark in item.iter_markers()):
        return True
    return bool(settings.paths) and _is_dropped(item, settings.paths)


def _is_dropped(item: pytest.Function, folders: Iterable[str]) -> bool:
    """Whether a test lies in one of these folders, and its ``unittest`` class makes its coroutine and drops it."""
    from goldenpath.pytest_plugin.plain_loops import is_never_awaited

    root = item.config.rootpath
    return is_never_awaited(item) and any(root / folder in item.path.parents for folder in folders)


def is_own_class(item: Any) -> bool:
    """Whether an item is a method of our ``unittest`` class."""
    return bool(getattr(item.cls, _OWN_CLASS, False))


def tags_of(item: pytest.Item) -> list[str]:
    """The markers of a test as tags, with their ``@``."""
    return list(dict.fromkeys(f"@{mark.name}" for mark in item.iter_markers()))
