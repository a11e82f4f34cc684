"""Cucumber Messages of a run, from the parts of its processes to ``messages.ndjson``.

Each process writes these parts, made of whole envelopes but for one::

    static      who writes, sources, documents, pickles, parameter types, hooks, step definitions
    begun       the start of the run, and the hooks before it
    cases       test cases
    attempts    attempts, each whole
    repeated    the ids of attempts that were repeated although they do not say so; in no stream
    ended       the hooks after the run

The stream is all parts of the first kind, then all of the second, and so on. So every test case stands before the
first attempt, as Cucumber has it, although none is known before it runs.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

from goldenpath.gherkin.messages import id_of

Kind = Literal["static", "begun", "cases", "attempts", "repeated", "ended"]
KINDS: Final[tuple[Kind, ...]] = ("static", "begun", "cases", "attempts", "repeated", "ended")

_FREE: Final = frozenset({"message", "stackTrace", "body", "value"})
"""What people wrote, or their code: the rest are ids and words of the format."""

_CASE: Final = b'{"testCase":{"id":"'
_STARTED: Final = b'{"testRunStarted":'
_ATTEMPT: Final = b'{"testCaseStarted":{"id":"'
_ATTEMPT_ENDED: Final = b'{"testCaseFinished":'
_NO_SUCCESS: Final = ".spoilt"


class MessageParts:
    """Where one process keeps its part of the messages until it flushes them."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._folder = folder
        self._worker = worker
        self._kept: dict[Kind, list[bytes]] = {}
        self._files: dict[Kind, BinaryIO] = {}

    def write(self, kind: Kind, lines: bytes) -> None:
        """Keep whole envelopes for the next flush."""
        self._kept.setdefault(kind, []).append(lines)

    def flush(self, masked: Callable[[str], str] | None = None) -> None:
        """Write what was kept; ``masked`` takes secrets out of it that were learnt meanwhile."""
        for kind, lines in self._kept.items():
            file = self._files.get(kind)
            if file is None:
                file = self._files[kind] = _part(self._folder, self._worker, kind).open("ab")
            text = b"".join(lines)
            if masked is not None and masked(whole := text.decode()) != whole:
                text = b"".join(_masked(line, masked) for line in text.splitlines(keepends=True))
            file.write(text)
            file.flush()
        self._kept.clear()

    def spoil(self) -> None:
        """Remember that the run has no success: something in these messages allows none."""
        (self._folder / f"{self._worker}{_NO_SUCCESS}").touch()

    def close(self) -> None:
        """Write what is left."""
        self.flush()
        for file in self._files.values():
            file.close()
        self._files.clear()


def assemble(folder: Path, whole: Path, unfinished: Iterable[dict[str, Any]], last: dict[str, Any]) -> None:
    """Write a run's messages from its parts; nothing where no process wrote any.

    There is no success where a process has said so, or was gone before an attempt had ended.

    Args:
        folder: Where the parts are.
        whole: Where the stream goes; it is replaced when all is written.
        unfinished: The timeline's ``scenario_started`` of each attempt that has no end.
        last: What is in ``testRunFinished``, but for its time and the id of the run.
    """
    parts = {kind: sorted(folder.glob(f"*.{kind}.messages")) for kind in KINDS}
    if not parts["static"]:
        return
    fresh = whole.with_name(f".{whole.name}")
    with fresh.open("wb") as stream:
        _copy_once(parts["static"], stream)
        run_id = _begin(parts["begun"], stream)
        cases = _cases(parts["cases"], stream)
        ends = [_Ending(record, parts["static"], cases, run_id) for record in unfinished]
        stream.writelines(end.case for end in ends)
        repeated = {name for part in parts["repeated"] for name in part.read_text("ascii").split()}
        _attempts(parts["attempts"], cases, repeated, stream)
        stream.writelines(end.attempt for end in ends)
        _copy(parts["ended"], stream)
        success = last["success"] and not ends and not any(folder.glob(f"*{_NO_SUCCESS}"))
        finished = {"testRunStartedId": run_id, "timestamp": _timestamp(time.time_ns()), **last, "success": success}
        stream.write(_line({"testRunFinished": finished}))
    fresh.replace(whole)


def _masked(line: bytes, mask: Callable[[str], str]) -> bytes:
    """An envelope whose free texts are masked: a secret may be a word that the format itself has."""
    text = line.decode()
    return line if mask(text) == text else _line(_mask(json.loads(text), mask))


def _mask(value: Any, mask: Callable[[str], str], *, free: bool = False) -> Any:
    if isinstance(value, dict):
        return {key: _mask(each, mask, free=key in _FREE) for key, each in value.items()}
    if isinstance(value, list):
        return [_mask(each, mask, free=free) for each in value]
    return mask(value) if free and isinstance(value, str) else value


def _part(folder: Path, worker: str, kind: Kind) -> Path:
    return folder / f"{worker}.{kind}.messages"


def _lines(part: Path) -> Iterator[bytes]:
    """Whole lines; one that was cut short is left out."""
    with part.open("rb") as lines:
        for line in lines:
            if line.endswith(b"}\n"):
                yield line


def _copy(parts: list[Path], stream: BinaryIO) -> None:
    for part in parts:
        if _is_whole(part):
            with part.open("rb") as lines:
                shutil.copyfileobj(lines, stream, 1 << 20)
        else:
            stream.writelines(_lines(part))


def _is_whole(part: Path) -> bool:
    with part.open("rb") as lines:
        size = lines.seek(0, 2)
        lines.seek(max(0, size - 2))
        return lines.read() in {b"}\n", b""}


