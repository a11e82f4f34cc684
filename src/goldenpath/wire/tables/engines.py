"""Connections to the database of a product, on which nothing can be changed and nothing waits for long."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from goldenpath.domain.errors import GoldenPathError, ServiceUnavailable
from goldenpath.reference.storage.postgres import engine_on
from goldenpath.reference.storage.sql import lost

Answer = TypeVar("Answer")

SQLITE: Final = "sqlite:///"
"""How the address of a file begins; an absolute path has one more slash."""

_BOUNDED: Final = text(
    "SELECT set_config('transaction_read_only', 'on', true), set_config('statement_timeout', :milliseconds, true)"
)
_CANCELLED: Final = "57014"
_FORBIDDEN: Final = "42501"
"""SQLSTATE (PostgreSQL, appendix A) of what was cancelled, as after its time, and of what is not allowed."""


class Reader:
    """Reads in transactions that can change nothing.

    Args:
        engine: The connections.
        seconds: In which a statement must be answered.
    """

    def __init__(self, engine: AsyncEngine, seconds: float) -> None:
        self._engine = engine
        self._seconds = seconds

    @property
    def dialect(self) -> str:
        """``postgresql`` or ``sqlite``."""
        return self._engine.dialect.name

    async def read(self, what: str, work: Callable[[Connection], Answer]) -> Answer:
        """What ``work`` gives, done in one transaction.

        Args:
            what: The table that is read, for an error.
            work: Reads on a connection.

        Raises:
            ServiceUnavailable: The database is lost.
            GoldenPathError: It does not answer in time, or does not let us read this.
        """
        try:
            async with self._engine.connect() as connection:
                if self.dialect == "postgresql":
                    await connection.execute(_BOUNDED, {"milliseconds": str(round(self._seconds * 1000))})
                return await connection.run_sync(work)
        except (SQLAlchemyError, OSError) as error:
            raise self._told(what, error) from error

    def _told(self, what: str, error: BaseException) -> GoldenPathError:
        cause = getattr(error, "orig", None) or error
        state = getattr(cause, "sqlstate", None)
        if state == _CANCELLED or isinstance(cause, TimeoutError):
            said = f"reading {what} took longer than {self._seconds:g} s; somebody may hold a lock on it"
            return GoldenPathError(said, where="database", try_next="[services.database] statement_timeout = 30")
        if state == _FORBIDDEN:
            said = f"this user may not read {what}: {_first(cause)}"
            return GoldenPathError(said, where="database", try_next=f"GRANT SELECT ON {what} TO this user")
        if (reason := lost(error)) is not None:
            return ServiceUnavailable("database", reason)
        return GoldenPathError(f"{what} cannot be read: {_first(cause)}", where="database")


def _first(error: BaseException) -> str:
    """The first line of what a driver says, without the class of SQLAlchemy's wrapping."""
    return (str(error).splitlines() or [type(error).__name__])[0].rpartition("'>: ")[2]


@asynccontextmanager
async def reader(url: str, seconds: float) -> AsyncIterator[Reader]:
    """A reader of the database at an address: ``postgresql://...``, or ``sqlite:///PATH``.

    Nothing is asked before something is read; no connection outlives the context.
    """
    engine = _sqlite(url, seconds) if url.startswith(SQLITE) else engine_on(url)
    try:
        yield Reader(engine, seconds)
    finally:
        await engine.dispose()


def sqlite_file(url: str) -> Path:
    """The file that an address of SQLite names."""
    return Path(url.removeprefix(SQLITE).partition("?")[0])


def _sqlite(url: str, seconds: float) -> AsyncEngine:
    path = quote(sqlite_file(url).absolute().as_posix())
    return create_async_engine(
        f"sqlite+aiosqlite:///file:{path}?mode=ro&uri=true",
        connect_args={"timeout": seconds},
        hide_parameters=True,
    )
