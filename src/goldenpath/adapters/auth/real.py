"""Auth that others run, on the wire of the reference platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from goldenpath.adapters.elsewhere import NOTHING, RealService
from goldenpath.domain.values import Availability
from goldenpath.ports.adapter import OpenContext
from goldenpath.wire.lent import ACCOUNTS, lending, with_people


class RealAuth(RealService):
    """Sign-in behind HTTP. Accounts and programs are made by whoever runs it, and its time is the machine's."""

    service = "auth"
    needs = ("database", "cache")
    capabilities = frozenset({"password_login", "sessions", "rotation", "lockout"})
    controlled = frozenset({"accounts", "fresh", "oauth_code", "client_credentials", "clock"})

    def __init__(self, table: Mapping[str, Any] = NOTHING, environ: Mapping[str, str] | None = None) -> None:
        super().__init__(table, environ)
        self.capabilities = with_people(self.capabilities, table)

    async def look(self, url: str, table: Mapping[str, Any]) -> Availability:
        """Whether it shows its public keys; or, where the setting ``health`` names one, its health document."""
        from goldenpath.resolution.probes import probe_http

        if health := table.get("health"):
            return await probe_http(url.rstrip("/") + str(health))
        return await probe_http(url.rstrip("/") + "/.well-known/jwks.json", expects="keys")

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """A client of the service, for one scenario."""
        from goldenpath.reference.clients.auth import HttpAuth

        async with self.line(context) as line:
            auth = HttpAuth(line.url, line.client, line.headers, control=line.control)
            if self.secret(context.settings) or not (accounts := self.table(context.settings).get(ACCOUNTS)):
                yield {"auth": auth}
                return
            async with lending(nullcontext(auth), accounts, line.url, context) as port:
                yield {"auth": port}
