"""The database in this process: SQLite in memory, one for each scenario."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from goldenpath.domain.values import Availability, Tier
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.database import EVERY_ROW
from goldenpath.reference import faults


class MockDatabase:
    """The tables of the reference platform in memory, empty at the start of each scenario."""

    services: tuple[str, ...] = ("database",)
    tier = Tier.MOCK
    stand_in = True
    needs: tuple[str, ...] = ()
    capabilities = EVERY_ROW | {"store"}

    async def probe(self) -> Availability:
        """Always there: nothing but this process is needed."""
        return Availability(up=True, reason="in this process, SQLite in memory")

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """An empty database."""
        from goldenpath.reference.storage.memory import memory_store

        async with memory_store() as store:
            faults.install(context.fault, "database", store)
            yield {"database": store}
