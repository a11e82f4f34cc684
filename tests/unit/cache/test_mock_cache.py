"""What is particular to the cache in this process, and to a server that several scenarios share."""

from __future__ import annotations

import asyncio
import gc
import threading
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from goldenpath.adapters.cache.mock import MockCache
from goldenpath.domain.values import Tier
from goldenpath.ports.adapter import Adapter, OpenContext
from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.reference.storage.redis import RedisCache


def _open():
    return MockCache().open(OpenContext("a scenario", ScenarioClock(), SeededIds("seed")))


def test_it_is_a_stand_in_that_needs_nothing():
    mock = MockCache()
    assert isinstance(mock, Adapter)
    assert (mock.tier, mock.stand_in, mock.needs) == (Tier.MOCK, True, ())
    assert asyncio.run(mock.probe()).up


@pytest.mark.asyncio
async def test_two_scenarios_share_nothing():
    async with _open() as one, _open() as other:
        await one["cache"].set("k", "v")
        assert await other["cache"].get("k") is None
        async with other["cache"].subscribe("a"):
            assert await one["cache"].publish("a", "x") == 0


@pytest.mark.asyncio
async def test_many_may_listen_and_ask_at_once():
    async with _open() as opened, AsyncExitStack() as stack:
        cache = opened["cache"]
        heard = [await stack.enter_async_context(cache.subscribe("news")) for _ in range(120)]
        await asyncio.gather(*(cache.set(f"key {number}", "v") for number in range(120)))
        assert await cache.publish("news", "hello") == 120
        assert set(await asyncio.gather(*(each.get(5) for each in heard))) == {"hello"}


@pytest.mark.asyncio
async def test_half_a_surrogate_pair_is_a_key_that_nobody_set():
    async with _open() as opened:
        assert await opened["cache"].get("\ud800") is None


@pytest.mark.asyncio
async def test_moved_time_touches_only_keys_of_the_own_prefix():
    from fakeredis import FakeAsyncRedis, FakeServer

    async with FakeAsyncRedis(server=FakeServer(), decode_responses=True) as client:
        mine, other = RedisCache(client, "run*:"), RedisCache(client, "run1:")
        await mine.set("k", "v", 60)
        await other.set("k", "v", 60)
        await mine.moved(timedelta(minutes=2))
        assert await mine.get("k") is None
        assert await other.get("k") == "v"


def test_nothing_outlives_the_scenario():
    before = set(threading.enumerate())

    async def scenario():
        async with _open() as ports, ports["cache"].subscribe("a") as subscription:
            await ports["cache"].publish("a", "x")
            await subscription.get(1)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(scenario()) == set()
    gc.collect()
    assert set(threading.enumerate()) == before
