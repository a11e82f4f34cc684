"""What the probes saw, shared by the processes of a run: the first one looks, the others read what it wrote.

The file is in the run's folder, for its owner only; what it says is masked as everything that is written is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from goldenpath.domain.redaction import Redactor
from goldenpath.domain.values import Availability
from goldenpath.resolution.probing import DEADLINE, probe
from goldenpath.resolution.registry import Candidate
from goldenpath.stack.locks import FileLock

FILE: Final = "availability.json"
_LOCK: Final = "availability.lock"

_SLACK: Final = 0.2
_TURN: Final = 0.02


async def shared_probe(
    folder: Path, candidates: Iterable[Candidate], deadline: float = DEADLINE
) -> Mapping[str, Availability]:
    """What each candidate's probe saw in this run, by the candidate's name; each is looked at by one process only.

    Args:
        folder: The folder of the run, the same in all of its processes; it is made where it is missing.
        candidates: What to look at.
        deadline: Seconds for all looks together. Who waits for another process that is stuck gives up soon after, and
            has a short look of its own.
    """
    wanted = {each.name: each for each in candidates}
    file, lock = _places(folder)
    held = await _turn(file, lock, deadline + _SLACK)
    try:
        known = _read(file)
        first = not known
        if unseen := [each for name, each in wanted.items() if name not in known]:
            known |= await probe(unseen, deadline if held or not first else _SLACK)
        if held and first:
            _write(file, known)
    finally:
        lock.release()
    return {name: known[name] for name in wanted}


def _places(folder: Path) -> tuple[Path, FileLock]:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / FILE, FileLock(folder / _LOCK)


async def _turn(file: Path, lock: FileLock, within: float) -> bool:
    """Wait until another process has looked, or it is our turn to; whether it is."""
    until = time.monotonic() + within
    while not file.exists() and time.monotonic() < until:  # noqa: ASYNC240  # one stat, and nobody else is on this loop
        if lock.acquire():
            return True
        await asyncio.sleep(_TURN)
    return False


def _read(file: Path) -> dict[str, Availability]:
    """What another process saw; nothing where there is no such file."""
    try:
        return {name: Availability(**seen) for name, seen in json.loads(file.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write(file: Path, known: Mapping[str, Availability]) -> None:
    """Write all at once: a reader sees the whole file or none. What cannot be written is not shared."""
    mask = Redactor().text
    told = {name: asdict(replace(seen, reason=mask(seen.reason))) for name, seen in known.items()}
    half = file.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            json.dump(told, out)
        half.replace(file)
