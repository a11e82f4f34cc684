"""The gateway as a server of its own: the reference platform's, on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from goldenpath.adapters.platform import PlatformServer
from goldenpath.ports.adapter import OpenContext


class LocalEvents(PlatformServer):
    """Connections over WebSockets."""

    service = "events"
    needs = ("auth", "agents", "cache")
    knows = ("agents",)
    capabilities = frozenset({"tickets", "resume", "order"})

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """A client of the server, for one scenario; its connections end with it."""
        from goldenpath.reference.clients.events import WsEvents

        async with self.line(context) as line:
            events = WsEvents(line.url, line.client, line.headers)
            try:
                yield {"events": events}
            finally:
                await events.close()
