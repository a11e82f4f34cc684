"""The store over SQL: one set of statements for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, and_, case, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from goldenpath.adapters.database.tables import check, checked, messages, runs, threads, users
from goldenpath.domain.errors import Conflict, Invalid, NotFound
from goldenpath.ports.database import MessageRow, RunRow, ThreadRow, UserRow

if TYPE_CHECKING:
    from sqlalchemy import Row, Select, Table
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")
AnyRow = TypeVar("AnyRow", UserRow, ThreadRow, MessageRow, RunRow)


class SqlStore:
    """``Store`` over an engine on whose database the tables of ``tables.metadata`` stand."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def user(self, user_id: str) -> UserRow | None:
        """See ``DatabasePort``."""
        return await self._one(UserRow, _columns(UserRow, users).where(users.c.id == user_id))

    async def user_by_email(self, email: str) -> UserRow | None:
        """See ``Store``."""
        return await self._one(UserRow, _columns(UserRow, users).where(users.c.email_folded == email.casefold()))

    async def add_user(self, row: UserRow) -> None:
        """See ``Store``."""
        values = checked(users, row) | {"email_folded": row.email.casefold(), "permissions": list(row.permissions)}
        try:
            await self._transaction(lambda connection: connection.execute(insert(users), values))
        except IntegrityError:
            raise Conflict("the email or the id is taken", code="taken") from None

    async def thread(self, owner_id: str, thread_id: str) -> ThreadRow | None:
        """See ``DatabasePort``."""
        return await self._one(ThreadRow, self._threads_of(owner_id).where(threads.c.id == thread_id))

    async def thread_by_key(self, owner_id: str, idempotency_key: str) -> ThreadRow | None:
        """See ``Store``."""
        of_key = self._threads_of(owner_id).where(threads.c.idempotency_key == idempotency_key)
        return await self._one(ThreadRow, of_key)

    async def threads(
        self, owner_id: str, *, limit: int = 20, before: tuple[datetime, str] | None = None
    ) -> tuple[ThreadRow, ...]:
        """See ``DatabasePort``."""
        query = self._threads_of(owner_id)
        at, name = threads.c.last_activity_at, threads.c.id
        if before is not None:
            query = query.where(or_(at < before[0], and_(at == before[0], name < before[1])))
        return await self._all(ThreadRow, query.order_by(at.desc(), name.desc()).limit(limit))

    async def add_thread(self, row: ThreadRow) -> None:
        """See ``Store``."""
        values = self._checked_thread(row)
        try:
            await self._transaction(lambda connection: connection.execute(insert(threads), values))
        except IntegrityError:
            if await self.user(row.owner_id) is None:
                raise Invalid("there is no such owner", code="no_owner") from None
            raise Conflict("the id or the idempotency key is taken", code="taken") from None

    async def messages(self, owner_id: str, thread_id: str) -> tuple[MessageRow, ...]:
        """See ``DatabasePort``."""
        theirs = _columns(MessageRow, messages).join(threads, threads.c.id == messages.c.thread_id)
        query = theirs.where(threads.c.owner_id == owner_id, messages.c.thread_id == thread_id)
        return await self._all(MessageRow, query.order_by(messages.c.position))

    async def run(self, owner_id: str, run_id: str) -> RunRow | None:
        """See ``DatabasePort``."""
        query = _columns(RunRow, runs).where(runs.c.id == run_id, runs.c.owner_id == owner_id)
        return await self._one(RunRow, query)

    async def runs(self, owner_id: str) -> tuple[RunRow, ...]:
        """See ``DatabasePort``."""
        query = _columns(RunRow, runs).where(runs.c.owner_id == owner_id)
        return await self._all(RunRow, query.order_by(runs.c.created_at, runs.c.position))

    async def running(self) -> tuple[RunRow, ...]:
        """See ``Store``."""
        query = _columns(RunRow, runs).where(runs.c.status == "running")
        return await self._all(RunRow, query.order_by(runs.c.created_at, runs.c.position))

    async def add_run(self, row: RunRow, question: MessageRow) -> None:
        """See ``Store``."""
        run, message = checked(runs, row), self._checked_message(question, row.id, row.thread_id)

        def store(connection: Connection) -> None:
            if not _touch(connection, row.thread_id, question.created_at, row.owner_id):
                raise NotFound("there is no such conversation", code="no_thread")
            connection.execute(insert(runs), run)
            connection.execute(insert(messages), message)

        try:
            await self._transaction(store)
        except IntegrityError:
            raise Conflict("the id is taken", code="taken") from None

    async def finish_run(
        self, run_id: str, *, status: str, error: str | None, finished_at: datetime, answer: MessageRow | None
    ) -> None:
        """See ``Store``."""
        ending = {"status": status, "error": error, "finished_at": finished_at}
        for name, value in ending.items():
            check(runs.c[name], value)
        text = answer.content if answer else None
        end = update(runs).where(runs.c.id == run_id, runs.c.status == "running").values(**ending, answer=text)

        def store(connection: Connection) -> None:
            thread_id = connection.execute(end.returning(runs.c.thread_id)).scalar_one_or_none()
            if thread_id is None:
                raise _not_running(connection, run_id)
            if answer is not None:
                connection.execute(insert(messages), self._checked_message(answer, run_id, thread_id))
            _touch(connection, thread_id, finished_at)

        try:
            await self._transaction(store)
        except IntegrityError:
            raise Conflict("the answer's id is taken", code="taken") from None

    async def _transaction(self, work: Callable[[Connection], T]) -> T:
        """Do all of ``work`` or nothing of it."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def _all(self, kind: type[AnyRow], query: Select[Any]) -> tuple[AnyRow, ...]:
        rows = await self._transaction(lambda connection: connection.execute(query).all())
        return tuple(_row(kind, row) for row in rows)

    async def _one(self, kind: type[AnyRow], query: Select[Any]) -> AnyRow | None:
        try:
            found = await self._all(kind, query)
        except UnicodeEncodeError:  # half a surrogate pair: no row has it
            return None
        return found[0] if found else None

    def _threads_of(self, owner_id: str) -> Select[Any]:
        return _columns(ThreadRow, threads).where(threads.c.owner_id == owner_id)

    def _checked_thread(self, row: ThreadRow) -> dict[str, Any]:
        if not row.title:
            raise Invalid("the title is empty", code="empty")
        return checked(threads, row)

    def _checked_message(self, row: MessageRow, run_id: str, thread_id: str) -> dict[str, Any]:
        if row.thread_id != thread_id or row.run_id != run_id:
            raise Invalid("the message belongs to another run or conversation", code="elsewhere")
        return checked(messages, row)


@cache
def _columns(kind: type[Any], table: Table) -> Select[Any]:
    """A query for the columns that the row has, in its order: the same at each call, for others to be made from."""
    return select(*(table.c[field.name] for field in fields(kind)))


def _row(kind: type[AnyRow], row: Row[Any]) -> AnyRow:
    values = dict(row._mapping)  # noqa: SLF001  # SQLAlchemy's documented name
    if "permissions" in values:
        values["permissions"] = tuple(values["permissions"])
    return kind(**values)


def _touch(connection: Connection, thread_id: str, at: datetime, owner_id: str | None = None) -> bool:
    """Move a conversation's activity forward, never back; whether there is one, of that owner if one is named."""
    newest = case((threads.c.last_activity_at < at, at), else_=threads.c.last_activity_at)
    theirs = threads.c.id == thread_id
    if owner_id is not None:
        theirs = and_(theirs, threads.c.owner_id == owner_id)
    return connection.execute(update(threads).where(theirs).values(last_activity_at=newest)).rowcount > 0


def _not_running(connection: Connection, run_id: str) -> Conflict | NotFound:
    if connection.execute(select(runs.c.id).where(runs.c.id == run_id)).first():
        return Conflict("the run has ended already", code="ended")
    return NotFound("there is no such run", code="no_run")
