"""What is kept between runs for speed: a folder in one file, in the user's cache, checked before it is used again.

A kept folder is a tar file with a digest behind it. What is cut short, changed or not readable counts as not there,
and so does a cache into which nobody may write: keeping is for speed only.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from goldenpath.stack.locks import FileLock
from goldenpath.stack.waiting import until

UNUSED: Final = 30 * 86400
"""Seconds after which a kept folder that nobody used is removed."""

_DIGEST: Final = 32
_SUFFIX: Final = ".tar"
_LOCK_SECONDS: Final = 20


def cache_folder() -> Path:
    """Where this user's caches are, by the customs of the system; ``XDG_CACHE_HOME`` goes before them."""
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "goldenpath"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or tempfile.gettempdir()) / "goldenpath"
    try:
        home = Path.home()
    except RuntimeError:  # a user without name and HOME
        return Path(tempfile.gettempdir()) / f"goldenpath-cache-{os.getuid()}"
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "goldenpath"


class Kept:
    """One folder that may be kept, by a key that names all that went into it."""

    def __init__(self, name: str, key: str) -> None:
        self._name = name
        self._file = cache_folder() / "stack" / f"{name}-{key}{_SUFFIX}"

    def restore(self, into: Path) -> bool:
        """Make ``into`` as the folder was; whether it was there and sound."""
        try:
            raw = self._file.read_bytes()
            body, digest = memoryview(raw)[:-_DIGEST], raw[-_DIGEST:]
            if not _is_ours(self._file) or _digest(body) != digest:
                return False
            with tarfile.open(fileobj=io.BytesIO(body)) as tar:
                _take_out(tar, body, into)
        except (OSError, tarfile.TarError):
            return False
        with suppress(OSError):
            os.utime(self._file)
        return True

    def keep(self, folder: Path) -> None:
        """Keep the folder as it is, if that can be done; and let go what nobody has used for long."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            tar.add(folder, ".", filter=_without_names)
        body = packed.getbuffer()
        with suppress(OSError):
            _write(self._file, body, _digest(body))
            self._let_go()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else makes the folder meanwhile; bounded, and no promise where the cache cannot be written."""
        lock = FileLock(self._file.with_suffix(".lock"))
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            until(lambda: lock.acquire() or None, _LOCK_SECONDS)
        except OSError:
            pass
        try:
            yield
        finally:
            lock.release()

    def _let_go(self) -> None:
        for file in self._file.parent.glob(f"{self._name}-*"):
            if time.time() - file.stat().st_mtime > UNUSED:
                file.unlink(missing_ok=True)


def kept() -> list[Path]:
    """The files of every kept folder."""
    return sorted(path for path in (cache_folder() / "stack").glob("*") if path.suffix in {_SUFFIX, ".lock", ".part"})


def _write(file: Path, body: memoryview, digest: bytes) -> None:
    handle, name = tempfile.mkstemp(suffix=".part", dir=file.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(body)
            out.write(digest)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _take_out(tar: tarfile.TarFile, body: memoryview, into: Path) -> None:
    """Write every file, for us alone to read. The digest says that we packed it: names are not looked at again.

    ``TarFile.extractall`` sets times and owners of each file, and takes three times as long.
    """
    for member in tar:
        place = f"{into}{os.sep}{member.name}"
        if member.isdir():
            os.makedirs(place, 0o700, exist_ok=True)  # noqa: PTH103 - a thousand times
        else:
            file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(file, "wb", buffering=0) as out:
                out.write(body[member.offset_data : member.offset_data + member.size])


def _digest(body: memoryview) -> bytes:
    return hashlib.sha256(body).digest()


def _is_ours(file: Path) -> bool:
    return sys.platform == "win32" or file.stat().st_uid == os.geteuid()


def _without_names(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Whoever takes it out shall own it."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
