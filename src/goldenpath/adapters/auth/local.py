"""Auth as a server of its own: the reference platform's, on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from goldenpath.adapters.platform import PlatformServer
from goldenpath.ports.adapter import OpenContext


class LocalAuth(PlatformServer):
    """Accounts, sessions and tokens behind HTTP."""

    service = "auth"
    needs = ("database", "cache")
    capabilities = frozenset(
        {
            "accounts",
            "fresh",
            "password_login",
            "sessions",
            "rotation",
            "lockout",
            "oauth_code",
            "client_credentials",
            "clock",
        }
    )

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """A client of the server, for one scenario."""
        from goldenpath.reference.clients.auth import HttpAuth

        async with self.line(context) as line:
            yield {"auth": HttpAuth(line.url, line.client, line.headers, control=line.control)}
