"""Auth in this process: the reference platform's behaviour over the scenario's database and cache."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from goldenpath.domain.values import Availability, Tier
from goldenpath.ports.adapter import OpenContext
from goldenpath.reference import faults


class MockAuth:
    """Accounts, sessions and tokens as the reference platform promises them."""

    services: tuple[str, ...] = ("auth",)
    tier = Tier.MOCK
    stand_in = True
    needs: tuple[str, ...] = ("database", "cache")
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

    async def probe(self) -> Availability:
        """Always there: nothing but this process is needed."""
        return Availability(up=True, reason="in this process, the reference platform")

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """Auth over what it needs."""
        from goldenpath.reference.auth import AuthService
        from goldenpath.reference.signing import process_signer

        ports = context.ports
        auth = AuthService(ports["database"], ports["cache"], context.clock, context.ids, process_signer())
        faults.install(context.fault, "auth", auth)
        yield {"auth": auth}
