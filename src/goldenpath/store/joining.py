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

from goldenpath.domain.timeline import RunFinished, ScenarioFinished

Record = dict[str, Any]

_HEAD: Final = re.compile(r'\{"event": ?"(\w+)", ?"at": ?"([^"]+)"')
_NO_SUCCESS: Final = frozenset({"failed", "pending", "undefined", "ambiguous", "unknown"})
_encode: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


@dataclass(frozen=True, slots=True)
class Joined:
    """What a timeline turned out to say.

    Attributes:
        unfinished: The ``scenario_started`` of each attempt that had no end.
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
    tally = _Tally()
    fresh = whole.with_name(f".{whole.name}")
    with fresh.open("w", encoding="utf-8", newline="\n") as lines:
        for at, event, text in merge(*map(_lines, parts), key=itemgetter(0)):
            tally.last_at = at
            if tally.takes(event, text):
                lines.write(text)
        # The time at which an interrupted run was last written to may be coarser than the times in it.
        at = max(finished.at, tally.last_at)
        unfinished = tally.unfinished()
        lines.writelines(line(each.as_record()) for each in tally.endings(at))
        seconds = finished.seconds or _seconds(tally.begun_at, at)
        lines.write(line(replace(finished, at=at, counts=tally.counts(), seconds=seconds).as_record()))
    fresh.replace(whole)
    return Joined(unfinished, success=_NO_SUCCESS.isdisjoint(tally.counts()))


def _lines(part: Path) -> Iterator[tuple[str, str, str]]:
    """The time, the event and the text of each line; one that was cut short is left out."""
    if not part.exists():
        return
    with part.open(encoding="utf-8", errors="replace") as lines:
        for text in lines:
            head = _HEAD.match(text)
            if head is not None and text.endswith("}\n"):
                yield head[2], head[1], text


class _Tally:
    """What the lines of a run that went by so far add up to."""

    def __init__(self) -> None:
        self.begun_at = ""
        self.last_at = ""
        self._open: dict[tuple[str, int], Record] = {}
        self._last: dict[str, tuple[int, str]] = {}
        self._failed: set[str] = set()
        self._resolved: set[str] = set()

    def takes(self, event: str, text: str) -> bool:
        """Count a line; whether it stays."""
        if event == "run_finished":
            return False
        if event == "run_started":
            self.begun_at = json.loads(text)["at"]
        elif event == "service_resolved":
            return self._is_new(json.loads(text))
        elif event == "scenario_started":
            record = json.loads(text)
            self._open[record["scenario"], record["attempt"]] = record
        elif event == "scenario_finished":
            record = json.loads(text)
            self._end(record["scenario"], record["attempt"], record["status"])
        return True

    def unfinished(self) -> list[Record]:
        """The start of each attempt that has no end so far."""
        return list(self._open.values())

    def endings(self, at: str) -> list[ScenarioFinished]:
        """An end for each attempt that has none: its process was gone before."""
        return [self._ending(start, at) for start in list(self._open.values())]

    def counts(self) -> dict[str, int]:
        """How many scenarios ended in which status, by their last attempts; passed only then is ``flaky``."""
        ends = ((name, status) for name, (_, status) in self._last.items())
        flaky = ("flaky" if status == "passed" and name in self._failed else status for name, status in ends)
        return dict(sorted(Counter(flaky).items()))

    def _ending(self, start: Record, at: str) -> ScenarioFinished:
        self._end(start["scenario"], start["attempt"], "unknown")
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

    def _end(self, scenario: str, attempt: int, status: str) -> None:
        self._open.pop((scenario, attempt), None)
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


def _seconds(begun: str, until: str) -> float:
    if not begun:
        return 0.0
    return round(max(0.0, (datetime.fromisoformat(until) - datetime.fromisoformat(begun)).total_seconds()), 3)
