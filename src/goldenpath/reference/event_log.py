"""How events travel: written to a log for who comes back, then published to who is there.

Both are in the cache, so that the assistant and the gateway need not be one process.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

from goldenpath.ports.cache import CachePort
from goldenpath.ports.events import Event

KEPT: Final = 3600
"""How long a client may be away and still get what it missed, in seconds."""


def events_channel(user_id: str) -> str:
    """Where the events of a user's runs are published."""
    return f"events:{user_id}"


def session_ended_channel(session_id: str) -> str:
    """Where the end of a session is published."""
    return f"session-ended:{session_id}"


def log_key(run_id: str, seq: int) -> str:
    """Where an event is kept for who comes back."""
    return f"run-events:{run_id}:{seq}"


def to_json(event: Event) -> str:
    """The envelope as it goes over the wire; the timestamp is RFC 3339 text."""
    envelope: dict[str, Any] = {
        "type": event.type,
        "event_id": event.event_id,
        "seq": event.seq,
        "run_id": event.run_id,
        "thread_id": event.thread_id,
        "user_id": event.user_id,
        "agent": event.agent,
        "timestamp": event.timestamp.isoformat(),
        "data": event.data,
    }
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":"), default=str)


def from_json(text: str) -> Event:
    """The event in an envelope."""
    envelope = json.loads(text)
    return Event(**{**envelope, "timestamp": datetime.fromisoformat(envelope["timestamp"])})


class EventLog:
    """The events of all runs."""

    def __init__(self, cache: CachePort) -> None:
        self._cache = cache

    async def tell(self, event: Event) -> None:
        """Log an event, then publish it to its user: who subscribes in between finds it in the log."""
        text = to_json(event)
        await self.keep(event, text)
        await self.publish(events_channel(event.user_id), text)

    async def keep(self, event: Event, text: str) -> None:
        """Write an envelope to the log."""
        await self._cache.set(log_key(event.run_id, event.seq), text, KEPT)

    async def publish(self, channel: str, text: str) -> None:
        """Send an envelope to whoever listens."""
        await self._cache.publish(channel, text)

    async def after(self, run_id: str, seq: int) -> AsyncIterator[Event]:
        """What was told of a run after its event ``seq`` (0 for all), in order, as far as it is kept."""
        while (text := await self._cache.get(log_key(run_id, seq := seq + 1))) is not None:
            yield from_json(text)
