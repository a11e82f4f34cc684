"""The assistant as a server of its own: the reference platform's, on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from goldenpath.adapters.platform import PlatformServer
from goldenpath.ports.adapter import OpenContext
from goldenpath.wire.line import tell_the_time


class LocalAgents(PlatformServer):
    """The scripted assistant behind HTTP. It crashes by SIGKILL."""

    service = "agents"
    needs = ("auth", "database", "cache")
    capabilities = frozenset({"scripted", "cancel", "restart", "clock"})

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """A client of the server, for one scenario; a server that was left crashed is brought back."""
        from goldenpath.reference.clients.agents import HttpAgents

        crashed = False

        async def crash() -> None:
            nonlocal crashed
            crashed = True
            self.kill()

        async def restart() -> None:
            nonlocal crashed
            self.start_again()
            crashed = False
            await tell_the_time(line.control, context)
            await line.control.recover()

        async with self.line(context) as line:
            try:
                yield {"agents": HttpAgents(line.url, line.client, line.headers, crash=crash, restart=restart)}
            finally:
                if crashed:  # it is the server of the scenarios to come, too
                    self.start_again()
