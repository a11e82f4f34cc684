"""On which line of a TOML text a key stands; ``tomllib`` reads values but forgets their places."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Final

_HEADER: Final = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY: Final = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART: Final = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_PLACE: Final = re.compile(r"\(at line (\d+), column \d+\)")


def line_of(text: str, path: Sequence[object]) -> int:
    """The line, from 1, of the key at ``path``, or of the nearest table around it that is written out.

    A part of the path that is no key of its own line (an item of a list, a key of an inline table) is found
    by the line of what holds it. 1 when nothing of the path is there.
    """
    wanted = tuple(str(part) for part in path)
    best, line = 0, 1
    for written, number in _keys(text):
        shared = _shared(written, wanted)
        if shared > best and shared == min(len(written), len(wanted)):
            best, line = shared, number
    return line


def line_of_error(error: tomllib.TOMLDecodeError, text: str) -> int:
    """The line at which the parser gave up; the last one when the text ended too early."""
    place = _PLACE.search(str(error))
    return int(place[1]) if place else max(1, len(text.splitlines()))


def without_place(error: tomllib.TOMLDecodeError) -> str:
    """What the parser said, without its own words for the place."""
    return _PLACE.sub("", str(error)).replace("(at end of document)", "before the end").strip()


def _keys(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Each table header and each key with its full path, and its line, from 1."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _parts(header[1])
            yield table, number
        elif key := _KEY.match(line):
            yield (*table, *_parts(key[1])), number


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _shared(written: tuple[str, ...], wanted: tuple[str, ...]) -> int:
    count = 0
    for mine, yours in zip(written, wanted, strict=False):
        if mine != yours:
            break
        count += 1
    return count
