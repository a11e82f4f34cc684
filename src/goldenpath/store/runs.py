"""The folder of one run, and the folder of all runs.

::

    .goldenpath/
        .gitignore                  "*": nothing of this belongs to the project's history
        runs/
            latest                  a link to the newest run; where links are refused, a file with its name
            20261123T181502-3f9c/
                timeline.ndjson     what happened, one JSON object a line
                messages.ndjson     the same as Cucumber Messages, when the run has ended
                parts/              while the run is on: what each worker wrote, and its lock

The main process writes ``timeline.ndjson`` itself and joins the parts of its workers into it at the end. Who opens
a run of its own first closes those whose writers are gone: no lock is held, and the last line is no ``run_finished``.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from goldenpath.domain.timeline import RunFinished, RunStarted
from goldenpath.stack.locks import FileLock
from goldenpath.store.joining import Record, join, line
from goldenpath.store.streams import assemble

TIMELINE: Final = "timeline.ndjson"
MESSAGES: Final = "messages.ndjson"
PARTS: Final = "parts"
LATEST: Final = "latest"
MAIN: Final = "main"


SUCCESS: Final[Mapping[str, Any]] = MappingProxyType({"success": True})
"""What the last message says of a run that nothing but its scenarios can have failed."""


def new_run_id(now: datetime | None = None) -> str:
    """An id that sorts by time and that no other run has: ``20261123T181502123-3f9c21``."""
    at = now or datetime.now(UTC)
    return f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}-{secrets.token_hex(3)}"


class RunFolder:
    """The folder of one run below ``output``, for one of its processes."""

    def __init__(self, output: Path, run_id: str, worker: str = MAIN) -> None:
        self.path = output / "runs" / run_id
        self.run_id = run_id
        self.worker = worker
        self._output = output
        self._lock = FileLock(self.path / PARTS / f"{worker}.lock")

    @property
    def timeline(self) -> Path:
        """The run's timeline; until the run has ended it may lack what its workers wrote."""
        return self.path / TIMELINE

    @property
    def messages(self) -> Path:
        """The run's Cucumber Messages; there when it has ended."""
        return self.path / MESSAGES

    @property
    def parts(self) -> Path:
        """Where the processes of the run keep their parts."""
        return self.path / PARTS

    @property
    def part(self) -> Path:
        """Where this process writes: the timeline itself, or its own part of it."""
        return self.timeline if self.worker == MAIN else self.path / PARTS / f"{self.worker}.ndjson"

    def open(self) -> bool:
        """Make the folder and hold its lock; whether this process is the first one of the run.

        The first closes runs whose writers are gone and points ``latest`` here.
        """
        (self.path / PARTS).mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            self.timeline.open("x").close()
        except FileExistsError:
            return False
        ignore = self._output / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        close_abandoned(self._output, but=self.run_id)
        point_latest(self.path)
        return True

    def begin(self, started: RunStarted) -> None:
        """Write the first line of the run's timeline (the first process of the run)."""
        with self.timeline.open("a", encoding="utf-8", newline="\n") as lines:
            lines.write(line(started.as_record()))

    def leave(self) -> None:
        """Give the lock back: this process writes no more."""
        self._lock.release()

    def join(self, finished: RunFinished, last: Mapping[str, Any] = SUCCESS) -> None:
        """Join the parts, end what was begun and not ended, and end the run (main process).

        Args:
            finished: The last line of the timeline.
            last: What its last message says: ``success`` as far as it is no matter of scenarios, and an exception.
        """
        _join(self.path, finished, last)
        self.leave()
        _drop_parts(self.path)


def read(path: Path, *events: str) -> Iterator[Record]:
    """The records of a timeline or a part, in order; a last line that was cut short is left out.

    Args:
        path: The file; it need not exist.
        events: Only of these events, if any are named; the others are not decoded.
    """
    if not path.exists():
        return
    starts = tuple(f'{{"event":{blank}"{event}"'.encode() for event in events for blank in ("", " "))
    with path.open("rb") as lines:
        for each in lines:
            if not starts or each.startswith(starts):
                with contextlib.suppress(ValueError):
                    yield _decoded(each)


def _decoded(text: bytes) -> Record:
    try:
        record: Record = msgspec.json.decode(text)
    except msgspec.DecodeError:  # half a surrogate pair, which only Python's own reader takes; or cut short
        record = json.loads(text)
    return record


def latest(output: Path) -> Path | None:
    """The folder of the newest run, or None when there was none."""
    pointer = output / "runs" / LATEST
    if pointer.is_file():
        pointer = pointer.parent / pointer.read_text(encoding="utf-8").strip()
    return pointer.resolve() if (pointer / TIMELINE).is_file() else None


def point_latest(run: Path) -> None:
    """Make ``latest`` beside a run's folder point to it: a link, or a file with its name where links are refused."""
    pointer = run.parent / LATEST
    fresh = run.parent / f".{LATEST}-{run.name}"
    try:
        fresh.symlink_to(run.name, target_is_directory=True)
    except (OSError, NotImplementedError):
        fresh.write_text(run.name, encoding="utf-8")
    with contextlib.suppress(OSError):
        # On Windows a link to a folder cannot be replaced in place.
        if os.name == "nt" and pointer.is_symlink():
            pointer.rmdir()
        fresh.replace(pointer)
    fresh.unlink(missing_ok=True)


def close_abandoned(output: Path, but: str) -> list[str]:
    """Close every run whose writers are gone as interrupted; gives their ids."""
    closed = []
    for parts in sorted((output / "runs").glob(f"*/{PARTS}")):
        run = parts.parent
        begun = not run.is_symlink() and run.name != but and (run / TIMELINE).exists()
        if not begun or any(_is_held(lock) for lock in parts.glob("*.lock")):
            continue
        if not _is_ended(run):
            at = datetime.fromtimestamp(_last_written(run), UTC).isoformat(timespec="microseconds")
            finished = RunFinished(at=at, run=run.name, status="interrupted", exit_status=None, seconds=0.0)
            _join(run, finished, {"success": False, "message": "the run was cut short"})
            closed.append(run.name)
        _drop_parts(run)
    return closed


def _join(run: Path, finished: RunFinished, last: Mapping[str, Any]) -> None:
    parts = run / PARTS
    joined = join([run / TIMELINE, *sorted(parts.glob("*.ndjson"))], run / TIMELINE, finished)
    assemble(parts, run / MESSAGES, joined.unfinished, {**last, "success": last["success"] and joined.success})


def _drop_parts(run: Path) -> None:
    shutil.rmtree(run / PARTS, ignore_errors=True)


def _is_held(lock: Path) -> bool:
    probe = FileLock(lock)
    if not probe.acquire():
        return True
    probe.release()
    return False


def _is_ended(run: Path) -> bool:
    return any(each.get("event") == "run_finished" for each in read(run / TIMELINE))


def _last_written(run: Path) -> float:
    return max(path.stat().st_mtime for path in (run, *run.rglob("*.ndjson")))
