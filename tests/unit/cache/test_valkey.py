"""What is particular to a server: it can be lost, and it asks for a password."""

from __future__ import annotations

import asyncio

import pytest
from live import running

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.reference.storage.server import server_cache
from goldenpath.stack.valkey import Valkey
from goldenpath.stack.waiting import until


@pytest.mark.asyncio
async def test_nobody_there_is_a_lost_cache():
    async with server_cache("redis://:secret@127.0.0.1:9/0", "p:") as cache:
        for operation in (cache.get("k"), cache.increment("n", ttl=5), cache.publish("a", "x")):
            with pytest.raises(ServiceUnavailable) as lost:
                await operation
            assert lost.value.service == "cache"
            assert "secret" not in str(lost.value)
        with pytest.raises(ServiceUnavailable):
            async with cache.subscribe("a"):
                pass


@pytest.mark.asyncio
async def test_a_wrong_password_is_a_lost_cache(valkey):
    async with server_cache(f"redis://:wrong@127.0.0.1:{valkey.port}/0", "p:") as cache:
        with pytest.raises(ServiceUnavailable):
            await cache.get("k")


@pytest.mark.asyncio
async def test_two_prefixes_share_nothing(valkey):
    async with server_cache(valkey.url, "one:") as one, server_cache(valkey.url, "other:") as other:
        await one.set("k", "v", 60)
        assert await other.get("k") is None
        async with other.subscribe("a"):
            assert await one.publish("a", "x") == 0


def test_a_cache_that_dies_is_lost_to_who_asks_and_to_who_listens():
    with running(Valkey) as server:

        async def scenario():
            async with server_cache(server.url, "p:") as cache, asyncio.timeout(20):
                await cache.set("k", "v")
                async with cache.subscribe("a") as subscription:
                    server.child.send(9)
                    until(server.child.ended, 20)
                    with pytest.raises(ServiceUnavailable):
                        await subscription.get(15)
                with pytest.raises(ServiceUnavailable):
                    await cache.get("k")

        asyncio.run(scenario())
