"""The store on PostgreSQL: connections by asyncpg, opened when first needed and closed with the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from goldenpath.reference.storage.sql import SqlStore
from goldenpath.reference.storage.tables import metadata

_CONNECTING: Final = 5.0
"""Seconds to connect in."""

_ANSWERING: Final = 10.0
"""Seconds in which a statement must be answered."""

_MOST: Final = 10
"""Connections that one store may have at once; who comes later waits."""

_compiled: dict[Any, Any] = {}
"""Statements compiled once a process: they are the same in every store."""


@asynccontextmanager
async def postgres_store(url: str) -> AsyncIterator[SqlStore]:
    """The store in the database at ``url`` (``postgresql://user:password@host:port/name``), whose tables stand.

    Nothing is asked of the database before the store is; no connection outlives the context.
    """
    engine = _engine_on(url)

    async def transaction(work: Callable[[Connection], Any]) -> Any:
        async with engine.begin() as connection:
            return await connection.run_sync(work)

    try:
        yield SqlStore(transaction)
    finally:
        await engine.dispose()


async def create_tables(url: str) -> None:
    """Make the tables that do not stand yet.

    Raises:
        SQLAlchemyError, OSError: The database cannot be reached, or does not let us.
    """
    engine = _engine_on(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
    finally:
        await engine.dispose()


def _engine_on(url: str) -> AsyncEngine:
    """An engine with connections of its own, and the dialect that was set up once for the process."""
    template = _template(url).sync_engine
    engine = Engine(template.pool.recreate(), template.dialect, template.url)
    engine.update_execution_options(compiled_cache=_compiled)
    return AsyncEngine(engine)


@cache
def _template(url: str) -> AsyncEngine:
    """The engine that the others are made after: to find out about a server costs five statements, once."""
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=_MOST,
        max_overflow=0,
        pool_timeout=_ANSWERING,
        connect_args={"timeout": _CONNECTING, "command_timeout": _ANSWERING},
    )
