"""What keeps a server's state: a pool of connections to PostgreSQL and one to Redis or Valkey, or both in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.reference.storage.sql import Transaction
from goldenpath.reference.storage.tables import metadata

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

Check = Callable[[], Awaitable[object]]
"""Ends well while something is there, and raises while it is not."""

_CONNECT: Final = 3.0
_ANSWER: Final = 5.0
_CONNECTIONS: Final = 8
_MORE: Final = 24

_TABLES_LOCK: Final = 0x676F6C64
"""The advisory lock under which tables are made: several servers start at once."""

_LOST: Final = ("08", "57P", "53300")
"""SQLSTATEs that mean no connection: connection exceptions, operator intervention, too many connections."""


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
        redis = await stack.enter_async_context(_redis(cache_url) if cache_url else _memory_redis())
        checks: dict[str, Check] = {"cache": redis.ping}
        transaction = None
        if database:
            transaction = await stack.enter_async_context(_postgres(database_url) if database_url else _memory())
            checks = {"database": lambda: transaction(_look), **checks}
        yield Backing(transaction, redis, not cache_url, checks)


@asynccontextmanager
async def _postgres(url: str) -> AsyncIterator[Transaction]:
    engine = _engine(url)

    async def transaction(work: Callable[[Connection], T]) -> T:
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work)
        except (OSError, TimeoutError, PoolTimeout) as error:
            raise ServiceUnavailable("database", _reason(error)) from error
        except DBAPIError as error:
            if not _is_lost(error):
                raise
            raise ServiceUnavailable("database", _reason(error)) from error

    try:
        await transaction(_make_tables)
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
            raise ServiceUnavailable("database", _reason(error)) from error

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


def _is_lost(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state.startswith(_LOST)


def _reason(error: BaseException) -> str:
    """What was seen, without address or statement."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, PoolTimeout):
        return "every connection is in use"
    return "it did not answer in time" if isinstance(cause, TimeoutError) else f"no connection ({type(cause).__name__})"


@asynccontextmanager
async def _memory() -> AsyncIterator[Transaction]:
    from goldenpath.reference.storage.memory import memory_transactions

    async with memory_transactions() as transaction:
        yield transaction


@asynccontextmanager
async def _redis(url: str) -> AsyncIterator[Redis]:
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    pool = BlockingConnectionPool.from_url(
        url,
        decode_responses=True,
        encoding_errors="surrogatepass",
        socket_connect_timeout=_CONNECT,
        socket_timeout=_ANSWER,
        timeout=_ANSWER,
        # Each window listens on a connection of its own.
        max_connections=5000,
        # Once more at once: a connection that was kept may be to a server that went and came back.
        retry=Retry(NoBackoff(), 1),
    )
    client: Redis = Redis.from_pool(pool)
    async with client:
        yield client


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
