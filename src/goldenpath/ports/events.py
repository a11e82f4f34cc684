"""What the assistant tells while it works: connections, events, and waiting for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from goldenpath.domain.errors import NotSeen, ServiceUnavailable
from goldenpath.ports.agents import Started

Found = TypeVar("Found")

STARTED: Final = "agent_started"
THINKING: Final = "agent_thinking"
TOOL_STARTED: Final = "tool_executing"
TOOL_ENDED: Final = "tool_completed"
COMPLETED: Final = "agent_completed"
FAILED: Final = "agent_failed"

ENDINGS: Final = frozenset({COMPLETED, FAILED})
"""A run has one of these, and nothing after it."""

LINE_LOST: Final = 1006
"""What stands for a close code where a connection ended without one (RFC 6455, 7.4.1)."""

SESSION_ENDED: Final = 1008
"""The close code of a socket whose session has ended (RFC 6455, 7.4.1: policy violation)."""

_IN_WORDS: Final = {
    STARTED: "the assistant had only started",
    THINKING: "the assistant was still thinking",
    TOOL_STARTED: "a tool was still at work",
    TOOL_ENDED: "a tool was done, and nothing came after it",
    COMPLETED: "the assistant was already done",
    FAILED: "the assistant had given up",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a run, in its envelope.

    Attributes:
        type: One of the constants of this module.
        event_id: Its own id, a UUID as text.
        seq: Its place in the run, from 1, without a gap.
        run_id, thread_id, user_id: The same throughout a run.
        agent: The name of the assistant.
        timestamp: With a zone; never earlier than the event before it.
        data: What it tells, by type: see the design's table of events.
    """

    type: str
    event_id: str
    seq: int
    run_id: str
    thread_id: str
    user_id: str
    agent: str
    timestamp: datetime
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resume:
    """Where a client that comes back left off: the run, and the last ``seq`` that it saw (0 for none)."""

    run_id: str
    last_seq: int


@dataclass(frozen=True, slots=True)
class Closed:
    """How a connection ended, by its WebSocket close code (RFC 6455, 7.4.1)."""

    code: int
    reason: str


class Wire(Protocol):
    """What an adapter gives a connection to act with."""

    async def ask(self, prompt: str, thread_id: str | None) -> Started:
        """Send a question over the connection."""

    async def close(self) -> None:
        """Say goodbye and close."""

    async def drop(self) -> None:
        """Cut the line, without a goodbye."""


class Watcher(Protocol):
    """Who is told of what a connection does and receives; the runtime's observer."""

    def event(self, event: Event) -> None:
        """An event arrived."""

    def operation(self, name: str, **payload: object) -> None:
        """The client did something over the connection."""


