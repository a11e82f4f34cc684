"""A Redis or Valkey that others run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from goldenpath.adapters.elsewhere import NOTHING, RealService
from goldenpath.domain.route import with_query
from goldenpath.domain.values import Availability
from goldenpath.ports.adapter import Address, OpenContext, StartContext

OUR_PREFIX: Final = "goldenpath:"
"""What every key and channel of ours begins with in a server that is not ours."""


class RealCache(RealService):
    """Keys and channels that begin with ``prefix`` of the settings, else with a prefix of our own.

    A product's own keys are seen only where the settings say how they begin (``prefix = ""`` for any way). Nobody
    moves their time. Of a platform of ours, whose secret we have, they are the keys of the scenario, in its time.
    """

    service = "cache"
    controlled = frozenset({"clock"})
    ways = frozenset({"ca"})

    def url(self, settings: Mapping[str, Any] = NOTHING) -> str:
        """Where it is, and whom to believe there; see ``RealService.url``."""
        url, ca = super().url(settings), self.table(settings).get("ca")
        return with_query(url, ssl_ca_certs=str(ca)) if ca and url.startswith("rediss:") else url

    async def look(self, url: str, table: Mapping[str, Any]) -> Availability:
        """Whether it answers a PING."""
        from goldenpath.resolution.probes import probe_redis

        return await probe_redis(url)

    async def start(self, context: StartContext) -> Address:
        """Where it is, and how keys begin there."""
        return {"url": self.url(context.settings), "prefix": self._prefix(context.settings)}

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """A client of the server, for one scenario."""
        from goldenpath.reference.storage.server import server_cache

        prefix, is_ours = self._prefix(context.settings), bool(self.secret(context.settings))
        own = f"{prefix}{context.key}:" if is_ours else prefix
        async with server_cache(self.url(context.settings), own) as cache:
            if is_ours:
                context.clock.listen(cache.moved)
            yield {"cache": cache}

    def _prefix(self, settings: Mapping[str, Any]) -> str:
        return str(self.table(settings).get("prefix", OUR_PREFIX))
