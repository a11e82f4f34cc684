"""A real PostgreSQL of our starting, from a wheel or from this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any, Self

from goldenpath.adapters.platform import version_of
from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.domain.values import Availability, Tier
from goldenpath.ports.adapter import Address, OpenContext, StartContext
from goldenpath.reference import faults
from goldenpath.wire.opening import described
from goldenpath.wire.products import database_port, readable


class LocalDatabase:
    """The platform's tables in a database that belongs to this process of the run.

    A product that is started with this database's address has its own tables there: ``[services.database.tables]``.

    Args:
        table: ``[services.database]``.
    """

    services: tuple[str, ...] = ("database",)
    tier = Tier.LOCAL
    stand_in = False
    needs: tuple[str, ...] = ()

    def __init__(self, table: Mapping[str, Any] | None = None) -> None:
        self.capabilities = readable("database", described(table or {}, self.tier)) | {"store"}

    def configured(self, table: Mapping[str, Any]) -> Self:
        """The same with its settings."""
        return type(self)(table)

    async def probe(self) -> Availability:
        """Whether there is a PostgreSQL to start, and a driver; nothing is started."""
        from goldenpath.stack.binaries import find_postgres
        from goldenpath.stack.errors import INSTALL

        if find_spec("asyncpg") is None:
            return Availability(False, f"asyncpg is not installed: {INSTALL}")
        try:
            programs = find_postgres()
        except ServiceUnavailable as absent:
            return Availability(False, f"{absent.reason}: {INSTALL}")
        carrier = f"from the wheel {programs.wheel.name}" if programs.wheel else f"in {programs.bin}"
        return Availability(True, f"PostgreSQL {carrier}", version_of(programs.wheel), to_start=True)

    async def start(self, context: StartContext) -> Address:
        """Start PostgreSQL, unless another process of the run has, and make a database for this one.

        Raises:
            ServiceUnavailable: It does not start.
        """
        from goldenpath.stack.client import Keeper

        keeper = Keeper.at(context.folder, context.owner, context.wanted, space=context.space)
        # Code of the team's gets a database of its own: its tables may have the names that ours have.
        return {"url": keeper.database(context.space), "own": keeper.database(context.space, tables=False)}

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """The store in that database; connected when it is first asked for something.

        Raises:
            ServiceUnavailable: It was not started.
        """
        from goldenpath.reference.storage.postgres import postgres_store

        if not context.address:
            raise ServiceUnavailable("database", "PostgreSQL was not started")
        async with postgres_store(context.address["url"]) as store:
            faults.install(context.fault, "database", store)
            async with database_port(store, self.tier, context) as port:
                yield {"database": port}
