"""The gateway in this process: the reference behaviour over whatever assistant and cache were resolved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from goldenpath.domain.values import Availability, Tier
from goldenpath.ports.adapter import OpenContext
from goldenpath.reference import faults


class MockEvents:
    """Connections without a network."""

    services: tuple[str, ...] = ("events",)
    tier = Tier.MOCK
    stand_in = True
    needs: tuple[str, ...] = ("auth", "agents", "cache")
    knows: tuple[str, ...] = ("agents",)
    capabilities = frozenset({"tickets", "resume", "order"})

    async def probe(self) -> Availability:
        """Always there: nothing but this process is needed."""
        return Availability(up=True, reason="in this process")

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """A gateway of this scenario's own."""
        from goldenpath.reference.gateway import Gateway

        gateway = Gateway(
            auth=context.ports["auth"],
            agents=context.ports["agents"],
            cache=context.ports["cache"],
            clock=context.clock,
        )
        faults.install(context.fault, "events", gateway)
        try:
            yield {"events": gateway}
        finally:
            await gateway.close()
