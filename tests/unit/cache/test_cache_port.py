"""What every cache promises; an adapter is put to it by adding its opener."""

from __future__ import annotations

import asyncio
import math
import uuid
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from goldenpath.adapters.cache.mock import MockCache
from goldenpath.domain.errors import Invalid, NotFound
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.reference.storage.redis import RedisCache
from goldenpath.reference.storage.server import server_cache

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def open_mock():
    clock = ScenarioClock()
    async with MockCache().open(OpenContext("a scenario", clock, SeededIds("seed"))) as ports:
        yield ports["cache"], clock


@asynccontextmanager
async def open_with_prefix():
    """As on a shared server: every key and channel of the scenario begins alike, with characters of patterns."""
    from fakeredis import FakeAsyncRedis, FakeServer

    clock = ScenarioClock()
    async with FakeAsyncRedis(server=FakeServer(), decode_responses=True) as client:
        cache = RedisCache(client, prefix="run[1]*:")
        clock.listen(cache.moved)
        yield cache, clock


@pytest.fixture(params=["mock", "prefix", "valkey"])
def opened(request):
    """Opens a cache and the clock that it follows."""
    if request.param != "valkey":
        return {"mock": open_mock, "prefix": open_with_prefix}[request.param]
    server = request.getfixturevalue("valkey")

    @asynccontextmanager
    async def open_valkey():
        clock = ScenarioClock()
        async with server_cache(server.url, f"test {uuid.uuid4()} [1]*:") as cache:
            clock.listen(cache.moved)
            yield cache, clock

    return open_valkey


async def test_a_value_is_kept_until_it_is_deleted(opened):
    async with opened() as (cache, _):
        await cache.set("k", "ein Wört\n")
        assert await cache.get("k") == "ein Wört\n"
        assert await cache.ttl("k") is None
        assert await cache.delete("k")
        assert await cache.get("k") is None
        assert not await cache.delete("k")


async def test_an_empty_value_is_a_value(opened):
    async with opened() as (cache, _):
        await cache.set("k", "")
        assert await cache.get("k") == ""
        assert await cache.take("k") == ""


async def test_a_lifetime_is_told_in_seconds(opened):
    async with opened() as (cache, _):
        await cache.set("k", "v", 90)
        assert 89 < await cache.ttl("k") <= 90


async def test_setting_anew_gives_a_new_lifetime_or_none(opened):
    async with opened() as (cache, _):
        await cache.set("k", "v", 90)
        await cache.set("k", "v", 900)
        assert await cache.ttl("k") > 90
        await cache.set("k", "v")
        assert await cache.ttl("k") is None


async def test_no_key_has_no_lifetime(opened):
    async with opened() as (cache, _):
        with pytest.raises(NotFound):
            await cache.ttl("none")


@pytest.mark.parametrize("ttl", [0, -1, math.nan, math.inf])
async def test_a_lifetime_is_above_zero(opened, ttl):
    async with opened() as (cache, _):
        for operation in (cache.set("k", "v", ttl), cache.add("k", "v", ttl), cache.increment("k", ttl=ttl)):
            with pytest.raises(Invalid):
                await operation
        assert await cache.get("k") is None


async def test_a_lifetime_ends_by_itself(opened):
    async with opened() as (cache, _):
        await cache.set("k", "v", 0.02)
        async with asyncio.timeout(5):
            while await cache.get("k") is not None:  # noqa: ASYNC110  # a cache tells nobody that a lifetime is over
                await asyncio.sleep(0.01)


async def test_lifetimes_follow_the_clock(opened):
    async with opened() as (cache, clock):
        await cache.set("short", "v", 60)
        await cache.set("long", "v", 600)
        await cache.set("ever", "v")
        await clock.advance(timedelta(seconds=60))
        assert await cache.get("short") is None
        assert 539 < await cache.ttl("long") <= 540
        assert await cache.get("ever") == "v"
        await clock.advance(timedelta(days=1))
        assert await cache.get("long") is None


async def test_an_empty_cache_follows_the_clock(opened):
    async with opened() as (cache, clock):
        await clock.advance(timedelta(days=1))
        assert await cache.get("k") is None


async def test_add_sets_only_what_is_not_there(opened):
    async with opened() as (cache, clock):
        assert await cache.add("k", "first", 60)
        assert not await cache.add("k", "second", 600)
        assert await cache.get("k") == "first"
        assert await cache.ttl("k") <= 60
        await clock.advance(timedelta(seconds=61))
        assert await cache.add("k", "third")


async def test_increment_counts_and_keeps_the_lifetime(opened):
    async with opened() as (cache, _):
        assert await cache.increment("n", ttl=60) == 1
        assert await cache.increment("n", by=4, ttl=600) == 5
        assert await cache.increment("n", by=-6) == -1
        assert 59 < await cache.ttl("n") <= 60
        assert await cache.get("n") == "-1"


async def test_increment_without_lifetime_gives_none(opened):
    async with opened() as (cache, _):
        await cache.increment("n")
        await cache.increment("n", ttl=60)
        assert await cache.ttl("n") is None


@pytest.mark.parametrize("ttl", [None, 60])
async def test_only_whole_numbers_are_counted_up(opened, ttl):
    async with opened() as (cache, _):
        await cache.set("k", "1.5")
        with pytest.raises(Invalid):
            await cache.increment("k", ttl=ttl)
        assert await cache.get("k") == "1.5"


async def test_of_many_takers_one_gets_the_value(opened):
    async with opened() as (cache, _):
        await cache.set("k", "v", 60)
        taken = await asyncio.gather(*(cache.take("k") for _ in range(5)))
        assert sorted(value or "" for value in taken) == ["", "", "", "", "v"]
        assert await cache.get("k") is None


async def test_messages_arrive_in_order_at_every_subscriber(opened):
    async with opened() as (cache, _), cache.subscribe("a", "b") as both, cache.subscribe("b") as one:
        assert await cache.publish("a", "1") == 1
        assert await cache.publish("b", "2") == 2
        assert await cache.publish("c", "3") == 0
        assert [await both.get(1), await both.get(1), await both.get(0.01)] == ["1", "2", None]
        assert [await one.get(1), await one.get(0)] == ["2", None]


async def test_what_was_said_before_is_not_heard(opened):
    async with opened() as (cache, _):
        await cache.publish("a", "before")
        async with cache.subscribe("a") as subscription:
            await cache.publish("a", "after")
            assert await subscription.get(1) == "after"
            assert await subscription.get(0.01) is None


async def test_a_waiting_subscriber_hears_at_once(opened):
    async with opened() as (cache, _), cache.subscribe("a") as subscription:
        waiting = asyncio.ensure_future(subscription.get(60))
        await asyncio.sleep(0.01)
        await cache.publish("a", "now")
        async with asyncio.timeout(5):
            assert await waiting == "now"


async def test_a_cancelled_wait_loses_nothing(opened):
    async with opened() as (cache, _), cache.subscribe("a") as subscription:
        waiting = asyncio.ensure_future(subscription.get(60))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await cache.publish("a", "still here")
        assert await subscription.get(1) == "still here"


async def test_who_has_left_is_not_counted(opened):
    async with opened() as (cache, _):
        async with cache.subscribe("a"):
            assert await cache.publish("a", "x") == 1
        assert await cache.publish("a", "x") == 0


async def test_operations_at_once(opened):
    async with opened() as (cache, _):
        counted = await asyncio.gather(*(cache.increment("n", ttl=60) for _ in range(30)))
        assert sorted(counted) == list(range(1, 31))
