"""The store over SQL: one set of statements for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import Connection, and_, bindparam, case, insert, or_, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from goldenpath.domain.errors import Conflict, Invalid, NotFound, ServiceUnavailable
from goldenpath.ports.database import MessageRow, RunRow, ThreadRow, UserRow
from goldenpath.reference.storage.tables import check, checked, is_text, messages, runs, threads, users

if TYPE_CHECKING:
    from sqlalchemy import Select, Table

AnyRow = TypeVar("AnyRow", UserRow, ThreadRow, MessageRow, RunRow)

Transaction = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
"""Does all of what it is given on a connection, or nothing of it, and gives what that gave."""


def _columns(kind: type[Any], table: Table) -> Select[Any]:
    """A query for the columns that the row has, in its order."""
    return select(*(table.c[field.name] for field in fields(kind)))


# Statements are built once: to put one together costs SQLAlchemy more than to execute it.
_USER: Final = _columns(UserRow, users).where(users.c.id == bindparam("user"))
_USER_BY_EMAIL: Final = _columns(UserRow, users).where(users.c.email_folded == bindparam("email"))

_OWN_THREADS: Final = _columns(ThreadRow, threads).where(threads.c.owner_id == bindparam("owner"))
_THREAD: Final = _OWN_THREADS.where(threads.c.id == bindparam("thread"))
_THREAD_BY_KEY: Final = _OWN_THREADS.where(threads.c.idempotency_key == bindparam("key"))
_NEWEST: Final = _OWN_THREADS.order_by(threads.c.last_activity_at.desc(), threads.c.id.desc()).limit(bindparam("most"))
_OLDER: Final = _NEWEST.where(
    or_(
        threads.c.last_activity_at < bindparam("at"),
        and_(threads.c.last_activity_at == bindparam("at"), threads.c.id < bindparam("after")),
    )
)

_MESSAGES: Final = (
    _columns(MessageRow, messages)
    .join(threads, threads.c.id == messages.c.thread_id)
    .where(threads.c.owner_id == bindparam("owner"), messages.c.thread_id == bindparam("thread"))
    .order_by(messages.c.position)
)

_IN_ORDER: Final = _columns(RunRow, runs).order_by(runs.c.created_at, runs.c.position)
_OWN_RUNS: Final = _IN_ORDER.where(runs.c.owner_id == bindparam("owner"))
_RUN: Final = _OWN_RUNS.where(runs.c.id == bindparam("run"))
_RUNNING: Final = _IN_ORDER.where(runs.c.status == "running")
_IS_RUN: Final = select(runs.c.id).where(runs.c.id == bindparam("run"))

_FINISH: Final = (
    update(runs)
    .where(runs.c.id == bindparam("run"), runs.c.status == "running")
    .values(status=bindparam("ended"), error=bindparam("why"), finished_at=bindparam("end"), answer=bindparam("said"))
    .returning(runs.c.thread_id)
)

# An activity moves forward, never back.
_TOUCH: Final = (
    update(threads)
    .where(threads.c.id == bindparam("thread"))
    .values(
        last_activity_at=case(
            (threads.c.last_activity_at < bindparam("at"), bindparam("at")), else_=threads.c.last_activity_at
        )
    )
)
_TOUCH_OWN: Final = _TOUCH.where(threads.c.owner_id == bindparam("owner"))


class SqlStore:
    """``Store`` on a database on which the tables of ``tables.metadata`` stand.

    Args:
        transaction: Works on that database.

    Every operation raises ``ServiceUnavailable`` when the database cannot be reached.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def user(self, user_id: str) -> UserRow | None:
        """See ``DatabasePort``."""
        return await self._one(UserRow, _USER, user=user_id)

    async def user_by_email(self, email: str) -> UserRow | None:
        """See ``Store``."""
        return await self._one(UserRow, _USER_BY_EMAIL, email=email.casefold())

    async def add_user(self, row: UserRow) -> None:
        """See ``Store``."""
        values = checked(users, row) | {"email_folded": row.email.casefold()}
        try:
            await self._do(lambda connection: connection.execute(insert(users), values))
        except IntegrityError:
            raise Conflict("the email or the id is taken", code="taken") from None

    async def thread(self, owner_id: str, thread_id: str) -> ThreadRow | None:
        """See ``DatabasePort``."""
        return await self._one(ThreadRow, _THREAD, owner=owner_id, thread=thread_id)

    async def thread_by_key(self, owner_id: str, idempotency_key: str) -> ThreadRow | None:
        """See ``Store``."""
        return await self._one(ThreadRow, _THREAD_BY_KEY, owner=owner_id, key=idempotency_key)

    async def threads(
        self, owner_id: str, *, limit: int = 20, before: tuple[datetime, str] | None = None
    ) -> tuple[ThreadRow, ...]:
        """See ``DatabasePort``."""
        if before is None:
            return await self._all(ThreadRow, _NEWEST, owner=owner_id, most=limit)
        return await self._all(ThreadRow, _OLDER, owner=owner_id, most=limit, at=before[0], after=before[1])

    async def add_thread(self, row: ThreadRow) -> None:
        """See ``Store``."""
        values = self._checked_thread(row)
        try:
            await self._do(lambda connection: connection.execute(insert(threads), values))
        except IntegrityError:
            if await self.user(row.owner_id) is None:
                raise Invalid("there is no such owner", code="no_owner") from None
            raise Conflict("the id or the idempotency key is taken", code="taken") from None

    async def messages(self, owner_id: str, thread_id: str) -> tuple[MessageRow, ...]:
        """See ``DatabasePort``."""
        return await self._all(MessageRow, _MESSAGES, owner=owner_id, thread=thread_id)

    async def run(self, owner_id: str, run_id: str) -> RunRow | None:
        """See ``DatabasePort``."""
        return await self._one(RunRow, _RUN, owner=owner_id, run=run_id)

    async def runs(self, owner_id: str) -> tuple[RunRow, ...]:
        """See ``DatabasePort``."""
        return await self._all(RunRow, _OWN_RUNS, owner=owner_id)

    async def running(self) -> tuple[RunRow, ...]:
        """See ``Store``."""
        return await self._all(RunRow, _RUNNING)

    async def add_run(self, row: RunRow, question: MessageRow) -> None:
        """See ``Store``."""
        run, message = checked(runs, row), self._checked_message(question, row.id, row.thread_id)
        activity = {"thread": row.thread_id, "owner": row.owner_id, "at": question.created_at}

        def store(connection: Connection) -> None:
            if not connection.execute(_TOUCH_OWN, activity).rowcount:
                raise NotFound("there is no such conversation", code="no_thread")
            connection.execute(insert(runs), run)
            connection.execute(insert(messages), message)

        try:
            await self._do(store)
        except IntegrityError:
            raise Conflict("the id is taken", code="taken") from None

    async def finish_run(
        self, run_id: str, *, status: str, error: str | None, finished_at: datetime, answer: MessageRow | None
    ) -> None:
        """See ``Store``."""
        if not is_text(run_id):
            raise NotFound("there is no such run", code="no_run")
        for name, value in {"status": status, "error": error, "finished_at": finished_at}.items():
            check(runs.c[name], value)
        said = answer.content if answer else None
        ending = {"run": run_id, "ended": status, "why": error, "end": finished_at, "said": said}

        def store(connection: Connection) -> None:
            thread_id = connection.execute(_FINISH, ending).scalar_one_or_none()
            if thread_id is None:
                raise _not_running(connection, run_id)
            if answer is not None:
                connection.execute(insert(messages), self._checked_message(answer, run_id, thread_id))
            connection.execute(_TOUCH, {"thread": thread_id, "at": finished_at})

        try:
            await self._do(store)
        except IntegrityError:
            raise Conflict("the answer's id is taken", code="taken") from None

    async def _all(self, kind: type[AnyRow], query: Select[Any], **values: object) -> tuple[AnyRow, ...]:
        if not all(is_text(value) for value in values.values() if isinstance(value, str)):
            return ()  # no row has it
        rows = await self._do(lambda connection: connection.execute(query, values).all())
        return tuple(kind(*row) for row in rows)

    async def _one(self, kind: type[AnyRow], query: Select[Any], **values: object) -> AnyRow | None:
        found = await self._all(kind, query, **values)
        return found[0] if found else None

    async def _do(self, work: Callable[[Connection], Any]) -> Any:
        try:
            return await self._transaction(work)
        except (SQLAlchemyError, OSError) as error:
            if (reason := lost(error)) is None:
                raise
            raise ServiceUnavailable("database", reason) from error

    def _checked_thread(self, row: ThreadRow) -> dict[str, Any]:
        if not row.title:
            raise Invalid("the title is empty", code="empty")
        return checked(threads, row)

    def _checked_message(self, row: MessageRow, run_id: str, thread_id: str) -> dict[str, Any]:
        if row.thread_id != thread_id or row.run_id != run_id:
            raise Invalid("the message belongs to another run or conversation", code="elsewhere")
        return checked(messages, row)


def _not_running(connection: Connection, run_id: str) -> Conflict | NotFound:
    if connection.execute(_IS_RUN, {"run": run_id}).first():
        return Conflict("the run has ended already", code="ended")
    return NotFound("there is no such run", code="no_run")


_AWAY: Final = ("08", "28", "3D", "53", "57")
"""Classes of SQLSTATE after which the database is not there for us: connection, sign-in, no such database, resources,
an operator (PostgreSQL, appendix A)."""


def lost(error: BaseException) -> str | None:
    """Why the database cannot be reached; None where it can, and the error is about something else."""
    if isinstance(error, DBAPIError):
        away = error.connection_invalidated
        error = error.orig or error
    else:
        away = isinstance(error, OSError | PoolTimeout)
    state = getattr(error, "sqlstate", None)
    if away or isinstance(error, OSError) or str(state)[:2] in _AWAY:
        return f"{type(error).__name__}: {str(error) or 'the connection was lost'}"
    return None
