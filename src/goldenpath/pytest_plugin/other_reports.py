"""Reports in the formats of others, written at the end of a run from its messages."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldenpath.pytest_plugin.item import FeatureItem

if TYPE_CHECKING:
    import pytest


def make_room(config: pytest.Config) -> None:
    """Make the folder of the report that pytest-bdd is about to write: where it is missing, all of pytest breaks off.

    A folder that cannot be made is left for pytest-bdd to complain of.
    """
    if (writer := getattr(config, "_bddcucumberjson", None)) is not None:
        with contextlib.suppress(OSError):
            Path(writer.logfile).parent.mkdir(parents=True, exist_ok=True)


def write(session: pytest.Session, messages: Path) -> None:
    """Write the reports that were asked for; to be called in the main process, when pytest-bdd has written its own.

    ``--cucumber-json`` is pytest-bdd's option, and its report holds what it ran itself: that stays, in its place, and
    ours comes after it. What it has heard of our scenarios by its hooks is not the whole of them, and is left out.

    Args:
        session: Of pytest.
        messages: The stream of the run; need not be there.

    Raises:
        OSError: A report cannot be written.
    """
    writer = getattr(session.config, "_bddcucumberjson", None)
    if writer is None or not messages.is_file():
        return
    import json

    from goldenpath.reports.cucumber_json import render

    ours = {(str(item.path), item.name) for item in session.items if isinstance(item, FeatureItem)}
    with messages.open("rb") as lines:
        features = [*_theirs(writer.features, ours), *render(lines)]
    Path(writer.logfile).write_text(json.dumps(features), encoding="utf-8")


def _theirs(features: dict[str, Any], ours: Collection[tuple[str, str]]) -> Iterable[dict[str, Any]]:
    """What pytest-bdd's report holds of scenarios that are not ours; features are by path, elements by item name."""
    for path, feature in features.items():
        elements = [each for each in feature["elements"] if (path, each["id"]) not in ours]
        if elements:
            yield feature | {"elements": elements}
