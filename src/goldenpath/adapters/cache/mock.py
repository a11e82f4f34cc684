"""The cache in this process: fakeredis, a server of its own for each scenario."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from goldenpath.domain.values import Availability, Tier
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.cache import EVERY_KEY
from goldenpath.reference import faults


class MockCache:
    """A key-value store in memory, empty at the start of each scenario."""

    services: tuple[str, ...] = ("cache",)
    tier = Tier.MOCK
    stand_in = True
    needs: tuple[str, ...] = ()
    capabilities = EVERY_KEY | {"clock"}

    async def probe(self) -> Availability:
        """Always there: nothing but this process is needed."""
        return Availability(up=True, reason="in this process, fakeredis")

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """An empty cache whose lifetimes follow the scenario's clock."""
        from fakeredis import FakeAsyncRedis, FakeServer

        from goldenpath.reference.storage.redis import RedisCache

        # Commands share one connection, each subscription has its own.
        options: dict[str, Any] = {"single_connection_client": True, "max_connections": 2**31}
        # Half a surrogate pair is a key that nobody set, and no error.
        options |= {"decode_responses": True, "encoding_errors": "surrogatepass"}
        # Nothing is sent over a wire: a deadline for sending would cost a task each time. RESP2 greets with nothing.
        options |= {"socket_timeout": None, "protocol": 2}
        async with FakeAsyncRedis(server=FakeServer(), **options) as client:
            cache = RedisCache(client)
            faults.install(context.fault, "cache", cache)
            context.clock.listen(cache.moved)
            yield {"cache": cache}
