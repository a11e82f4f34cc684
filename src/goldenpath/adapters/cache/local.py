"""A real Valkey or Redis of our starting, from a wheel or from this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

from goldenpath.adapters.platform import version_of
from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.domain.values import Availability, Tier
from goldenpath.ports.adapter import Address, OpenContext, StartContext
from goldenpath.reference import faults
from goldenpath.wire.opening import described
from goldenpath.wire.products import cache_port, readable


class LocalCache:
    """Keys and channels under a prefix of the scenario's own.

    A product that is started with this cache's address has its own keys there: ``[services.cache.keys]``.

    Args:
        table: ``[services.cache]``.
    """

    services: tuple[str, ...] = ("cache",)
    tier = Tier.LOCAL
    stand_in = False
    needs: tuple[str, ...] = ()

    def __init__(self, table: Mapping[str, Any] | None = None) -> None:
        self.capabilities = readable("cache", described(table or {}, self.tier)) | {"clock"}

    def configured(self, table: Mapping[str, Any]) -> Self:
        """The same with its settings."""
        return type(self)(table)

    async def probe(self) -> Availability:
        """Whether there is a server to start; nothing is started."""
        from goldenpath.stack.binaries import find_valkey
        from goldenpath.stack.errors import INSTALL

        try:
            found = find_valkey()
        except ServiceUnavailable as absent:
            return Availability(False, f"{absent.reason}: {INSTALL}")
        name = found.server.stem.partition("-")[0].capitalize()
        carrier = f"from the wheel {found.wheel.name}" if found.wheel else f"in {found.server.parent}"
        return Availability(True, f"{name} {carrier}", version_of(found.wheel), to_start=True)

    async def start(self, context: StartContext) -> Address:
        """Start the server, unless another process of the run has.

        Raises:
            ServiceUnavailable: It does not start.
        """
        from goldenpath.stack.client import Keeper

        keeper = Keeper.at(context.folder, context.owner, context.wanted, space=context.space)
        url, prefix = keeper.cache(context.space)
        return {"url": url, "prefix": prefix}

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """A cache whose lifetimes follow the scenario's clock, with the keys that the servers see in its name.

        Raises:
            ServiceUnavailable: It was not started.
        """
        from goldenpath.reference.storage.server import server_cache

        if not context.address:
            raise ServiceUnavailable("cache", "its server was not started")
        url, prefix = context.address["url"], context.address["prefix"]
        async with server_cache(url, f"{prefix}{context.key}:") as cache:
            faults.install(context.fault, "cache", cache)
            context.clock.listen(cache.moved)
            async with cache_port(cache, url, self.tier, context) as port:
                yield {"cache": port}