class Connection:
    """One open window on the assistant's work: what arrived, in the order in which it arrived.

    The adapter calls ``deliver`` and ``ended``; everything else is for those who watch.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._events: list[Event] = []
        self._taken: set[int] = set()
        self._closed: Closed | None = None
        self._error: Exception | None = None
        self._told = False
        self._changed = asyncio.Event()
        self._watchers: list[Watcher] = []

    @property
    def received(self) -> tuple[Event, ...]:
        """All that arrived so far, awaited or not."""
        return tuple(self._events)

    @property
    def is_open(self) -> bool:
        """Whether the connection has not ended, as far as is known now."""
        return self._closed is None

    def events_of(self, run_id: str) -> tuple[Event, ...]:
        """What arrived of one run."""
        return tuple(event for event in self._events if event.run_id == run_id)

    async def ask(self, prompt: str, thread_id: str | None = None) -> Started:
        """Ask over this connection.

        Raises:
            Invalid, NotFound: As for ``AgentsPort.start``.
        """
        started = await self._wire.ask(prompt, thread_id)
        self._tell("ask", prompt=prompt, thread_id=thread_id, run_id=started.run_id)
        return started

    async def next(self, type: str | None = None, *, run_id: str | None = None, within: float = 5) -> Event:
        """The next event that nobody has taken, of that type and run; earlier ones of other kinds stay.

        Raises:
            NotSeen: None came ``within`` seconds.
            ServiceUnavailable: The line was lost.
        """

        def find() -> Event | None:
            for place, event in enumerate(self._events):
                fits = (type is None or event.type == type) and (run_id is None or event.run_id == run_id)
                if place not in self._taken and fits:
                    self._taken.add(place)
                    return event
            return None

        what = f"an event {type!r}" if type else "an event"
        return await self._wait_for(find, what, within, run_id)

    async def ending(self, run_id: str, within: float = 5) -> Event:
        """The event with which a run ends. It is not taken: whoever asks gets the same.

        Raises:
            NotSeen: The run had not ended ``within`` seconds.
            ServiceUnavailable: The line was lost.
        """

        def find() -> Event | None:
            return next((e for e in self._events if e.run_id == run_id and e.type in ENDINGS), None)

        return await self._wait_for(find, "the end of the work", within, run_id)

    async def seen(self, type: str, *, run_id: str | None = None, within: float = 5) -> Event:
        """The first event of that type, taken before or not.

        Raises:
            NotSeen: None came ``within`` seconds.
            ServiceUnavailable: The line was lost.
        """

        def find() -> Event | None:
            return next((e for e in self._events if e.type == type and (run_id is None or e.run_id == run_id)), None)

        return await self._wait_for(find, f"an event {type!r}", within, run_id)

    async def closed(self, within: float = 5) -> Closed:
        """How the connection ended.

        Raises:
            NotSeen: It was still open ``within`` seconds.
        """
        return await self._wait_for(lambda: self._closed, "the end of the connection", within, None)

    async def close(self) -> None:
        """Say goodbye and close; once is enough, more does no harm."""
        self._tell("close")
        await self._wire.close()

    async def drop(self) -> None:
        """Cut the line without a goodbye, as a lost network does."""
        self._tell("drop")
        await self._wire.drop()

    def deliver(self, event: Event) -> None:
        """An event arrived (for the adapter)."""
        self._events.append(event)
        for watcher in self._watchers:
            watcher.event(event)
        self._changed.set()

    def ended(self, code: int, reason: str) -> None:
        """The connection ended, by whichever side (for the adapter); the first ending stands."""
        if self._closed is None:
            self._closed = Closed(code, reason)
            self._changed.set()

    def lost(self, reason: str) -> None:
        """The line is gone, and nobody said goodbye (for the adapter): who waits for more is told that, at once."""
        self.broke(ServiceUnavailable("events", reason), LINE_LOST, reason)

    def broke(self, error: Exception, code: int, reason: str) -> None:
        """What came cannot be understood (for the adapter): who waits for more is told that, at once."""
        if self._closed is None:
            self._error = error
            self.ended(code, reason)

    @property
    def untold(self) -> Exception | None:
        """What it broke on, when nobody who waited was told of it."""
        return None if self._told else self._error

    def forget(self, run_id: str) -> None:
        """Leave a run out of what was received, as if it had not been watched; its events stay observed."""
        kept = [place for place, event in enumerate(self._events) if event.run_id != run_id]
        self._taken = {new for new, old in enumerate(kept) if old in self._taken}
        self._events = [self._events[place] for place in kept]

    def watch(self, watcher: Watcher) -> None:
        """Tell ``watcher`` of every event, those that arrived before included."""
        for event in self._events:
            watcher.event(event)
        self._watchers.append(watcher)

    def _tell(self, operation: str, **payload: object) -> None:
        for watcher in self._watchers:
            watcher.operation(operation, **payload)

    async def _wait_for(self, find: Callable[[], Found | None], what: str, within: float, run_id: str | None) -> Found:
        try:
            async with asyncio.timeout(within):
                while (found := find()) is None:
                    if self._error is not None:
                        self._told = True
                        raise self._error
                    self._changed.clear()
                    await self._changed.wait()
                return found
        except TimeoutError:
            raise NotSeen(what, within, self._last_seen(run_id)) from None

    def _last_seen(self, run_id: str | None) -> str:
        events = self._events if run_id is None else self.events_of(run_id)
        if not events:
            return "nothing had come" if self.is_open else "the connection was closed and nothing had come"
        said = _IN_WORDS.get(events[-1].type, f"the last to come was {events[-1].type!r}")
        return said if self.is_open else f"{said}, and the connection was closed"


class EventsPort(Protocol):
    """Watching the assistant at work. Capabilities: ``tickets``, ``resume``, ``order``."""

    async def connect(
        self,
        access_token: str | None = None,
        *,
        ticket: str | None = None,
        resume: Resume | None = None,
    ) -> Connection:
        """Open a connection, with a token or with a ticket; events of this user's runs arrive from then on.

        With ``resume`` what was missed of that run comes first, each event once (capability ``resume``).

        Raises:
            NotSignedIn: The token or ticket is not good, before anything is accepted.
            NotFound: The run to resume is not there, or is another user's.
        """

    async def ticket(self, access_token: str) -> str:
        """A ticket that opens one connection within a minute (capability ``tickets``).

        Raises:
            NotSignedIn: The token is not good.
        """
