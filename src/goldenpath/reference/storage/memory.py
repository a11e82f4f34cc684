"""SQLite in memory: one connection, shared by all tasks."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, TypeVar, cast

import aiosqlite
from sqlalchemy import Connection, Engine, StaticPool, create_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from goldenpath.reference.storage.sql import SqlStore, Transaction
from goldenpath.reference.storage.tables import metadata

T = TypeVar("T")

_compiled: dict[Any, Any] = {}
"""Statements compiled once a process: they are the same in every scenario."""


@asynccontextmanager
async def memory_store() -> AsyncIterator[SqlStore]:
    """An empty database that lives as long as the context."""
    async with memory_transactions() as transaction:
        yield SqlStore(transaction)


@asynccontextmanager
async def memory_transactions() -> AsyncIterator[Transaction]:
    """What works on an empty database that lives as long as the context: for several stores on one database."""
    database = aiosqlite.Connection(_empty_database, iter_chunk_size=64)
    # A scenario that is cut off must not keep the process alive.
    database._thread.daemon = True  # noqa: SLF001
    async with database:
        engine = _engine_on(lambda: database._conn)  # noqa: SLF001

        def transaction(work: Callable[[Connection], T]) -> Awaitable[T]:
            # The connection's thread does a transaction whole, one after the other: to ask it anew for each
            # statement costs more than the statement, and who is cancelled meanwhile leaves nothing half done.
            return cast("Awaitable[T]", database._execute(_whole, engine, work))  # type: ignore[no-untyped-call]  # noqa: SLF001

        yield transaction


def _whole(engine: Engine, work: Callable[[Connection], T]) -> T:
    with engine.begin() as connection:
        return work(connection)


def _empty_database() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.executescript(_script())
    return connection


def _engine_on(connect: Callable[[], Any]) -> Engine:
    template = _template()
    pool = StaticPool(connect, reset_on_return=None, dialect=template.dialect)
    engine = Engine(pool, template.dialect, template.url)
    engine.update_execution_options(compiled_cache=_compiled)
    return engine


@cache
def _template() -> Engine:
    """The engine whose dialect every scenario's engine shares: to find out about SQLite costs as much as to use it."""
    return create_engine("sqlite://", poolclass=StaticPool)


@cache
def _script() -> str:
    """What makes the tables: one script, for one look at the database."""
    creation: list[CreateTable | CreateIndex] = [CreateTable(table) for table in metadata.sorted_tables]
    creation += [CreateIndex(index) for table in metadata.sorted_tables for index in table.indexes]
    dialect = _template().dialect
    return ";".join(["PRAGMA foreign_keys = ON", *(str(ddl.compile(dialect=dialect)) for ddl in creation)])
