"""Promises of the cache that can be broken: each wraps operations of the port, whichever adapter gave it."""

from __future__ import annotations

from typing import Any

from goldenpath.domain.errors import NotFound
from goldenpath.reference.faults import fault


@fault("ttl-ignored", "cache", "What is kept for a while is kept for ever")
def _ttl_ignored(cache: Any) -> None:
    set_, add, increment = cache.set, cache.add, cache.increment
    cache.set = lambda key, value, ttl=None: set_(key, value)
    cache.add = lambda key, value, ttl=None: add(key, value)
    cache.increment = lambda key, by=1, ttl=None: increment(key, by)


@fault("increment-drops-ttl", "cache", "What is counted up lives for ever")
def _increment_drops_ttl(cache: Any) -> None:
    honest = cache.increment

    async def increment(key: str, by: int = 1, ttl: float | None = None) -> int:
        before = await cache.get(key)
        total: int = await honest(key, by, ttl)
        if before is not None:
            await cache.set(key, str(total))
        return total

    cache.increment = increment


@fault("ttl-in-milliseconds", "cache", "A time that is left is said a thousandfold")
def _ttl_in_milliseconds(cache: Any) -> None:
    honest = cache.ttl

    async def ttl(key: str) -> float | None:
        left: float | None = await honest(key)
        return None if left is None else left * 1000

    cache.ttl = ttl


@fault("lifetimes-too-short", "cache", "What is kept for a while is gone after a thousandth of it")
def _lifetimes_too_short(cache: Any) -> None:
    honest = cache.set
    cache.set = lambda key, value, ttl=None: honest(key, value, None if ttl is None else ttl / 1000)


@fault("add-overwrites", "cache", "What should be set once is set again by whoever comes later")
def _add_overwrites(cache: Any) -> None:
    async def add(key: str, value: str, ttl: float | None = None) -> bool:
        await cache.set(key, value, ttl)
        return True

    cache.add = add


@fault("take-leaves-the-value", "cache", "What may be taken once can be taken again")
def _take_leaves_the_value(cache: Any) -> None:
    cache.take = cache.get


@fault("delete-does-nothing", "cache", "What was deleted is still there")
def _delete_does_nothing(cache: Any) -> None:
    async def delete(key: str) -> bool:
        return await cache.get(key) is not None

    cache.delete = delete


@fault("set-keeps-the-old-value", "cache", "A quick copy shows what was true before")
def _set_keeps_the_old_value(cache: Any) -> None:
    honest, add = cache.set, cache.add

    async def set_(key: str, value: str, ttl: float | None = None) -> None:
        if not await add(key, value, ttl):
            await honest(key, await cache.get(key) or value, ttl)

    cache.set = set_


@fault("messages-between-services-lost", "cache", "What one service says, no other hears")
def _messages_lost(cache: Any) -> None:
    async def publish(channel: str, message: str) -> int:
        return 0

    cache.publish = publish


@fault("missing-key-has-lifetime", "cache", "What is gone seems to be kept for ever")
def _missing_key_has_lifetime(cache: Any) -> None:
    honest = cache.ttl

    async def ttl(key: str) -> float | None:
        try:
            left: float | None = await honest(key)
        except NotFound:
            return None
        return left

    cache.ttl = ttl
