"""A database and a cache in which a product keeps what is its own, beside what stand-ins of ours keep there.

What the settings map is the product's as long as the product's own code answers the service that writes it. Where the
reference platform answers that service instead, its tables and keys are asked, which are never mapped.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

from goldenpath.domain.values import Tier
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.cache import EVERY_KEY, CachePort
from goldenpath.ports.database import EVERY_ROW, DatabasePort, MessageRow, RunRow, Store, ThreadRow, UserRow
from goldenpath.wire import opening

_SAID_BY: Final = {"database": ("tables", EVERY_ROW), "cache": ("keys", EVERY_KEY)}
"""The table of the settings that maps a service, and what can be read where there is none."""

KEPT_BY: Final = {"session": "auth", "thread": "agents", "ticket": "events"}
"""The service whose keys are of a kind."""


def is_mapped(service: str, table: Mapping[str, Any]) -> bool:
    """Whether the settings of a database or a cache map what a product keeps there."""
    return _SAID_BY[service][0] in table


def readable(service: str, table: Mapping[str, Any]) -> frozenset[str]:
    """The capabilities that say what can be read.

    Args:
        service: ``database`` or ``cache``.
        table: What describes it, see ``goldenpath.wire.opening.described``.

    Raises:
        SettingsError: The mapping is not sound.
    """
    return opening.capabilities(service, table) if is_mapped(service, table) else _SAID_BY[service][1]


@asynccontextmanager
async def database_port(ours: Store, tier: Tier, context: OpenContext) -> AsyncIterator[DatabasePort]:
    """What a scenario reads in a database in which our tables stand, too.

    Args:
        ours: Our tables.
        tier: How real the database is.
        context: Whose port it is, with the address of the database.
    """
    table = opening.described(context.settings, tier)
    if not is_mapped("database", table) or "agents" in context.ours:
        yield ours
        return
    url = context.address.get("own") or context.address["url"]
    async with opening.open_port("database", url, table, context) as theirs:
        yield BothRows(ours, theirs)  # type: ignore[arg-type]  # the speaker of a database gives one


@asynccontextmanager
async def cache_port(ours: CachePort, url: str, tier: Tier, context: OpenContext) -> AsyncIterator[CachePort]:
    """What a scenario reads in a cache in which our keys stand, too.

    Args:
        ours: Our keys.
        url: Where the cache is.
        tier: How real it is.
        context: Whose port it is.
    """
    table = opening.described(context.settings, tier)
    if not is_mapped("cache", table):
        yield ours
        return
    from goldenpath.wire.keys import beside

    own = frozenset(kind for kind, service in KEPT_BY.items() if service in context.ours)
    async with beside(ours, url, table, own) as both:
        yield both


class BothRows:
    """A store of ours, and the rows of a product: what stand-ins write is ours, and conversations are the product's.

    Args:
        ours: Where stand-ins write, and find what they wrote.
        theirs: The product's rows.
    """

    def __init__(self, ours: Store, theirs: DatabasePort) -> None:
        self._ours = ours
        self._theirs = theirs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ours, name)

    async def user(self, user_id: str) -> UserRow | None:
        """See ``DatabasePort``; an account of a stand-in's, else one of the product's."""
        return await self._ours.user(user_id) or await self._theirs.user(user_id)

    async def thread(self, owner_id: str, thread_id: str) -> ThreadRow | None:
        """See ``DatabasePort``."""
        return await self._theirs.thread(owner_id, thread_id)

    async def threads(
        self, owner_id: str, *, limit: int = 20, before: tuple[datetime, str] | None = None
    ) -> tuple[ThreadRow, ...]:
        """See ``DatabasePort``."""
        return await self._theirs.threads(owner_id, limit=limit, before=before)

    async def messages(self, owner_id: str, thread_id: str) -> tuple[MessageRow, ...]:
        """See ``DatabasePort``."""
        return await self._theirs.messages(owner_id, thread_id)

    async def run(self, owner_id: str, run_id: str) -> RunRow | None:
        """See ``DatabasePort``."""
        return await self._theirs.run(owner_id, run_id)

    async def runs(self, owner_id: str) -> tuple[RunRow, ...]:
        """See ``DatabasePort``."""
        return await self._theirs.runs(owner_id)
