"""Text within 80 columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

WIDTH: Final = 80
_HANGING: Final = "    "
_KEPT: Final = "\u00a0"
_ITEM: Final = re.compile(r"\s+[\w, ]+: ")
"""A line of ``Raises`` or ``Args`` that begins an item."""


def wrapped(text: str, first: str = "", later: str | None = None) -> list[str]:
    """A paragraph; ``first`` begins its first line and ``later`` the others (blanks as wide as ``first``)."""
    indent = " " * len(first) if later is None else later
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False) or [
        first.rstrip()
    ]


def counted(number: int, thing: str) -> str:
    """A number with what is counted: ``1 test``, ``1,809 tests``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def signature(start: str, parameters: Sequence[str], answer: str = "", indent: str = "") -> list[str]:
    """``start(parameters) -> answer``, broken between parameters only."""
    whole = f"{', '.join(each.replace(' ', _KEPT) for each in parameters)}){answer.replace(' ', _KEPT)}"
    return [line.replace(_KEPT, " ") for line in wrapped(whole, f"{start}(", indent + _HANGING * 2)]


def docstring(text: str, indent: str) -> Iterator[str]:
    """A docstring that was cleaned by ``inspect``: paragraphs wrapped anew, deeper lines and items kept as such."""
    paragraph: list[str] = []
    depth = ""
    for line in [*text.replace("``", "").splitlines(), ""]:
        bare = line.lstrip()
        own = line[: len(line) - len(bare)]
        if paragraph and (not bare or own != depth or _ITEM.match(line)):
            yield from wrapped(" ".join(paragraph), indent + depth, indent + depth + (_HANGING if depth else ""))
            paragraph = []
        if bare:
            paragraph.append(bare)
        else:
            yield ""
        depth = own


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows in columns; the last column is wrapped."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        start = "".join(f"{cell:<{width}}  " for cell, width in zip(row, widths, strict=False))
        yield from wrapped(row[-1], start)
