"""A PostgreSQL that others run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from goldenpath.adapters.elsewhere import NOTHING, RealService
from goldenpath.config.profiles import WRITES_NONE
from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.domain.route import PROFILE, WRITES, with_query
from goldenpath.domain.values import Availability
from goldenpath.ports.adapter import Address, OpenContext, StartContext

OUR_SCHEMA: Final = "goldenpath_tests"
"""Where our tables stand in a database that is not ours; no likely name of a user, whose schema comes before others."""


class RealDatabase(RealService):
    """The tables in ``schema`` of the settings, else in a schema of our own, which is made where it is not there.

    A product's own tables are seen only where the settings say in which schema they are (``schema = "public"``).
    """

    service = "database"
    capabilities = frozenset({"store"})
    ways = frozenset({"ca"})

    def url(self, settings: Mapping[str, Any] = NOTHING) -> str:
        """Where it is, and whom to believe there; see ``RealService.url``."""
        url, ca = super().url(settings), self.table(settings).get("ca")
        return with_query(url, sslmode="verify-full", sslrootcert=str(ca)) if ca else url

    async def look(self, url: str, table: Mapping[str, Any]) -> Availability:
        """Whether it lets us in and answers a query, and has tables where we may make none."""
        from goldenpath.resolution.probes import probe_postgres

        if table.get(WRITES) == WRITES_NONE and not table.get("schema"):
            name = f"profiles.{table[PROFILE]}"
            reason = f'{name}.writes is "none", so no schema of ours is made: {name}.services.database.schema names one'
            return Availability(False, reason)
        return await probe_postgres(url)

    async def start(self, context: StartContext) -> Address:
        """Where it is; tables of our own are made where the settings name nobody else's.

        Raises:
            ServiceUnavailable: It cannot be reached, or lets nobody make a schema.
        """
        from goldenpath.reference.storage.postgres import in_schema, make_schema

        url, table = self.url(context.settings), self.table(context.settings)
        if schema := table.get("schema"):
            return {"url": in_schema(url, str(schema))}
        await make_schema(url, OUR_SCHEMA)
        return {"url": in_schema(url, OUR_SCHEMA)}

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """The store in those tables; connected when it is first asked for something.

        Raises:
            ServiceUnavailable: ``start`` was not called.
        """
        from goldenpath.reference.storage.postgres import postgres_store

        if not context.address:
            raise ServiceUnavailable("database", "nobody has looked where its tables stand")
        async with postgres_store(context.address["url"]) as store:
            yield {"database": store}
