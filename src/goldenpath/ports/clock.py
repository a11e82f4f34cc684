"""Time, as the scenario's services know it, and ids.

Time is moved for the accounts of one scenario, never for the machine. Whatever expires, locks or is
stamped asks a clock, never the machine.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

Moved = Callable[[timedelta], Awaitable[None]]
"""Called after time was moved, with how far."""


class Clock(Protocol):
    """The time of one scenario: the machine's, plus what the scenario has moved it by."""

    def now(self) -> datetime:
        """The instant, with its zone (UTC)."""

    async def advance(self, by: timedelta) -> None:
        """Move time forward for this scenario.

        Raises:
            ValueError: ``by`` is negative: time never goes back.
        """


class ScenarioClock:
    """A clock that a scenario moves; who keeps times of its own (a cache) listens."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._last = datetime.min.replace(tzinfo=UTC)
        self._listeners: list[Moved] = []

    @property
    def offset(self) -> timedelta:
        """How far this scenario is ahead of the machine."""
        return self._offset

    def now(self) -> datetime:
        """The instant, with its zone (UTC); each later than the one before, however coarse the machine's clock is."""
        instant = datetime.now(UTC) + self._offset
        self._last = instant if instant > self._last else self._last + timedelta(microseconds=1)
        return self._last

    def listen(self, moved: Moved) -> None:
        """Have ``moved`` called each time that time was moved."""
        self._listeners.append(moved)

    async def advance(self, by: timedelta) -> None:
        """Move time forward and tell every listener.

        Raises:
            ValueError: ``by`` is negative.
        """
        if by < timedelta():
            raise ValueError("time never goes back")
        self._offset += by
        for moved in self._listeners:
            await moved(by)


class Ids(Protocol):
    """Names for what is made."""

    def new(self, kind: str) -> str:
        """A new id: a UUID as text, never given twice; ``kind`` says of what (``run``, ``thread``)."""


class SeededIds:
    """Ids made from a seed, so that the same scenario of the same run and worker makes the same ids (RFC 9562, v5)."""

    def __init__(self, seed: str) -> None:
        self._space = uuid.uuid5(uuid.NAMESPACE_URL, f"goldenpath:{seed}")
        self._made: dict[str, int] = {}

    def new(self, kind: str) -> str:
        """The next id of that kind."""
        number = self._made[kind] = self._made.get(kind, 0) + 1
        return str(uuid.uuid5(self._space, f"{kind}/{number}"))
