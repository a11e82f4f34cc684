"""Compiled features on disk, by their content: a file that has not changed is not parsed again.

An entry is a checksum and a compiled feature in msgpack. Nothing in it is code, and what cannot be read as what it
should be counts as not there, so that nobody's broken disk or crashed run breaks a run.
"""

from __future__ import annotations

import os
import struct
import tempfile
import time
import zlib
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec

from goldenpath.gherkin.model import Compiled

FORMAT: Final = 1
"""Of the entries. What changes what is compiled, or how it is kept, changes this."""

UNUSED: Final = 30 * 86400
"""Seconds after which an entry that nobody used is removed."""

ROOM: Final = 2**30
"""Bytes beyond which the entries that were used least lately are removed."""

_DAY: Final = 86400
_HEAD: Final = struct.Struct(">IIII")
"""Of both parts, the compiled feature and its envelopes: how long they are, and their checksums."""

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Compiled)


class Entry:
    """What is kept of one feature file.

    Args:
        folder: Of the cache; entries are in ``features`` below it. It need not exist.
        raw: What is in the file.
        uri: The file, as messages name it.
        below: The file below its features root, as scenario ids name it.
    """

    def __init__(self, folder: Path, raw: bytes, uri: str, below: str) -> None:
        self.uri = uri
        self.below = below
        self._folder = folder / "features"
        self._key = self._key_of(raw)
        self._file = f"{self._folder}{os.sep}{self._key}.feature"

    def _key_of(self, raw: bytes) -> str:
        key = blake2b(f"{_makers()}\0{self.uri}\0{self.below}\0".encode(), digest_size=16)
        key.update(raw)
        return key.hexdigest()

    def is_of(self, raw: bytes) -> bool:
        """Whether the file had this in it."""
        return self._key_of(raw) == self._key

    def load(self) -> Compiled | None:
        """The compiled feature; None where there is none, or one that is damaged."""
        found = self._part(0)
        if found is None:
            return None
        part, used = found
        if time.time() - used > _DAY:
            with suppress(OSError):
                os.utime(self._file)
        try:
            return _DECODER.decode(part)
        except msgspec.DecodeError:
            return None

    def envelopes(self) -> bytes | None:
        """The envelopes that were stored with it; None where there are none, or damaged ones."""
        found = self._part(1)
        return found and found[0]

    def _part(self, index: int) -> tuple[bytes, float] | None:
        """The compiled feature or the envelopes, and when the entry was last used."""
        try:
            with open(self._file, "rb", buffering=0) as file:  # noqa: PTH123 the name is no Path, which costs more
                stat = os.fstat(file.fileno())
                compiled, envelopes, *checks = _HEAD.unpack(file.read(_HEAD.size))
                if stat.st_size != _HEAD.size + compiled + envelopes:
                    return None
                if index:
                    file.seek(compiled, os.SEEK_CUR)
                part = file.read(envelopes if index else compiled)
        except (OSError, struct.error):
            return None
        return (part, stat.st_mtime) if zlib.crc32(part) == checks[index] else None

    def store(self, compiled: Compiled, envelopes: bytes) -> bool:
        """Keep a compiled feature; whether it was kept. A full disk or a folder for reading only is no error."""
        part = _ENCODER.encode(compiled)
        head = _HEAD.pack(len(part), len(envelopes), zlib.crc32(part), zlib.crc32(envelopes))
        try:
            if not self._folder.is_dir():
                self._folder.mkdir(parents=True, exist_ok=True)
                # Nothing of this belongs to the project's history.
                (self._folder.parent / ".gitignore").write_text("*\n", encoding="utf-8")
            _prune_once(self._folder)
            _write(self._file, (head, part, envelopes))
        except OSError:
            return False
        return True


def _write(file: str, parts: Iterable[bytes]) -> None:
    """Write all or nothing: other processes may read or write the same entry now."""
    handle, written = tempfile.mkstemp(dir=os.path.dirname(file), suffix=".part")  # noqa: PTH120
    try:
        with os.fdopen(handle, "wb") as new:
            new.writelines(parts)
        os.replace(written, file)  # noqa: PTH105
    except OSError:
        with suppress(OSError):
            os.unlink(written)  # noqa: PTH108
        raise


@cache
def _prune_once(folder: Path) -> None:
    """Once a process, and only where something new is kept: nothing else makes the folder grow."""
    prune(folder)


def prune(folder: Path, *, unused: float = UNUSED, room: int = ROOM) -> None:
    """Remove the entries that nobody used for long, and the oldest of those that take too much room.

    Args:
        folder: Where the entries are.
        unused: After how many seconds; use is noted once a day.
        room: How many bytes may stay.
    """
    oldest = time.time() - unused
    for used, size, entry in sorted(_entries(folder), reverse=True):
        room -= size
        if used < oldest or room < 0:
            with suppress(OSError):
                os.unlink(entry)  # noqa: PTH108


def _entries(folder: Path) -> list[tuple[float, int, str]]:
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # another process removed it
                stat = entry.stat()
                found.append((stat.st_mtime, stat.st_size, entry.path))
    return found


@cache
def _makers() -> str:
    """What compiles: another version may compile otherwise, and so may sources that were edited in place."""
    here = [entry.stat().st_mtime_ns for entry in os.scandir(Path(__file__).parent) if entry.name.endswith(".py")]
    return f"{FORMAT} {_version('goldenpath')} {_version('gherkin-official')} {max(here, default=0)}"


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