def _copy_once(parts: list[Path], stream: BinaryIO) -> None:
    """What several processes wrote alike, once."""
    if len(parts) == 1:
        _copy(parts, stream)
        return
    seen: set[int] = set()
    for part in parts:
        for line in _lines(part):
            key = hash(line)
            if key not in seen:
                seen.add(key)
                stream.write(line)


def _begin(parts: list[Path], stream: BinaryIO) -> str:
    """The start of the run, once, and the hooks of every process before it; gives the run's id."""
    run_id = ""
    for part in parts:
        for line in _lines(part):
            if line.startswith(_STARTED):
                if run_id:
                    continue
                run_id = json.loads(line)["testRunStarted"]["id"]
            stream.write(line)
    return run_id


@dataclass(frozen=True, slots=True)
class _Cases:
    """The test cases by their ids, each with the part in which it is first; and those that are in later ones, too."""

    first: dict[str, Path] = field(default_factory=dict)
    again: dict[Path, set[str]] = field(default_factory=dict)


def _cases(parts: list[Path], stream: BinaryIO) -> _Cases:
    """The test cases, each once."""
    cases = _Cases()
    for part in parts:
        for line in _lines(part):
            name = line[len(_CASE) : line.index(b'"', len(_CASE))].decode()
            if cases.first.setdefault(name, part) is part:
                stream.write(line)
            else:
                cases.again.setdefault(part, set()).add(name)
    return cases


def _attempts(parts: list[Path], cases: _Cases, repeated: Collection[str], stream: BinaryIO) -> None:
    """The attempts, each whole and told once: a case that several processes ran is told by the first of them."""
    again = {_worker(part): names for part, names in cases.again.items()}
    for part in parts:
        twice = again.get(_worker(part))
        if twice or repeated or not _ends_with_an_attempt(part):
            stream.writelines(_whole_attempts(part, twice or (), repeated))
        else:
            _copy([part], stream)


def _whole_attempts(part: Path, twice: Collection[str], repeated: Collection[str]) -> Iterator[bytes]:
    """The attempts of a part that have an end, but for those at the cases ``twice``."""
    lines: list[bytes] = []
    for line in _lines(part):
        if line.startswith(_ATTEMPT):
            lines.clear()
        lines.append(line)
        if line.startswith(_ATTEMPT_ENDED):
            started = json.loads(lines[0])["testCaseStarted"]
            if started["id"] in repeated:
                lines[-1] = line.replace(b'"willBeRetried":false', b'"willBeRetried":true')
            if started["testCaseId"] not in twice:
                yield from lines


def _ends_with_an_attempt(part: Path) -> bool:
    with part.open("rb") as lines:
        lines.seek(max(0, lines.seek(0, 2) - 1024))
        *_, last, end = [b"", b"", *lines.read().split(b"\n")]
    return not end and (not last or last.startswith(_ATTEMPT_ENDED))


def _worker(part: Path) -> str:
    return part.name.partition(".")[0]


class _Ending:
    """An end for an attempt whose process was gone before it: what ran in it, nobody knows."""

    def __init__(self, record: dict[str, Any], static: list[Path], cases: _Cases, run_id: str) -> None:
        name = id_of(record["scenario"])
        case_id = f"{name}-case"
        self.case = b""
        if case_id in cases.first:
            case = _find(cases.first[case_id], _CASE + case_id.encode() + b'"')["testCase"]
        else:
            case = _case_of(record["scenario"], case_id, static, run_id)
            self.case = _line({"testCase": case}) if case else b""
        self.attempt = b"".join(_attempt(record, case, f"{name}-{record['attempt']}")) if case else b""


def _case_of(scenario: str, case_id: str, static: list[Path], run_id: str) -> dict[str, Any] | None:
    """The case of a scenario of which no attempt has ended, from its pickle."""
    # A scenario that fixtures multiply has what they were given behind its own id.
    for scenario_id in (scenario, scenario.rpartition("[")[0]):
        start = b'{"pickle":{"id":"' + id_of(scenario_id).encode() + b'"'
        for part in static:
            if found := _find(part, start):
                pickle = found["pickle"]
                steps = [
                    {"id": f"{case_id}-{place}", "pickleStepId": step["id"]}
                    for place, step in enumerate(pickle["steps"])
                ]
                return {"id": case_id, "pickleId": pickle["id"], "testSteps": steps, "testRunStartedId": run_id}
    return None


def _find(part: Path, start: bytes) -> dict[str, Any]:
    found = next((line for line in _lines(part) if line.startswith(start)), b"{}")
    told: dict[str, Any] = json.loads(found)
    return told


def _attempt(record: dict[str, Any], case: dict[str, Any], started: str) -> Iterator[bytes]:
    now = _timestamp(time.time_ns())
    begin = {"id": started, "testCaseId": case["id"], "attempt": record["attempt"] - 1, "timestamp": now}
    yield _line({"testCaseStarted": begin})
    for step in case["testSteps"]:
        of_step = {"testCaseStartedId": started, "testStepId": step["id"], "timestamp": now}
        yield _line({"testStepStarted": of_step})
        result = {"status": "UNKNOWN", "duration": _timestamp(0), "message": "the run ended before the step did"}
        yield _line({"testStepFinished": {**of_step, "testStepResult": result}})
    yield _line({"testCaseFinished": {"testCaseStartedId": started, "timestamp": now, "willBeRetried": False}})


def _line(envelope: dict[str, Any]) -> bytes:
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _timestamp(nanoseconds: int) -> dict[str, int]:
    seconds, nanos = divmod(nanoseconds, 1_000_000_000)
    return {"seconds": seconds, "nanos": nanos}
