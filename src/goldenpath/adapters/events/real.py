"""A gateway that others run, on the wire of the reference platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from goldenpath.adapters.elsewhere import RealService
from goldenpath.domain.values import Availability
from goldenpath.ports.adapter import OpenContext


class RealEvents(RealService):
    """Connections over WebSockets."""

    service = "events"
    needs = ("auth", "agents", "cache")
    capabilities = frozenset({"tickets", "resume", "order"})

    async def look(self, url: str, table: Mapping[str, Any]) -> Availability:
        """Whether it completes a handshake, or asks first who is there."""
        from goldenpath.reference.clients.address import socket_address
        from goldenpath.resolution.probes import probe_websocket

        return await probe_websocket(socket_address(url), signs_in_first=True)

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """A client of the service, for one scenario; its connections end with it."""
        from goldenpath.reference.clients.events import WsEvents

        async with self.line(context) as line:
            events = WsEvents(line.url, line.client, line.headers, route=self.route(context.settings, context.workers))
            try:
                yield {"events": events}
            finally:
                await events.close()
