"""The folder of one run, and the folder of all runs.

::

    .goldenpath/
        .gitignore                  "*": nothing of this belongs to the project's history
        runs/
            latest                  a link to the newest run; where links are refused, a file with its name
            20261123T181502-3f9c/
                timeline.ndjson     what happened, one JSON object a line
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
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from heapq import merge
from pathlib import Path
from typing import Any, Final

from goldenpath.domain.timeline import RunFinished, RunStarted, ScenarioFinished
from goldenpath.store.locks import FileLock

TIMELINE: Final = "timeline.ndjson"
PARTS: Final = "parts"
LATEST: Final = "latest"
MAIN: Final = "main"

Record = dict[str, Any]


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
            lines.write(json.dumps(started.as_record(), ensure_ascii=False) + "\n")

    def leave(self) -> None:
        """Give the lock back: this process writes no more."""
        self._lock.release()

    def join(self, finished: RunFinished) -> None:
        """Join the parts into the timeline, end what was begun and not ended, and end the run (main process)."""
        join(self.path, finished)
        self.leave()
        _drop_parts(self.path)


def read(path: Path) -> Iterator[Record]:
    """The records of a timeline or a part, in order; a last line that was cut short is left out."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            with contextlib.suppress(json.JSONDecodeError):
                yield json.loads(line)


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
            join(run, RunFinished(at=at, run=run.name, status="interrupted", exit_status=None, seconds=0.0))
            closed.append(run.name)
        _drop_parts(run)
    return closed


def join(run: Path, finished: RunFinished) -> None:
    """Write the whole timeline of a run anew, from its own lines and its parts.

    Each part keeps its order; between parts the times decide. Attempts without an end get one with status
    ``unknown``; ``finished`` gets the counts and, where it has none, the seconds.
    """
    parts = [run / TIMELINE, *sorted((run / PARTS).glob("*.ndjson"))]
    records = [each for each in merge(*map(read, parts), key=_at) if each.get("event") != "run_finished"]
    records = list(_without_repetition(records))
    records += [each.as_record() for each in _endings(records, finished.at)]
    whole = finished.as_record()
    whole["counts"] = counts(records)
    whole["seconds"] = whole["seconds"] or _seconds(records, finished.at)
    fresh = run / f".{TIMELINE}"
    with fresh.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(each, ensure_ascii=False) + "\n" for each in (*records, whole))
    fresh.replace(run / TIMELINE)


def _drop_parts(run: Path) -> None:
    shutil.rmtree(run / PARTS, ignore_errors=True)


def last_attempts(records: Iterable[Record]) -> dict[str, Record]:
    """How each scenario ended, by its id: the ``scenario_finished`` of its last attempt."""
    last: dict[str, Record] = {}
    for each in records:
        if each["event"] == "scenario_finished":
            before = last.get(each["scenario"])
            if before is None or each["attempt"] >= before["attempt"]:
                last[each["scenario"]] = each
    return last


def counts(records: Iterable[Record]) -> dict[str, int]:
    """How many scenarios ended in which status, by their last attempts."""
    found: dict[str, int] = {}
    for each in last_attempts(records).values():
        found[each["status"]] = found.get(each["status"], 0) + 1
    return dict(sorted(found.items()))


def _at(record: Record) -> str:
    return str(record.get("at", ""))


def _without_repetition(records: Iterable[Record]) -> Iterator[Record]:
    """Each worker resolves for itself: the same answer is told once."""
    told: set[str] = set()
    for each in records:
        if each.get("event") == "service_resolved":
            said = json.dumps({key: value for key, value in each.items() if key not in {"at", "worker"}})
            if said in told:
                continue
            told.add(said)
        yield each


def _endings(records: Iterable[Record], at: str) -> Iterator[ScenarioFinished]:
    """An end for each attempt that has none: its process was gone before."""
    begun: dict[tuple[str, int], Record] = {}
    for each in records:
        if each.get("event") == "scenario_started":
            begun[each["scenario"], each["attempt"]] = each
        elif each.get("event") == "scenario_finished":
            begun.pop((each["scenario"], each["attempt"]), None)
    for (scenario, attempt), start in begun.items():
        yield ScenarioFinished(
            at=at,
            worker=start["worker"],
            scenario=scenario,
            attempt=attempt,
            status="unknown",
            standing=None,
            seconds=_seconds([start], at),
            message="the run ended before the scenario did",
        )


def _seconds(records: list[Record], until: str) -> float:
    if not records:
        return 0.0
    begun = datetime.fromisoformat(records[0]["at"])
    return round(max(0.0, (datetime.fromisoformat(until) - begun).total_seconds()), 3)


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
