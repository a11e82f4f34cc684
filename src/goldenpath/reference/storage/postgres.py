"""The store on PostgreSQL: connections by asyncpg, opened when first needed and closed with the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.schema import CreateSchema

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.reference.storage.sql import SqlStore
from goldenpath.reference.storage.tables import metadata

_CONNECTING: Final = 5.0
"""Seconds to connect in."""

_ANSWERING: Final = 10.0
"""Seconds in which a statement must be answered."""

_MOST: Final = 10
"""Connections that one store may have at once; who comes later waits."""

_MAKING: Final = 0x676F6C64
"""The advisory lock under which tables are made."""

_compiled: dict[Any, Any] = {}
"""Statements compiled once a process: they are the same in every store."""


@asynccontextmanager
async def postgres_store(url: str) -> AsyncIterator[SqlStore]:
    """The store in the database at ``url`` (``postgresql://user:password@host:port/name``), whose tables stand.

    Nothing is asked of the database before the store is; no connection outlives the context.
    """
    engine = engine_on(url)

    async def transaction(work: Callable[[Connection], Any]) -> Any:
        async with engine.begin() as connection:
            return await connection.run_sync(work)

    try:
        yield SqlStore(transaction)
    finally:
        await engine.dispose()


async def make_schema(url: str, schema: str) -> None:
    """Make a schema with the platform's tables, as far as they do not stand yet.

    Raises:
        ServiceUnavailable: The database cannot be reached, or does not let us.
    """
    engine = engine_on(in_schema(url, schema))
    try:
        async with engine.begin() as connection:
            # Several workers may start at once.
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MAKING})
            await connection.execute(CreateSchema(schema, if_not_exists=True))
            await connection.run_sync(metadata.create_all)
    except _refusals() as error:
        cause = getattr(error, "orig", None) or error
        raise ServiceUnavailable("database", f"no tables of ours can be made there: {cause}") from error
    finally:
        await engine.dispose()


def in_schema(url: str, schema: str) -> str:
    """The address at which unqualified names are those of a schema."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'search_path': schema})}"


def engine_on(url: str) -> AsyncEngine:
    """An engine with connections of its own, and the dialect that was set up once for the process."""
    template = _template(url).sync_engine
    engine = Engine(template.pool.recreate(), template.dialect, template.url)
    engine.update_execution_options(compiled_cache=_compiled)
    return AsyncEngine(engine)


@cache
def _template(url: str) -> AsyncEngine:
    """The engine that the others are made after: to find out about a server costs five statements, once."""
    import asyncpg

    # The driver reads the address itself, with all that libpq knows (sslmode, sockets, several hosts).
    scheme, _, rest = url.partition("://")
    address = f"{scheme.partition('+')[0]}://{rest}"

    async def connect() -> Any:
        try:
            return await asyncpg.connect(address, timeout=_CONNECTING, command_timeout=_ANSWERING)
        except _refusals() as error:
            raise ServiceUnavailable("database", f"{type(error).__name__}: {error}") from error

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=_MOST,
        max_overflow=0,
        pool_timeout=_ANSWERING,
        # Rows hold what people wrote and the hashes of their passwords: no error tells them.
        hide_parameters=True,
    )


def _refusals() -> tuple[type[Exception], ...]:
    """What is raised where a database does not let us in, or is gone."""
    from asyncpg.exceptions import InterfaceError, PostgresError

    return PostgresError, InterfaceError, SQLAlchemyError, OSError, ValueError
