"""The assistant in this process: the reference behaviour over whatever store and cache were resolved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from goldenpath.domain.values import Availability, Tier
from goldenpath.ports.adapter import OpenContext
from goldenpath.reference import faults


class MockAgents:
    """The scripted assistant. The setting ``scripts`` names files of more scripts, later ones winning."""

    services: tuple[str, ...] = ("agents",)
    tier = Tier.MOCK
    stand_in = True
    needs: tuple[str, ...] = ("auth", "database", "cache")
    capabilities = frozenset({"scripted", "cancel", "restart", "clock"})

    async def probe(self) -> Availability:
        """Always there: nothing but this process is needed."""
        return Availability(up=True, reason="in this process, scripted")

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """An assistant of this scenario's own.

        Raises:
            SettingsError: A file of scripts cannot be read or is ill-made.
        """
        from goldenpath.reference import scripts
        from goldenpath.reference.assistant import Assistant

        assistant = Assistant(
            auth=context.ports["auth"],
            store=context.ports["database"],
            cache=context.ports["cache"],
            clock=context.clock,
            ids=context.ids,
            scripts=scripts.load(context.settings.get("scripts", ())),
        )
        faults.install(context.fault, "agents", assistant)
        try:
            yield {"agents": assistant}
        finally:
            await assistant.close()
