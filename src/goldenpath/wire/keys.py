"""What a product keeps at hand, under keys of its own, as ``[services.cache.keys]`` names them.

::

    [services.cache.keys]
    session = "sess:{session_id}"
    thread = "conv:{thread_id}:v2"
    ticket = "none"

The steps ask for keys as the port names them; here they become the product's, which are only read. Every other key is
ours, below our prefix. The speaker of a mapped cache, see ``goldenpath.wire.opening``. A cluster is not spoken to.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from goldenpath.domain.errors import MissingCapability, SettingsError
from goldenpath.domain.values import Availability
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.cache import KINDS, CachePort, Subscription, kind_of

WHERE: Final = "services.cache.keys"
NONE: Final = "none"

OUR_PREFIX: Final = "goldenpath:"
"""What every key and channel of ours begins with in a server that is not ours."""

Read = Callable[[str], Awaitable[str | None]]
"""Reads what is kept under a key of the product, as text; None where nothing is."""


def capabilities(service: str, table: Mapping[str, Any]) -> frozenset[str]:
    """Which keys can be read: ``session_keys``, ``thread_keys``, ``ticket_keys``.

    Raises:
        SettingsError: As for ``check``.
    """
    return frozenset(f"{kind}_keys" for kind in keys_of(table))


def check(service: str, table: Mapping[str, Any]) -> None:
    """Whether the keys can be read so; nothing is asked.

    Raises:
        SettingsError: They cannot; ``where`` is the key.
    """
    keys_of(table)


async def probe(service: str, url: str, table: Mapping[str, Any]) -> Availability:
    """Whether it answers a PING."""
    from goldenpath.resolution.probes import probe_redis

    return await probe_redis(url)


@asynccontextmanager
async def open_port(
    service: str, url: str, table: Mapping[str, Any], context: OpenContext
) -> AsyncIterator[MappedCache]:
    """The port of a server in which the product's keys are, for one scenario."""
    from goldenpath.reference.storage.server import server_cache

    prefix = context.address.get("prefix", OUR_PREFIX)
    async with server_cache(url, prefix) as ours, beside(ours, url, table) as both:
        yield both


@asynccontextmanager
async def beside(
    ours: CachePort, url: str, table: Mapping[str, Any], own: frozenset[str] = frozenset()
) -> AsyncIterator[MappedCache]:
    """The product's keys beside ours.

    Args:
        ours: Keys of ours.
        url: The server in which both are.
        table: ``[services.cache]``.
        own: The kinds of keys that are ours in this scenario, whatever the settings say.
    """
    from goldenpath.reference.storage.redis import RedisCache
    from goldenpath.reference.storage.server import open_redis

    # A value of the product may be no text at all: it is shown, and never an error.
    async with open_redis(url, encoding_errors="backslashreplace") as client:
        theirs = RedisCache(client)

        async def read(key: str) -> str | None:
            return await _as_text(client, theirs, key)

        yield MappedCache(ours, theirs, read, keys_of(table), own)


def keys_of(table: Mapping[str, Any]) -> Mapping[str, str]:
    """The keys of a product by kind, as templates with one placeholder each; without those that it does not have.

    Args:
        table: ``[services.cache]``.

    Raises:
        SettingsError: One is of no kind, or has another placeholder than that of its kind.
    """
    said = table.get("keys")
    if not isinstance(said, Mapping):
        raise SettingsError(f"expected a table, got {said!r}", where=WHERE, try_next='session = "sess:{session_id}"')
    for kind, template in said.items():
        if kind not in KINDS:
            message = f"there is no setting {kind!r}"
            raise SettingsError(message, where=WHERE, try_next=f"one of: {', '.join(KINDS)}")
        placeholder = KINDS[kind]
        if template != NONE and (not isinstance(template, str) or not _fits(template, placeholder)):
            message = f"{template!r} is no key with {{{placeholder}}} in it, and no other placeholder"
            example = f'{kind} = "{kind}:{{{placeholder}}}", or "none"'
            raise SettingsError(message, where=f"{WHERE}.{kind}", try_next=example)
    return {kind: template for kind, template in said.items() if template != NONE}


