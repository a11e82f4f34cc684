"""An assistant that others run, on the wire of the reference platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from goldenpath.adapters.elsewhere import RealService
from goldenpath.domain.values import Availability
from goldenpath.ports.adapter import OpenContext


class RealAgents(RealService):
    """Conversations and runs behind HTTP. What it answers is its own affair, and nobody here can crash it."""

    service = "agents"
    needs = ("auth", "database", "cache")
    capabilities = frozenset({"cancel"})
    controlled = frozenset({"scripted", "clock"})

    async def look(self, url: str, table: Mapping[str, Any]) -> Availability:
        """Whether it says that it is ready; the setting ``health`` names another document than ``/ready``."""
        from goldenpath.resolution.probes import probe_http

        return await probe_http(url.rstrip("/") + str(table.get("health", "/ready")))

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """A client of the service, for one scenario."""
        from goldenpath.reference.clients.agents import HttpAgents

        async with self.line(context) as line:
            yield {"agents": HttpAgents(line.url, line.client, line.headers)}
