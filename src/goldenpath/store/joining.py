"""From the parts of a run to its whole timeline, line by line: a long run does not fit into memory."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import msgspec

from goldenpath.domain.timeline import RunFinished, ScenarioFinished

Record = dict[str, Any]

_HEAD: Final = re.compile(r'\{"event": ?"(\w+)", ?"at": ?"([^"]+)"')
_HEAD_OF_BYTES: Final = re.compile(_HEAD.pattern.encode())
_WITHIN: Final = (b'{"event":"step_finished","at":"', b'{"event":"observation","at":"')
"""How the lines begin that stand within an attempt: most lines, and nothing of a whole run hangs on them."""

_NO_SUCCESS: Final = frozenset({"failed", "pending", "undefined", "ambiguous", "unknown"})
_encode: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


@dataclass(frozen=True, slots=True)
class Joined:
    """What a timeline turned out to say.

    Attributes:
        unfinished: The ``scenario_started`` of each attempt that had no end in any process.
        success: Whether every scenario's last attempt ended well, as Cucumber has it.
    """

    unfinished: list[Record]
    success: bool


def line(record: Record) -> str:
    """A record as a line of a timeline, its end included."""
    return _encode(record) + "\n"


def join(parts: list[Path], whole: Path, finished: RunFinished) -> Joined:
    """Write a run's whole timeline from its parts, in the order of time; each part keeps its own order.

    What several workers resolved alike is told once, an attempt without an end gets one with status ``unknown``,
    and ``finished`` gets the counts and, where it has none, the seconds.

    Args:
        parts: What the processes of the run wrote; ``whole`` itself may be among them.
        whole: Where the timeline goes; it is replaced when all is written.
        finished: The last line.
    """
    tally = _in_place(whole) if parts == [whole] else None
    if tally is not None:
        unfinished = tally.unfinished()
        with whole.open("ab", buffering=0) as lines:
            lines.write(_end(tally, finished).encode("utf-8", "replace"))
    else:
        tally = _Tally()
        fresh = whole.with_name(f".{whole.name}")
        with fresh.open("w", encoding="utf-8", newline="\n") as anew:
            for at, event, text in merge(*map(_lines, parts), key=itemgetter(0)):
                tally.last_at = at
                if tally.takes(event, text):
                    anew.write(text)
            unfinished = tally.unfinished()
            anew.write(_end(tally, finished))
        fresh.replace(whole)
    return Joined(unfinished, success=_NO_SUCCESS.isdisjoint(tally.counts()))


def _end(tally: _Tally, finished: RunFinished) -> str:
    """The last lines: an end for each attempt without one, and that of the run."""
    # The time at which an interrupted run was last written to may be coarser than the times in it.
    at = max(finished.at, tally.last_at)
    endings = "".join(line(each.as_record()) for each in tally.endings(at))
    seconds = finished.seconds or _seconds(tally.begun_at, at)
    return endings + line(replace(finished, at=at, counts=tally.counts(), seconds=seconds).as_record())


def _in_place(whole: Path) -> _Tally | None:
    """What a timeline says that lacks its end and nothing else; None where it is to be written anew.

    Most runs have one process, and a copy of all that it wrote would cost more than to look at it.
    """
    tally = _Tally()
    text = b""
    with whole.open("rb") as lines:
        for text in lines:
            if text.startswith(_WITHIN):
                continue
            head = _HEAD_OF_BYTES.match(text)
            if head is None or not text.endswith(b"}\n") or not tally.takes(head[1].decode(), text):
                return None
    head = _HEAD_OF_BYTES.match(text)
    if head is None or not text.endswith(b"}\n"):
        return None
    tally.last_at = head[2].decode()
    return tally


def _lines(part: Path) -> Iterator[tuple[str, str, str]]:
    """The time, the event and the text of each line; one that was cut short is left out."""
    if not part.exists():
        return
    with part.open(encoding="utf-8", errors="replace") as lines:
        for text in lines:
            head = _HEAD.match(text)
            if head is not None and text.endswith("}\n"):
                yield head[2], head[1], text


class _Attempt(msgspec.Struct, gc=False):
    """As much of the start or the end of an attempt as is counted."""

    scenario: str
    attempt: int
    worker: str = ""
    status: str = ""


_attempt: Final = msgspec.json.Decoder(_Attempt).decode


class _Tally:
    """What the lines of a run that went by so far add up to."""

    def __init__(self) -> None:
        self.begun_at = ""
        self.last_at = ""
        self._open: dict[tuple[str, int, str], str | bytes] = {}
        self._last: dict[str, tuple[int, str]] = {}
        self._failed: set[str] = set()
        self._resolved: set[str] = set()

    def takes(self, event: str, text: str | bytes) -> bool:
        """Count a line; whether it stays."""
        if event == "run_finished":
            return False
        if event == "run_started":
            self.begun_at = json.loads(text)["at"]
        elif event == "service_resolved":
            return self._is_new(json.loads(text))
        elif event == "scenario_started":
            started = _read(text)
            self._open[started.scenario, started.attempt, started.worker] = text
        elif event == "scenario_finished":
            ended = _read(text)
            self._end(ended.scenario, ended.attempt, ended.worker, ended.status)
        return True

    def unfinished(self) -> list[Record]:
        """The start of each attempt that has no end so far, in no process: another may have taken it up."""
        left = {
            (scenario, attempt): text
            for (scenario, attempt, _), text in self._open.items()
            if self._last.get(scenario, (0, ""))[0] < attempt
        }
        return [json.loads(text) for text in left.values()]

    def endings(self, at: str) -> list[ScenarioFinished]:
        """An end for each attempt that has none: its process was gone before."""
        return [self._ending(json.loads(text), at) for text in list(self._open.values())]

    def counts(self) -> dict[str, int]:
        """How many scenarios ended in which status, by their last attempts; passed only then is ``flaky``."""
        ends = ((name, status) for name, (_, status) in self._last.items())
        flaky = ("flaky" if status == "passed" and name in self._failed else status for name, status in ends)
        return dict(sorted(Counter(flaky).items()))

    def _ending(self, start: Record, at: str) -> ScenarioFinished:
        self._end(start["scenario"], start["attempt"], start["worker"], "unknown")
        return ScenarioFinished(
            at=at,
            worker=start["worker"],
            scenario=start["scenario"],
            attempt=start["attempt"],
            status="unknown",
            standing=None,
            seconds=_seconds(start["at"], at),
            message="the run ended before the scenario did",
        )

    def _end(self, scenario: str, attempt: int, worker: str, status: str) -> None:
        self._open.pop((scenario, attempt, worker), None)
        if status != "passed":
            self._failed.add(scenario)
        if attempt >= self._last.get(scenario, (0, ""))[0]:
            self._last[scenario] = attempt, status

    def _is_new(self, record: Record) -> bool:
        said = _encode({key: value for key, value in record.items() if key not in {"at", "worker"}})
        if said in self._resolved:
            return False
        self._resolved.add(said)
        return True


def _read(text: str | bytes) -> _Attempt:
    try:
        return _attempt(text)
    except msgspec.DecodeError:  # half a surrogate pair, which only Python's own reader takes
        record = json.loads(text)
        return _Attempt(record["scenario"], record["attempt"], record["worker"], record.get("status", ""))


def _seconds(begun: str, until: str) -> float:
    if not begun:
        return 0.0
    return round(max(0.0, (datetime.fromisoformat(until) - datetime.fromisoformat(begun)).total_seconds()), 3)
