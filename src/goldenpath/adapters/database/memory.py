"""SQLite in memory: one connection, shared by all tasks of a scenario."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import Any, TypeVar, cast

import aiosqlite
from sqlalchemy import Connection, Engine, StaticPool
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.schema import CreateIndex, CreateTable

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


class _Rows(list[Any]):
    """All rows of a statement, and what its cursor said of them."""

    description: Any = None
    rowcount = -1
    lastrowid: int | None = None


class _Once(sqlite3.Connection):
    """A connection whose statements give all that they have at once: their cursors are closed by then."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        return self.cursor(_OnceCursor).execute(sql, parameters)


class _OnceCursor(sqlite3.Cursor):
    def fetchall(self) -> list[Any]:
        rows = _Rows(super().fetchall())
        rows.description, rows.rowcount, rows.lastrowid = self.description, self.rowcount, self.lastrowid
        self.close()
        return rows


class _Cursor:
    """What SQLAlchemy takes for a cursor of aiosqlite: it has its whole result once a statement is executed."""

    arraysize = 1

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._rows = _Rows()

    async def __aenter__(self) -> _Cursor:
        return self

    @property
    def description(self) -> Any:
        return self._rows.description

    @property
    def rowcount(self) -> int:
        return self._rows.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._rows.lastrowid

    async def execute(self, sql: str, parameters: Any = ()) -> None:
        self._rows = cast("_Rows", await self._connection.execute_fetchall(sql, parameters))

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        """It is closed already."""


class _Connection(aiosqlite.Connection):
    """A connection that asks its thread once a statement, not four times: asking costs more than the statement."""

    def cursor(self) -> _Cursor:  # type: ignore[override]
        return _Cursor(self)


async def _connect(*_: Any, **__: Any) -> _Connection:
    connection = _Connection(partial(sqlite3.connect, ":memory:", factory=_Once), iter_chunk_size=64)
    # As SQLAlchemy does: a scenario that is cut off must not keep the process alive.
    connection._thread.daemon = True  # noqa: SLF001
    await connection
    return connection


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
    return create_async_engine(
        "sqlite+aiosqlite://", async_creator=_connect, poolclass=StaticPool, pool_reset_on_return=None
    ).sync_engine


@cache
def _script() -> str:
    """What makes the tables: one script, so that the thread of the connection is asked once."""
    creation: list[CreateTable | CreateIndex] = [CreateTable(table) for table in metadata.sorted_tables]
    creation += [CreateIndex(index) for table in metadata.sorted_tables for index in table.indexes]
    dialect = _template().dialect
    return ";".join(["PRAGMA foreign_keys = ON", *(str(ddl.compile(dialect=dialect)) for ddl in creation)])
