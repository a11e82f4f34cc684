"""``--order``: in which order the scenarios run. Other tests keep their places."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def order(items: list[pytest.Item], wanted: str) -> None:
    """Put the scenarios among ``items`` in the order that was asked for, in place.

    Args:
        items: All that will run.
        wanted: ``defined``, ``reverse`` or ``random:SEED``; one seed always gives one order.
    """
    from goldenpath.pytest_plugin.item import FeatureItem

    places = [place for place, item in enumerate(items) if isinstance(item, FeatureItem)]
    scenarios = [items[place] for place in places]
    if wanted == "reverse":
        scenarios.reverse()
    elif wanted.startswith("random"):
        random.Random(int(wanted.partition(":")[2])).shuffle(scenarios)  # noqa: S311 - an order, no secret
    for place, scenario in zip(places, scenarios, strict=True):
        items[place] = scenario


def again(wanted: str, run_id: str) -> str | None:
    """How to have the same random order once more, as a sentence; None where no order was drawn."""
    if not wanted.startswith("random"):
        return None
    return f"The order of the scenarios was random: --order={drawn(wanted, run_id)} gives it again."


def drawn(wanted: str, run_id: str) -> str:
    """The same, with a seed where none was given: one that follows from the run's id, so that all processes agree."""
    return f"random:{random.Random(run_id).randrange(10**6)}" if wanted == "random" else wanted  # noqa: S311
