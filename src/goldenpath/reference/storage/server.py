"""Clients of a Redis or Valkey server, for one scenario each: nothing is sent before something is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from goldenpath.reference.storage.redis import RedisCache

CONNECTING: Final = 3.0
"""Seconds to connect in."""

ANSWERING: Final = 5.0
"""Seconds in which a command must be answered."""


@asynccontextmanager
async def open_redis(url: str, **options: Any) -> AsyncIterator[Redis]:
    """A client of the server at ``url``, whose connections end with the context.

    What is lost is told at once, and never tried again: to count up twice is no repetition.
    """
    settings: dict[str, Any] = {
        "decode_responses": True,
        # Half a surrogate pair is a key that nobody set, and no error.
        "encoding_errors": "surrogatepass",
        "socket_connect_timeout": CONNECTING,
        "socket_timeout": ANSWERING,
        "retry": Retry(NoBackoff(), 0),
        # RESP2 greets with nothing, and nobody asks the server who we are.
        "protocol": 2,
        "driver_info": None,
        **options,
    }
    client = Redis.from_url(url, **settings)
    try:
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def server_cache(url: str, prefix: str) -> AsyncIterator[RedisCache]:
    """The cache in the server at ``url``; every key and channel begins with ``prefix``."""
    async with open_redis(url) as client:
        yield RedisCache(client, prefix)
