"""SQLite in memory: one connection, shared by all tasks of a scenario."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy import Connection, StaticPool
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from goldenpath.adapters.database.sql import SqlStore
from goldenpath.adapters.database.tables import metadata

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


@asynccontextmanager
async def memory_store() -> AsyncIterator[MemoryStore]:
    """An empty database that lives as long as the context."""
    engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool, pool_reset_on_return=None)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_create)
        yield MemoryStore(engine)
    finally:
        await engine.dispose()


def _create(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    metadata.create_all(connection, checkfirst=False)
