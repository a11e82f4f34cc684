"""Tags of features as marks of pytest, and ``--tags``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import pytest

from goldenpath.domain.errors import TagExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable


class TagExpression(Protocol):
    """A parsed Cucumber tag expression."""

    def evaluate(self, values: Iterable[str]) -> bool:
        """Whether these tags fit."""


def parse(expression: str, flag: str = "--tags") -> TagExpression:
    """Parse a Cucumber tag expression such as ``@golden_path and not @slow``.

    On the command line it is written with ``=``: pytest takes an argument that begins with ``@`` for a file of
    arguments, before any plugin can say otherwise.

    Args:
        expression: What is to be parsed.
        flag: Where it was given, for the error.

    Raises:
        TagExpressionError: It does not parse; the message marks the place.
    """
    from cucumber_tag_expressions import TagExpressionError as NotParsed
    from cucumber_tag_expressions import parse as parse_expression

    try:
        parsed: TagExpression = parse_expression(expression)  # type: ignore[no-untyped-call]
        parsed.evaluate(())  # as deep as it will ever go
    except NotParsed as error:
        raise TagExpressionError(
            f"this tag expression does not parse:\n{str(error).partition(' (expressions=')[0]}",
            where=flag,
            try_next=f'{flag}="@golden_path and not @slow"',
        ) from None
    except RecursionError:
        raise TagExpressionError("this tag expression is nested too deeply", where=flag) from None
    return parsed


def select(
    config: pytest.Config,
    items: list[pytest.Item],
    expression: TagExpression,
    tests: Mapping[pytest.Item, Sequence[str]] = MappingProxyType({}),
) -> None:
    """Deselect the scenarios, and the tests of ours, whose tags do not fit; what is neither stays.

    Args:
        config: Of the run.
        items: What was collected; changed in place.
        expression: What is to be kept.
        tests: The tags of the tests that are ours.
    """
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        tags: Sequence[str] | None = getattr(item, "tags", None) if is_scenario(item) else tests.get(item)
        (kept if tags is None or expression.evaluate(tags) else left).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def is_scenario(item: pytest.Item) -> bool:
    """Whether the item was made from a feature file by us."""
    from goldenpath.pytest_plugin.item import FeatureItem

    return isinstance(item, FeatureItem)


class Markers:
    """Declares tags as markers and puts them on items, so that ``-m`` and ``--strict-markers`` know them."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._declared: set[str] = set()
        self._apply = _apply_tag_hook(config)

    def declare(self, tags: Iterable[str]) -> None:
        """Declare tags as markers, each once."""
        for tag in tags:
            name = tag.removeprefix("@")
            if name not in self._declared:
                self._declared.add(name)
                self._config.addinivalue_line("markers", f"{name}: a tag of features")

    def put(self, item: pytest.Item, tags: Iterable[str]) -> None:
        """Mark an item with tags.

        Marks are made directly: pytest's own way refuses names that begin with ``_``. Whoever answers
        pytest-bdd's ``pytest_bdd_apply_tag`` is asked first.
        """
        for tag in tags:
            name = tag.removeprefix("@")
            if self._apply is not None and self._apply_by_hook(item, name):
                continue
            item.own_markers.append(mark := pytest.Mark(name, (), {}, _ispytest=True))
            item.keywords[name] = mark

    def _apply_by_hook(self, item: pytest.Item, name: str) -> bool:
        def scenario() -> None:
            """What a hook may put marks on, in place of a test function."""

        assert self._apply is not None
        if self._apply(tag=name, function=scenario) is None:
            return False
        for mark in getattr(scenario, "pytestmark", ()):
            item.own_markers.append(mark)
            item.keywords[mark.name] = mark
        return True


def _apply_tag_hook(config: pytest.Config) -> Callable[..., object] | None:
    """pytest-bdd's hook without pytest-bdd's own answer; None when nobody else answers it."""
    manager = config.pluginmanager
    hook = getattr(manager.hook, "pytest_bdd_apply_tag", None)
    own = manager.get_plugin("pytest-bdd")
    if hook is None or not any(each.plugin is not own for each in hook.get_hookimpls()):
        return None
    return manager.subset_hook_caller("pytest_bdd_apply_tag", [own])
