"""Which tests that are no scenarios are ours: asked of every suite, so it costs next to nothing.

A test is ours that asks for one of our fixtures or is a method of our ``unittest`` class. A marker of ours makes it so
only in a project that has asked for us: ``critical`` and ``requires`` are words of other suites, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pytest

FIXTURES: Final = frozenset({"services", "gp_auth", "gp_events", "gp_agents", "gp_database", "gp_cache", "gp_clock"})
MARKERS: Final = {
    "requires": "requires(service, ...): skip where nothing answers one of these; fail where one was never used",
    "golden_path": "golden_path: part of the product's most important journey",
    "critical": "critical: proved on the real thing where that is there",
}
"""Our markers, each with its line for ``pytest --markers``."""

TESTS: Final = "goldenpath tests"
"""Under which name what attends to such tests is a plugin."""

OURS: Final = "goldenpath_test"
"""The attribute of a report that says that it is of a test of ours; it travels from a worker with the report."""

_OWN_CLASS: Final = "is_goldenpath_test"
"""What our ``unittest`` class says of itself: nobody imports it to find out."""


def is_ours(item: pytest.Item, *, explicit: bool) -> bool:
    """Whether an item is a test of ours.

    Args:
        item: Anything that was collected.
        explicit: Whether the project has asked for us, so that our markers are meant.
    """
    names: Iterable[str] | None = getattr(item, "fixturenames", None)
    if names is None or not isinstance(item, pytest.Function):
        return False
    if not FIXTURES.isdisjoint(names) or is_own_class(item):
        return True
    return explicit and any(mark.name in MARKERS for mark in item.iter_markers())


def is_own_class(item: Any) -> bool:
    """Whether an item is a method of our ``unittest`` class."""
    return bool(getattr(item.cls, _OWN_CLASS, False))


def tags_of(item: pytest.Item) -> list[str]:
    """The markers of a test as tags, with their ``@``."""
    return list(dict.fromkeys(f"@{mark.name}" for mark in item.iter_markers()))
