"""What a product has stored, read from its own tables as ``[services.database.tables]`` maps them.

Nothing is written, and rows are asked for with their owner only. The speaker of a mapped database, see
``goldenpath.wire.opening``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from goldenpath.domain.errors import MissingCapability
from goldenpath.domain.values import Availability
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.database import MessageRow, RunRow, ThreadRow, UserRow
from goldenpath.wire.tables.settings import WHERE, Tables, tables_of

if TYPE_CHECKING:
    from goldenpath.wire.tables.engines import Reader
    from goldenpath.wire.tables.reading import Reading, Sources

Answer = TypeVar("Answer")

_looked: Final[dict[tuple[str, str], Sources]] = {}
"""Tables that were looked at, by address and mapping: once a process."""


def capabilities(service: str, table: Mapping[str, Any]) -> frozenset[str]:
    """What can be read: ``users``, ``threads``, ``messages``, ``runs``, as far as the product has them.

    Raises:
        SettingsError: As for ``check``.
    """
    return tables_of(table).kinds


def check(service: str, table: Mapping[str, Any]) -> None:
    """Whether the mapping can be read; the database is not asked.

    Raises:
        SettingsError: It cannot; ``where`` is the key.
    """
    tables_of(table)


async def probe(service: str, url: str, table: Mapping[str, Any]) -> Availability:
    """Whether the database lets us in."""
    from goldenpath.resolution.probes import probe_postgres
    from goldenpath.wire.tables.engines import SQLITE, sqlite_file

    if not url.startswith(SQLITE):
        return await probe_postgres(url)
    file = sqlite_file(url)
    return Availability(file.is_file(), f"SQLite in {file}" if file.is_file() else f"there is no file {file}")


@asynccontextmanager
async def open_port(
    service: str, url: str, table: Mapping[str, Any], context: OpenContext
) -> AsyncIterator[MappedDatabase]:
    """The port of a database whose tables are the product's; connected when it is first asked for something."""
    from goldenpath.wire.tables.engines import reader

    tables = tables_of(table)
    async with reader(url, tables.seconds) as reading:
        yield MappedDatabase(reading, tables, (url, repr(tables)))


class MappedDatabase:
    """``DatabasePort`` over the tables of a product.

    Args:
        reader: Reads the database.
        tables: What the settings say of its tables.
        name: Of this database with this mapping: what was found out of it is found out once.

    Every operation raises ``ServiceUnavailable`` when the database is lost, ``SettingsError`` where the mapping does
    not fit it, and ``MissingCapability`` where the product has no such table.
    """

    def __init__(self, reader: Reader, tables: Tables, name: tuple[str, str]) -> None:
        self._reader = reader
        self._tables = tables
        self._name = name

    async def user(self, user_id: str) -> UserRow | None:
        """See ``DatabasePort``; the hash of the password is never read."""
        return await self._read("users", lambda on: on.user(user_id))

    async def thread(self, owner_id: str, thread_id: str) -> ThreadRow | None:
        """See ``DatabasePort``."""
        return await self._read("threads", lambda on: on.thread(owner_id, thread_id))

    async def threads(
        self, owner_id: str, *, limit: int = 20, before: tuple[datetime, str] | None = None
    ) -> tuple[ThreadRow, ...]:
        """See ``DatabasePort``."""
        return await self._read("threads", lambda on: on.threads(owner_id, limit, before))

    async def messages(self, owner_id: str, thread_id: str) -> tuple[MessageRow, ...]:
        """See ``DatabasePort``."""
        return await self._read("messages", lambda on: on.messages(owner_id, thread_id))

    async def run(self, owner_id: str, run_id: str) -> RunRow | None:
        """See ``DatabasePort``."""
        return await self._read("runs", lambda on: on.run(owner_id, run_id))

    async def runs(self, owner_id: str) -> tuple[RunRow, ...]:
        """See ``DatabasePort``."""
        return await self._read("runs", lambda on: on.runs(owner_id))

    async def _read(self, kind: str, read: Callable[[Reading], Answer]) -> Answer:
        from goldenpath.wire.tables.reading import Reading

        if kind not in self._tables.kinds:
            reason = f"nobody can read what {kind} the product keeps: it has no table for them"
            raise MissingCapability(reason, where=f"[{WHERE}.{kind}]")
        sources = await self._sources()
        return await self._reader.read(sources.name(kind), lambda connection: read(Reading(connection, sources)))

    async def _sources(self) -> Sources:
        """What is read from; looked at before it is first read."""
        from goldenpath.wire.tables.reading import look_at

        if self._name not in _looked:
            _looked[self._name] = await self._reader.read("its tables", lambda on: look_at(on, self._tables))
        return _looked[self._name]
