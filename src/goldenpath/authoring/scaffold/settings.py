"""The settings file of a project, changed where it stands: what people wrote in it stays as they wrote it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from goldenpath.config.file import OWN_FILE, SHARED_FILE, read
from goldenpath.domain.errors import UsageError

OWN_STEPS: Final = "steps"
"""The folder of a project's own sentences."""


def change(root: Path, do: Callable[[Any], None]) -> str:
    """Change the settings of the project, which begin in ``goldenpath.toml`` where there are none.

    Args:
        root: The folder of the project.
        do: Changes our table; comments and order of all else stay.

    Returns:
        The name of the file.

    Raises:
        SettingsError: What is there cannot be read.
        UsageError: It cannot be written.
    """
    import tomlkit

    known = read(root)
    name = known.path.name if known.path is not None else OWN_FILE
    document: Any = tomlkit.parse(known.text) if known.path is not None else tomlkit.document()
    table = document["tool"]["goldenpath"] if name == SHARED_FILE else document
    if known.path is None:
        table["steps"] = [OWN_STEPS]
    do(table)
    try:
        (root / name).write_text(tomlkit.dumps(document), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"it cannot be written: {error.strerror}", where=name) from None
    read(root)  # what we wrote is to be read again
    return name


def uses_our_sentences(root: Path) -> bool:
    """Whether the settings of the project name the sentences that come with us."""
    steps = read(root).values.get("steps", [])
    return any((each if isinstance(each, str) else each.get("modules")) == "goldenpath.steps" for each in steps)
