"""What keeps a server's state: a pool of connections to PostgreSQL and one to Redis or Valkey, or both in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.reference.storage.server import open_redis
from goldenpath.reference.storage.sql import Transaction
from goldenpath.reference.storage.tables import metadata

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

Check = Callable[[], Awaitable[object]]
"""Ends well while something is there, and raises while it is not."""

_CONNECT: Final = 3.0
_ANSWER: Final = 5.0
_CONNECTIONS: Final = 5
_MORE: Final = 10

_LISTENERS: Final = 5000
"""Connections to the cache: each window listens on one of its own."""

_TABLES_LOCK: Final = 0x676F6C64
"""The advisory lock under which tables are made: several servers start at once."""


@dataclass(frozen=True, slots=True)
class Backing:
    """What keeps the state of all tenants of a process.

    Attributes:
        transaction: Works on the database; None where the service has none.
        redis: The client of the cache.
        in_memory: Whether the cache is in this process, where nobody else moves its time.
        checks: What looks whether each is there, by service.
    """

    transaction: Transaction | None
    redis: Redis
    in_memory: bool
    checks: Mapping[str, Check]


@asynccontextmanager
async def backing(database_url: str, cache_url: str, *, database: bool) -> AsyncIterator[Backing]:
    """Open what keeps the state; an empty URL means memory. ``database`` says whether one is needed.

    Raises:
        ServiceUnavailable: PostgreSQL is not there.
    """
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(
            open_redis(cache_url, max_connections=_LISTENERS) if cache_url else _memory_redis()
        )
        checks: dict[str, Check] = {"cache": redis.ping}
        transaction = None
        if database:
            transaction = await stack.enter_async_context(_postgres(database_url) if database_url else _memory())
            checks = {"database": lambda: transaction(_look), **checks}
        yield Backing(transaction, redis, not cache_url, checks)


@asynccontextmanager
async def _postgres(url: str) -> AsyncIterator[Transaction]:
    engine = _engine(url)

    async def transaction(work: Callable[[Connection], Any]) -> Any:
        async with engine.begin() as connection:
            return await connection.run_sync(work)

    try:
        try:
            await transaction(_make_tables)
        except (SQLAlchemyError, OSError) as error:
            raise ServiceUnavailable("database", f"{type(error).__name__}: its tables cannot be made") from error
        yield transaction
    finally:
        await engine.dispose()


def _engine(url: str) -> AsyncEngine:
    import asyncpg
    from sqlalchemy.ext.asyncio import create_async_engine

    # The driver reads the address itself, with all that libpq knows (sslmode, sockets, several hosts).
    scheme, _, rest = url.partition("://")
    dsn = f"{scheme.partition('+')[0]}://{rest}"

    async def connect() -> Any:
        try:
            return await asyncpg.connect(dsn, timeout=_CONNECT, command_timeout=_ANSWER)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise ServiceUnavailable("database", f"it lets nobody in ({type(error).__name__})") from error

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=_CONNECTIONS,
        max_overflow=_MORE,
        pool_timeout=_ANSWER,
        # A database that came back must not be met with the connections of the one that went.
        pool_pre_ping=True,
        # Rows hold what people wrote and the hashes of their passwords: no error tells them.
        hide_parameters=True,
    )


def _make_tables(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TABLES_LOCK})
    metadata.create_all(connection)


def _look(connection: Connection) -> object:
    return connection.execute(text("SELECT 1")).scalar_one()


@asynccontextmanager
async def _memory() -> AsyncIterator[Transaction]:
    from goldenpath.reference.storage.memory import memory_transactions

    async with memory_transactions() as transaction:
        yield transaction


@asynccontextmanager
async def _memory_redis() -> AsyncIterator[Redis]:
    from fakeredis import FakeAsyncRedis, FakeServer

    options: dict[str, Any] = {"single_connection_client": True, "max_connections": 2**31}
    options |= {"decode_responses": True, "encoding_errors": "surrogatepass"}
    options |= {"socket_timeout": None, "protocol": 2}
    async with FakeAsyncRedis(server=FakeServer(), **options) as client:
        yield client


async def looked_at(checks: Mapping[str, Check], within: float = 1.0) -> dict[str, str]:
    """What each check says: ``ok``, or what was seen instead; all at once, within one deadline."""
    said = await asyncio.gather(*(_said(check, within) for check in checks.values()))
    return dict(zip(checks, said, strict=True))


async def _said(check: Check, within: float) -> str:
    try:
        async with asyncio.timeout(within):
            await check()
    except TimeoutError:
        return "no answer in time"
    except ServiceUnavailable as error:
        return error.reason
    except Exception as error:  # noqa: BLE001 - whatever a check breaks on, what it looks at is not usable
        return f"no answer ({type(error).__name__})"
    return "ok"
