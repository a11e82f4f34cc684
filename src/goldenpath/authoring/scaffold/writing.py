"""Writing beginnings: files that are not there yet, from templates of ours."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldenpath.domain.errors import UsageError

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    def source(name: str) -> str:
        return (files("goldenpath.authoring.scaffold") / "templates" / name).read_text(encoding="utf-8")

    # What is written is Python, TOML and Gherkin: nothing of it is HTML.
    made = Environment(  # noqa: S701
        loader=FunctionLoader(source),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["toml"] = toml
    return made


def filled(template: str, **values: Any) -> str:
    """A template of ours, with its places filled.

    Args:
        template: Its name in ``templates``.
        values: What stands in its places.
    """
    return _environment().get_template(template).render(values)


def toml(text: object) -> str:
    """A text as TOML writes it: a basic string (TOML 1.0, String)."""
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04X}", escaped) + '"'


def identifier(words: str) -> str:
    """A name for Python made of words: ``Credit notes`` gives ``credit_notes``.

    Raises:
        UsageError: There is no letter in it.
    """
    name = re.sub(r"\W+", "_", words.strip(), flags=re.ASCII).strip("_").lower()
    if not name or not name[0].isalpha():
        raise UsageError(f"{words!r} makes no name", where="NAME", try_next="begin it with a letter from a to z")
    return name


def write(root: Path, texts: Mapping[str, str]) -> list[str]:
    """Write files below ``root``, all of them or none.

    Args:
        root: The folder of the project.
        texts: The text of each, by its path from there.

    Returns:
        Their paths, in the order given.

    Raises:
        UsageError: One is there already, or cannot be written.
    """
    for name in texts:
        if (root / name).exists():
            raise UsageError(
                "it is there already, and left alone", where=name, try_next="another name, or move it away"
            )
    for name, text in texts.items():
        path = root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Whoever made it meanwhile keeps it.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise UsageError(f"it cannot be written: {error.strerror}", where=name) from None
    return list(texts)
