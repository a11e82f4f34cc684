"""Folders for what lives only as long as its keeper: found again and removed when the keeper was killed.

A home is named ``goldenpath-USER-RANDOM`` and holds a file that its keeper keeps locked. A home whose lock is free is
nobody's any more. It gets its name only when the lock is held, so that none is swept while it is being made.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from goldenpath.stack.locks import FileLock, is_held

ROOM: Final = 512 * 2**20
"""Bytes that must be free where a home is made: a cluster has 25 MB, each database 8, and what tests store."""

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the home in it is ours alone
_LOCK: Final = "keeper.lock"
_UNNAMED: Final = ".new-goldenpath-"
_FORGOTTEN: Final = 60
_IS_WINDOWS: Final = sys.platform == "win32"


class Home:
    """A folder of this process, locked until it is removed.

    Args:
        fallback: Where it is made when there is no room elsewhere.
    """

    def __init__(self, fallback: Path) -> None:
        base = next((each for each in places() if _has_room(each)), fallback)
        # Windows renames no folder in which a file is open: there a sweep may come in between.
        made = Path(tempfile.mkdtemp(prefix=_prefix() if _IS_WINDOWS else _UNNAMED, dir=base))
        self._lock = FileLock(made / _LOCK)
        if not self._lock.acquire():
            raise OSError(f"{made} cannot be locked")
        self.path = made if _IS_WINDOWS else made.rename(base / f"{_prefix()}{secrets.token_hex(6)}")

    def remove(self) -> None:
        """Remove the folder and all that is in it."""
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)


def places() -> tuple[Path, ...]:
    """Where homes are made, the best place first: memory, then the folder for temporary files."""
    return (_MEMORY, Path(tempfile.gettempdir())) if _MEMORY.is_dir() else (Path(tempfile.gettempdir()),)


def _has_room(place: Path) -> bool:
    try:
        return os.access(place, os.W_OK) and shutil.disk_usage(place).free >= ROOM and not _forbids_programs(place)
    except OSError:
        return False


def _forbids_programs(place: Path) -> bool:
    """Whether no program may run from there, as in the memory of most containers; root may have to copy some."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return False
    return bool(os.statvfs(place).f_flag & getattr(os, "ST_NOEXEC", 0))


def _prefix() -> str:
    return f"goldenpath-{os.getuid() if hasattr(os, 'getuid') else 0}-"


def abandoned(fallbacks: Iterable[Path] = ()) -> Iterator[Path]:
    """The homes of keepers that are gone, in the common places and in those folders."""
    for place in (*places(), *fallbacks):
        for home in sorted(place.glob(f"{_prefix()}*")):
            if _is_ours(home) and (home / _LOCK).exists() and not is_held(home / _LOCK):
                yield home
        for unnamed in place.glob(f"{_UNNAMED}*"):
            if _is_ours(unnamed) and time.time() - unnamed.stat().st_mtime > _FORGOTTEN:
                yield unnamed


def sweep(fallbacks: Iterable[Path] = ()) -> list[Path]:
    """Remove the homes of keepers that are gone; gives which they were."""
    swept = []
    for home in abandoned(fallbacks):
        lock = FileLock(home / _LOCK)
        try:
            if lock.acquire():
                shutil.rmtree(home, ignore_errors=True)
                lock.release()
                swept.append(home)
        except OSError:
            continue  # somebody else was quicker
    return swept


def _is_ours(home: Path) -> bool:
    try:
        found = home.lstat()
    except OSError:
        return False
    return home.is_dir() and not home.is_symlink() and (not hasattr(os, "getuid") or found.st_uid == os.getuid())
