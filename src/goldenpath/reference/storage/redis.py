"""The cache over a client of redis-py, whoever answers it: fakeredis, Valkey or Redis."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from math import inf
from typing import TYPE_CHECKING, Any, Final

from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as NoAnswer

from goldenpath.domain.errors import Invalid, NotFound, ServiceUnavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import PubSub

_SUBSCRIBING: Final = 10.0
"""Seconds in which a server must have answered a subscription."""


class _Reached:
    """Around what a server is asked: that it cannot be reached is told as the port tells it."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (ConnectionLost, NoAnswer, OSError)):
            raise ServiceUnavailable("cache", f"{type(error).__name__}: {error}") from error


_reached: Final = _Reached()


class RedisCache:
    """``CachePort`` over a client that decodes responses.

    Every operation raises ``ServiceUnavailable`` when the server cannot be reached.

    Args:
        client: The client; whoever made it closes it.
        prefix: What every key and channel of this scenario starts with.
    """

    def __init__(self, client: Redis, prefix: str = "") -> None:
        self._client = client
        self._prefix = prefix

    async def get(self, key: str) -> str | None:
        """See ``CachePort``."""
        with _reached:
            return _text(await self._client.get(self._prefix + key))

    async def set(self, key: str, value: str, ttl: float | None = None) -> None:
        """See ``CachePort``."""
        with _reached:
            await self._client.set(self._prefix + key, value, px=self._milliseconds(ttl))

    async def add(self, key: str, value: str, ttl: float | None = None) -> bool:
        """See ``CachePort``."""
        with _reached:
            return bool(await self._client.set(self._prefix + key, value, px=self._milliseconds(ttl), nx=True))

    async def increment(self, key: str, by: int = 1, ttl: float | None = None) -> int:
        """See ``CachePort``."""
        lifetime = self._milliseconds(ttl)
        try:
            with _reached:
                if lifetime is None:
                    return int(await self._client.incrby(self._prefix + key, by))
                async with self._client.pipeline(transaction=True) as both:
                    both.set(self._prefix + key, 0, px=lifetime, nx=True)
                    both.incrby(self._prefix + key, by)
                    return int((await both.execute())[-1])
        except ResponseError as error:
            raise Invalid(f"the value of {key!r} is no whole number", code="no_number") from error

    async def take(self, key: str) -> str | None:
        """See ``CachePort``."""
        with _reached:
            return _text(await self._client.getdel(self._prefix + key))

    async def delete(self, key: str) -> bool:
        """See ``CachePort``."""
        with _reached:
            return bool(await self._client.delete(self._prefix + key))

    async def ttl(self, key: str) -> float | None:
        """See ``CachePort``."""
        with _reached:
            left = await self._client.pttl(self._prefix + key)
        if left == -2:
            raise NotFound(f"there is no key {key!r}", code="no_key")
        return None if left == -1 else left / 1000

    async def publish(self, channel: str, message: str) -> int:
        """See ``CachePort``."""
        with _reached:
            return int(await self._client.publish(self._prefix + channel, message))

    @asynccontextmanager
    async def subscribe(self, *channels: str) -> AsyncIterator[RedisSubscription]:
        """See ``CachePort``."""
        async with self._client.pubsub() as pubsub:
            with _reached:
                async with asyncio.timeout(_SUBSCRIBING):
                    await pubsub.subscribe(*(self._prefix + channel for channel in channels))
                    for _ in channels:
                        await pubsub.get_message(timeout=None)
            try:
                yield RedisSubscription(pubsub)
            finally:
                # One that was lost has nothing to leave.
                with suppress(ConnectionLost, NoAnswer, OSError):
                    await pubsub.unsubscribe()

    async def moved(self, by: timedelta) -> None:
        """Time was moved: every lifetime of this scenario's keys shortens by as much."""
        with _reached:
            keys = [key async for key in self._client.scan_iter(match=_literally(self._prefix) + "*", count=1000)]
            lifetimes = await self._each("pttl", [(key,) for key in keys])
            lost = round(by / timedelta(milliseconds=1))
            mortal = [(key, left - lost) for key, left in zip(keys, lifetimes, strict=True) if left >= 0]
            # A lifetime that is not above zero deletes the key.
            await self._each("pexpire", mortal)

    async def _each(self, command: str, arguments: list[tuple[Any, ...]]) -> list[Any]:
        if not arguments:
            return []
        async with self._client.pipeline(transaction=False) as all_of_them:
            for values in arguments:
                getattr(all_of_them, command)(*values)
            return list(await all_of_them.execute())

    def _milliseconds(self, ttl: float | None) -> int | None:
        if ttl is None:
            return None
        if not 0 < ttl < inf:
            raise Invalid(f"a lifetime of {ttl} s is not above zero", code="ttl")
        return max(1, round(ttl * 1000))


class RedisSubscription:
    """Messages of the channels subscribed to."""

    def __init__(self, pubsub: PubSub) -> None:
        self._pubsub = pubsub

    async def get(self, within: float) -> str | None:
        """See ``Subscription``."""
        end = asyncio.get_running_loop().time() + within
        left = within
        while left >= 0:
            with _reached:
                message = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=left)
            if message is not None:
                return _text(message["data"])
            left = end - asyncio.get_running_loop().time()
        return None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _literally(prefix: str) -> str:
    return re.sub(r"([*?\[\]\\])", r"\\\1", prefix)