def _fits(template: str, placeholder: str) -> bool:
    rest = template.replace(f"{{{placeholder}}}", "")
    return rest != template and "{" not in rest and "}" not in rest


class MappedCache:
    """``CachePort`` that reads a product's keys, and writes below a prefix of ours alone.

    Args:
        ours: Keys and channels of ours.
        theirs: The same server without a prefix.
        read: Reads what is under a key of theirs, whatever its type.
        keys: The product's keys by kind, as ``keys_of`` gives them.
        own: The kinds of keys that are ours.

    What asks for a key that the product does not have, or would change one that it has, raises ``MissingCapability``.
    """

    def __init__(
        self,
        ours: CachePort,
        theirs: CachePort,
        read: Read,
        keys: Mapping[str, str],
        own: frozenset[str] = frozenset(),
    ) -> None:
        self._ours = ours
        self._theirs = theirs
        self._read = read
        self._keys = keys
        self._own_kinds = own

    async def get(self, key: str) -> str | None:
        """See ``CachePort``; of a hash, a list or a set, it is JSON."""
        name = self._products(key)
        return await self._ours.get(key) if name is None else await self._read(name)

    async def ttl(self, key: str) -> float | None:
        """See ``CachePort``."""
        name = self._products(key)
        return await self._ours.ttl(key) if name is None else await self._theirs.ttl(name)

    async def set(self, key: str, value: str, ttl: float | None = None) -> None:
        """See ``CachePort``."""
        await self._own(key).set(key, value, ttl)

    async def add(self, key: str, value: str, ttl: float | None = None) -> bool:
        """See ``CachePort``."""
        return await self._own(key).add(key, value, ttl)

    async def increment(self, key: str, by: int = 1, ttl: float | None = None) -> int:
        """See ``CachePort``."""
        return await self._own(key).increment(key, by, ttl)

    async def take(self, key: str) -> str | None:
        """See ``CachePort``."""
        return await self._own(key).take(key)

    async def delete(self, key: str) -> bool:
        """See ``CachePort``."""
        return await self._own(key).delete(key)

    async def publish(self, channel: str, message: str) -> int:
        """See ``CachePort``."""
        return await self._ours.publish(channel, message)

    def subscribe(self, *channels: str) -> AbstractAsyncContextManager[Subscription]:
        """See ``CachePort``."""
        return self._ours.subscribe(*channels)

    def _products(self, key: str) -> str | None:
        """What the product calls a key of the port; None for one that is ours."""
        found = kind_of(key)
        if found is None or found[0] in self._own_kinds:
            return None
        kind, name = found
        if kind not in self._keys:
            reason = f"nobody can see what {kind}s the product keeps at hand: it has no key for them"
            raise MissingCapability(reason, where=f"[{WHERE}] {kind}")
        return self._keys[kind].replace(f"{{{KINDS[kind]}}}", name)

    def _own(self, key: str) -> CachePort:
        found = kind_of(key)
        if found is not None and found[0] not in self._own_kinds:
            raise MissingCapability("what the product keeps at hand is only read", where=f"[{WHERE}]")
        return self._ours


async def _as_text(client: Any, theirs: CachePort, key: str) -> str | None:
    """What is kept under a key, whatever type it has."""
    from redis.exceptions import ResponseError

    try:
        return await theirs.get(key)
    except ResponseError as error:
        if not str(error).startswith("WRONGTYPE"):
            raise
    kind = await client.type(key)
    readers: dict[str, Callable[[], Awaitable[Any]]] = {
        "hash": lambda: client.hgetall(key),
        "list": lambda: client.lrange(key, 0, -1),
        "set": lambda: client.smembers(key),
        "zset": lambda: client.zrange(key, 0, -1),
        "ReJSON-RL": lambda: client.execute_command("JSON.GET", key),
    }
    if kind not in readers:
        return f"a value of type {kind}"
    found = await readers[kind]()
    return found if isinstance(found, str) else json.dumps(sorted(found) if isinstance(found, set) else found)
