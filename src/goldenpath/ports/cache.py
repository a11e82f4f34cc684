"""What is kept for a while: sessions, tickets, a conversation's quick copy, and messages between services."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol


class Subscription(Protocol):
    """Messages of one or more channels, from the moment of subscribing."""

    async def get(self, within: float) -> str | None:
        """The next message, or None when none came ``within`` seconds."""


class CachePort(Protocol):
    """A key-value store with lifetimes. Keys and values are text; lifetimes are seconds. Capability ``clock``.

    What a product keeps is asked for by ``session_key``, ``thread_key`` and ``ticket_key``; whoever reads a product
    that calls them otherwise knows its names for them. Capabilities ``session_keys``, ``thread_keys``, ``ticket_keys``
    say which of them can be read.
    """

    async def get(self, key: str) -> str | None:
        """The value, or None when there is none or its time is over."""

    async def set(self, key: str, value: str, ttl: float | None = None) -> None:
        """Set a value; its former lifetime goes. None lives until it is deleted.

        Raises:
            Invalid: ``ttl`` is not above zero.
        """

    async def add(self, key: str, value: str, ttl: float | None = None) -> bool:
        """Set a value only if there is none; whether it was set."""

    async def increment(self, key: str, by: int = 1, ttl: float | None = None) -> int:
        """Add to a number and give the sum. A key keeps its lifetime; ``ttl`` is for one that is new.

        Raises:
            Invalid: The value is no whole number.
        """

    async def take(self, key: str) -> str | None:
        """The value, deleted in the same instant: of two takers one gets it (Redis GETDEL)."""

    async def delete(self, key: str) -> bool:
        """Delete; whether there was anything."""

    async def ttl(self, key: str) -> float | None:
        """Seconds until the value goes; None when it has no lifetime.

        Raises:
            NotFound: There is no such key.
        """

    async def publish(self, channel: str, message: str) -> int:
        """Send to whoever has subscribed; how many they were."""

    def subscribe(self, *channels: str) -> AbstractAsyncContextManager[Subscription]:
        """Listen to channels; entered, every later message arrives, in order."""


def session_key(session_id: str) -> str:
    """Where the platform keeps a session that has not ended."""
    return f"session:{session_id}"


def thread_key(thread_id: str) -> str:
    """Where the platform keeps a conversation's quick copy; dropped when a run changes it."""
    return f"thread:{thread_id}"


def ticket_key(ticket: str) -> str:
    """Where the platform keeps a ticket that was not used."""
    return f"ticket:{ticket}"


KINDS: Final[Mapping[str, str]] = {"session": "session_id", "thread": "thread_id", "ticket": "ticket"}
"""The kinds of keys that a product has, and what each of them is named by."""

EVERY_KEY: Final = frozenset(f"{kind}_keys" for kind in KINDS)
"""The capabilities of a cache in which all of them are called as the platform calls them."""


def kind_of(key: str) -> tuple[str, str] | None:
    """The kind of a key that the functions above gave, and what it is named by; None for any other key."""
    kind, colon, name = key.partition(":")
    return (kind, name) if colon and kind in KINDS else None
