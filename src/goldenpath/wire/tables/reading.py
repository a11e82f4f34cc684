"""The rows of the port, read from the tables of a product on one connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from goldenpath.ports.database import MessageRow, RunRow, ThreadRow, UserRow
from goldenpath.wire.tables.columns import catalogue_of, misfits
from goldenpath.wire.tables.selecting import Source
from goldenpath.wire.tables.settings import Tables

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

_WRONG_STATEMENT = "42"
"""The class of SQLSTATE of what cannot be asked so: no permission, types that cannot be compared (appendix A)."""


class Sources:
    """Where the rows of each kind are read from."""

    def __init__(self, found: Mapping[str, Source]) -> None:
        self._found = found

    def __getitem__(self, kind: str) -> Source:
        return self._found[kind]

    def __contains__(self, kind: object) -> bool:
        return kind in self._found

    def name(self, kind: str) -> str:
        """What the product calls the table; of runs without one, that of the messages."""
        return self._found[kind if kind in self._found else "messages"].name


def look_at(connection: Connection, tables: Tables) -> Sources:
    """Hold the mapping against the database, and ask each table once for nothing.

    Raises:
        SettingsError: Something is missing, of a wrong type, or not for us to read; all of it in one message.
    """
    catalogue = catalogue_of(connection, tables)
    found = {kind: Source(kind, tables, catalogue, connection.dialect.name) for kind in tables.rows}
    wrong = []
    for kind, source in found.items():
        try:
            with connection.begin_nested():
                connection.execute(source.select().limit(0))
        except DBAPIError as error:
            cause = error.orig or error
            if not str(getattr(cause, "sqlstate", "")).startswith(_WRONG_STATEMENT):
                raise
            wrong.append(f"{kind}: {source.name} cannot be read: {str(cause).rpartition('>: ')[2]}")
    if wrong:
        raise misfits(wrong)
    return Sources(found)


class Reading:
    """One transaction in which rows are read.

    Args:
        connection: On which.
        sources: Where the rows are.
    """

    def __init__(self, connection: Connection, sources: Sources) -> None:
        self._connection = connection
        self._sources = sources

    def user(self, user_id: str) -> UserRow | None:
        """An account; the hash of its password is never read."""
        source = self._sources["users"]
        for row in self._rows(source, source.equals("id", user_id)):
            permissions = source.value(row, "permissions") or ()
            return UserRow(source.value(row, "id"), source.value(row, "email"), "", permissions, _time(source, row))
        return None

    def thread(self, owner_id: str, thread_id: str) -> ThreadRow | None:
        """A conversation of that owner."""
        source = self._sources["threads"]
        rows = self._rows(source, source.equals("owner_id", owner_id), source.equals("id", thread_id))
        return next((_thread(source, row) for row in rows), None)

    def threads(
        self, owner_id: str, limit: int | None = None, before: tuple[datetime, str] | None = None
    ) -> tuple[ThreadRow, ...]:
        """The owner's conversations, newest activity first, after the one that ``before`` names."""
        source = self._sources["threads"]
        owned = source.equals("owner_id", owner_id)
        if owned is None:
            return ()
        order = [source["last_activity_at"].desc().nulls_last(), source.sorted_by("id").desc()]
        query = source.select(owned).order_by(*order)
        if before is None:
            rows = self._connection.execute(query.limit(limit)).mappings()
            return tuple(_thread(source, row) for row in rows)
        # A time may be stored as text or as a number: instants are compared here, ids where they are at home.
        query = query.add_columns(source.is_before("id", before[1]).label("is_before"))
        found = ((_thread(source, row), row["is_before"]) for row in self._connection.execute(query).mappings())
        at = before[0]
        older = [row for row, lower in found if row.last_activity_at < at or (row.last_activity_at == at and lower)]
        return tuple(older[:limit])

    def messages(self, owner_id: str, thread_id: str) -> tuple[MessageRow, ...]:
        """What was said in a conversation of that owner, in the order in which it was stored."""
        if self.thread(owner_id, thread_id) is None:
            return ()
        source = self._sources["messages"]
        return self._messages(source.equals("thread_id", thread_id))

    def run(self, owner_id: str, run_id: str) -> RunRow | None:
        """A run of that owner."""
        if "runs" in self._sources:
            source = self._sources["runs"]
            found = self._stored_runs(owner_id, source.equals("id", run_id))
        else:
            source = self._sources["messages"]
            found = self._told_runs(owner_id, self._messages(source.equals("run_id", run_id)))
        return found[0] if found else None

    def runs(self, owner_id: str) -> tuple[RunRow, ...]:
        """The owner's runs, oldest first."""
        kind = "runs" if "runs" in self._sources else "messages"
        source = self._sources[kind]
        if kind == "runs" and source.has("owner_id"):
            return self._stored_runs(owner_id)
        found: list[RunRow] = []
        for thread in self.threads(owner_id):
            of_it = source.equals("thread_id", thread.id)
            told = kind == "messages"
            found += self._told_runs(owner_id, self._messages(of_it)) if told else self._stored_runs(owner_id, of_it)
        return tuple(sorted(found, key=lambda each: each.created_at))

    def _stored_runs(self, owner_id: str, *conditions: ColumnElement[bool] | None) -> tuple[RunRow, ...]:
        source = self._sources["runs"]
        if source.has("owner_id"):
            conditions = (*conditions, source.equals("owner_id", owner_id))
        rows = self._rows(source, *conditions, order=_order(source))
        found = (self._stored_run(source, owner_id, row) for row in rows)
        return tuple(run for run in found if run is not None)

    def _stored_run(self, source: Source, owner_id: str, row: Mapping[Any, Any]) -> RunRow | None:
        """A run, as far as it is the owner's; what its table does not say is what its conversation says."""
        names = ("id", "thread_id", "owner_id", "prompt", "status", "answer", "error", "created_at", "finished_at")
        values = {name: source.value(row, name) for name in names} | {"owner_id": owner_id}
        if not source.has("owner_id") and self.thread(owner_id, values["thread_id"]) is None:
            return None
        if not (source.has("prompt") and source.has("answer")):
            said = self.messages(owner_id, values["thread_id"]) if "messages" in self._sources else ()
            told = dict(
                zip(("prompt", "answer"), _told([each for each in said if each.run_id == values["id"]]), strict=True)
            )
            values |= {name: value for name, value in told.items() if not source.has(name)}
        return RunRow(**values)

    def _told_runs(self, owner_id: str, said: Iterable[MessageRow]) -> tuple[RunRow, ...]:
        """The runs that messages tell of, as far as they are of conversations of that owner."""
        runs: dict[tuple[str, str], list[MessageRow]] = {}
        for each in said:
            if each.run_id is not None:
                runs.setdefault((each.thread_id, each.run_id), []).append(each)
        return tuple(
            _told_run(owner_id, thread_id, run_id, of_it)
            for (thread_id, run_id), of_it in runs.items()
            if self.thread(owner_id, thread_id) is not None
        )

    def _messages(self, *conditions: ColumnElement[bool] | None) -> tuple[MessageRow, ...]:
        source = self._sources["messages"]
        names = ("id", "thread_id", "run_id", "role", "content", "created_at")
        rows = self._rows(source, *conditions, order=_order(source))
        return tuple(MessageRow(**{name: source.value(row, name) for name in names}) for row in rows)

    def _rows(
        self, source: Source, *conditions: ColumnElement[bool] | None, order: Iterable[ColumnElement[Any]] = ()
    ) -> list[Mapping[Any, Any]]:
        kept = [each for each in conditions if each is not None]
        if len(kept) < len(conditions):
            return []  # no row has such an id
        return [dict(row) for row in self._connection.execute(source.select(*kept).order_by(*order)).mappings()]


def _order(source: Source) -> list[ColumnElement[Any]]:
    """The order in which rows were stored."""
    if source.has("position"):
        return [source["position"]]
    return [source["created_at"], source.sorted_by("id")]


def _time(source: Source, row: Mapping[Any, Any]) -> datetime:
    found: datetime = source.value(row, "created_at")
    return found


def _thread(source: Source, row: Mapping[Any, Any]) -> ThreadRow:
    names = ("id", "owner_id", "title", "idempotency_key", "created_at", "last_activity_at")
    return ThreadRow(**{name: source.value(row, name) for name in names})


def _told(said: list[MessageRow]) -> tuple[str, str | None]:
    """What was asked first, and answered last."""
    asked = [each.content for each in said if each.role == "user"]
    answered = [each.content for each in said if each.role == "assistant"]
    return asked[0] if asked else "", answered[-1] if answered else None


def _told_run(owner_id: str, thread_id: str, run_id: str, said: list[MessageRow]) -> RunRow:
    prompt, answer = _told(said)
    ended = None if answer is None else said[-1].created_at
    status = "running" if answer is None else "completed"
    return RunRow(run_id, thread_id, owner_id, prompt, status, answer, None, said[0].created_at, ended)
