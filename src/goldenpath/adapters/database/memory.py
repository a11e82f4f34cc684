"""SQLite in memory: one connection, shared by all tasks of a scenario."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import Connection, Engine, StaticPool
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from goldenpath.adapters.database.sql import SqlStore
from goldenpath.adapters.database.tables import metadata

if TYPE_CHECKING:
    import aiosqlite

T = TypeVar("T")


class MemoryStore(SqlStore):
    """The store over the one connection that holds the database: its end is the end of the data."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._alone = asyncio.Lock()

    async def _transaction(self, work: Callable[[Connection], T]) -> T:
        # SQLAlchemy throws away a connection whose statement was cancelled, and with this one all data would go:
        # who is cancelled waits until the transaction is whole.
        task = asyncio.ensure_future(self._in_turn(work))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise

    async def _in_turn(self, work: Callable[[Connection], T]) -> T:
        async with self._alone:
            return await super()._transaction(work)


_compiled: dict[Any, Any] = {}
"""Statements compiled once a process: they are the same in every scenario."""


@asynccontextmanager
async def memory_store() -> AsyncIterator[MemoryStore]:
    """An empty database that lives as long as the context."""
    template = _template()
    engine = AsyncEngine(Engine(template.pool.recreate(), template.dialect, template.url))
    engine.sync_engine.update_execution_options(compiled_cache=_compiled)
    try:
        async with engine.connect() as connection:
            lent = await connection.get_raw_connection()
            await cast("aiosqlite.Connection", lent.driver_connection).executescript(_script())
        yield MemoryStore(engine)
    finally:
        await engine.dispose()


@cache
def _template() -> Engine:
    """The engine whose dialect every scenario's engine shares: to find out about SQLite costs as much as to use it."""
    return create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool, pool_reset_on_return=None).sync_engine


@cache
def _script() -> str:
    """What makes the tables: one script, so that the thread of the connection is asked once."""
    creation: list[CreateTable | CreateIndex] = [CreateTable(table) for table in metadata.sorted_tables]
    creation += [CreateIndex(index) for table in metadata.sorted_tables for index in table.indexes]
    dialect = _template().dialect
    return ";".join(["PRAGMA foreign_keys = ON", *(str(ddl.compile(dialect=dialect)) for ddl in creation)])
