"""What a run tells of itself, such that the rules of the events hold whatever its script does.

The rules are the design's: the start comes first and once, ``seq`` counts from 1 without a gap, a thought
precedes the ending, every tool that was started is completed before it, nothing follows it, ids stay, and
timestamps never go back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from goldenpath.ports.clock import Clock, Ids
from goldenpath.ports.events import COMPLETED, ENDINGS, FAILED, STARTED, THINKING, TOOL_ENDED, TOOL_STARTED, Event
from goldenpath.reference.event_log import EventLog

AGENT: Final = "assistant"
"""The name under which the reference assistant signs its events."""

_CUT_SHORT: Final = "the work ended before the tool was done"


@dataclass(frozen=True, slots=True)
class RunContext:
    """What one run knows: whose it is and what was asked. No run sees another's."""

    run_id: str
    thread_id: str
    user_id: str
    prompt: str


@dataclass(frozen=True, slots=True)
class _OpenCall:
    tool: str
    since: datetime


class Narration:
    """The events of one run."""

    def __init__(self, run: RunContext, log: EventLog, clock: Clock, ids: Ids) -> None:
        self._run = run
        self._log = log
        self._clock = clock
        self._ids = ids
        self._seq = 0
        self._thoughts = 0
        self._calls: dict[str, _OpenCall] = {}
        self._began: datetime | None = None
        self._last: datetime | None = None
        self._ended = False

    async def take_up(self, told: AsyncIterator[Event]) -> None:
        """Go on where an earlier narration of the run left off."""
        async for event in told:
            self._note(event)

    async def started(self) -> None:
        """The run has begun."""
        await self._tell(STARTED, message="The assistant is at work on your question.")

    async def thought(self, reasoning: str) -> None:
        """The assistant has thought something."""
        await self._tell(THINKING, reasoning=reasoning, step=self._thoughts + 1)

    async def tool_started(self, tool: str, arguments: dict[str, Any]) -> str:
        """A tool is at work; gives the id of the call, under which it is to be completed."""
        call_id = self._ids.new("tool-call")
        await self._tell(TOOL_STARTED, tool_call_id=call_id, tool=tool, arguments=arguments)
        return call_id

    async def tool_ended(self, call_id: str, *, result: Any = None, error: str | None = None) -> None:
        """A tool is done; with ``error`` it failed."""
        call, now = self._calls[call_id], self._now()
        outcome: dict[str, Any] = {"ok": True, "result": result} if error is None else {"ok": False, "error": error}
        data = {"tool_call_id": call_id, "tool": call.tool, **outcome, "duration_ms": _ms(now - call.since)}
        await self._tell(TOOL_ENDED, now, **data)

    async def completed(self, answer: str) -> None:
        """The run has ended with an answer, which is saved by now."""
        await self._wind_up()
        now = self._now()
        await self._tell(COMPLETED, now, answer=answer, duration_ms=self._since_start(now))

    async def failed(self, code: str, message: str) -> None:
        """The run has ended without an answer."""
        await self._wind_up()
        now = self._now()
        error = {"code": code, "message": message}
        await self._tell(FAILED, now, error=error, duration_ms=self._since_start(now))

    async def _wind_up(self) -> None:
        """Tell what must not be missing before an ending."""
        if self._seq == 0:
            await self.started()
        if self._thoughts == 0:
            await self.thought("There is nothing more to think about.")
        for call_id in list(self._calls):
            await self.tool_ended(call_id, error=_CUT_SHORT)

    async def _tell(self, type: str, at: datetime | None = None, **data: Any) -> None:
        if self._ended:
            raise RuntimeError(f"run {self._run.run_id} has ended; {type} must not follow")
        run, event_id = self._run, self._ids.new("event")
        where = (run.run_id, run.thread_id, run.user_id, AGENT)
        event = Event(type, event_id, self._seq + 1, *where, at or self._now(), data)
        self._note(event)
        await self._log.tell(event)

    def _note(self, event: Event) -> None:
        self._seq = event.seq
        self._last = event.timestamp
        self._began = self._began or event.timestamp
        self._thoughts += event.type == THINKING
        self._ended = event.type in ENDINGS
        if event.type == TOOL_STARTED:
            self._calls[event.data["tool_call_id"]] = _OpenCall(event.data["tool"], event.timestamp)
        elif event.type == TOOL_ENDED:
            self._calls.pop(event.data["tool_call_id"], None)

    def _now(self) -> datetime:
        now = self._clock.now()
        return max(now, self._last) if self._last else now

    def _since_start(self, now: datetime) -> int:
        return _ms(now - (self._began or now))


def _ms(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))
