"""Promises of the database that can be broken: each wraps operations of the store, whichever adapter gave it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from goldenpath.ports.database import MessageRow, RunRow, ThreadRow, UserRow
from goldenpath.reference.faults import fault

_ALL = 1000
"""More conversations than a scenario has."""


@fault("threads-by-title", "database", "Conversations are listed by title, not by newest activity")
def _threads_by_title(store: Any) -> None:
    honest = store.threads

    async def threads(owner_id: str, *, limit: int = 20, before: tuple[datetime, str] | None = None) -> Any:
        rows = sorted(await honest(owner_id, limit=_ALL), key=lambda row: row.title)
        places = [place for place, row in enumerate(rows, 1) if before is not None and row.id == before[1]]
        begin = places[0] if places else 0
        return tuple(rows[begin : begin + limit])

    store.threads = threads


@fault("threads-capped", "database", "Of many conversations only the ten newest are ever listed")
def _threads_capped(store: Any) -> None:
    honest = store.threads

    async def threads(owner_id: str, *, limit: int = 20, before: tuple[datetime, str] | None = None) -> Any:
        kept = {row.id for row in await honest(owner_id, limit=10)}
        return tuple(row for row in await honest(owner_id, limit=limit, before=before) if row.id in kept)

    store.threads = threads


@fault("threads-leak", "database", "Other customers' conversations are listed among one's own")
def _threads_leak(store: Any) -> None:
    honest, owners = store.threads, _owners(store)

    async def threads(owner_id: str, *, limit: int = 20, before: tuple[datetime, str] | None = None) -> Any:
        found = [row for who in {owner_id, *owners.values()} for row in await honest(who, limit=limit, before=before)]
        found.sort(key=lambda row: (row.last_activity_at, row.id), reverse=True)
        return tuple(found[:limit])

    store.threads = threads


@fault("anybodys-thread-readable", "database", "Whoever knows a conversation's name can read it")
def _anybodys_thread_readable(store: Any) -> None:
    thread, messages, owners = store.thread, store.messages, _owners(store)
    store.thread = lambda owner_id, thread_id: thread(owners.get(thread_id, owner_id), thread_id)
    store.messages = lambda owner_id, thread_id: messages(owners.get(thread_id, owner_id), thread_id)


@fault("activity-not-moved", "database", "A conversation stays where it was in the list, whatever is said in it")
def _activity_not_moved(store: Any) -> None:
    honest = store.threads

    async def threads(owner_id: str, *, limit: int = 20, before: tuple[datetime, str] | None = None) -> Any:
        rows = [replace(row, last_activity_at=row.created_at) for row in await honest(owner_id, limit=_ALL)]
        rows.sort(key=lambda row: (row.last_activity_at, row.id), reverse=True)
        return tuple(row for row in rows if before is None or (row.last_activity_at, row.id) < before)[:limit]

    store.threads = threads


@fault("answer-not-stored", "database", "The answer is told, but not to be found later")
def _answer_not_stored(store: Any) -> None:
    honest = store.finish_run

    async def finish_run(run_id: str, *, answer: MessageRow | None, **ending: Any) -> None:
        await honest(run_id, answer=None, **ending)

    store.finish_run = finish_run


@fault("run-stays-running", "database", "A run that has ended is kept as if it went on")
def _run_stays_running(store: Any) -> None:
    run, runs = store.run, store.runs

    def going_on(row: RunRow | None) -> RunRow | None:
        return None if row is None else replace(row, status="running", finished_at=None)

    async def one(owner_id: str, run_id: str) -> RunRow | None:
        return going_on(await run(owner_id, run_id))

    async def every(owner_id: str) -> Any:
        return tuple(going_on(row) for row in await runs(owner_id))

    store.run, store.runs = one, every


@fault("messages-in-wrong-order", "database", "A conversation is read from its end")
def _messages_in_wrong_order(store: Any) -> None:
    honest = store.messages

    async def messages(owner_id: str, thread_id: str) -> Any:
        return (await honest(owner_id, thread_id))[::-1]

    store.messages = messages


@fault("long-title-accepted", "database", "A title over 200 characters is taken, and cut without a word")
def _long_title_accepted(store: Any) -> None:
    honest = store.add_thread

    async def add_thread(row: ThreadRow) -> None:
        await honest(replace(row, title=row.title[:200]))

    store.add_thread = add_thread


@fault("idempotency-key-ignored", "database", "A conversation begun twice by mistake is there twice")
def _idempotency_key_ignored(store: Any) -> None:
    honest = store.add_thread

    async def add_thread(row: ThreadRow) -> None:
        await honest(replace(row, idempotency_key=None))

    store.add_thread = add_thread


@fault("zone-lost", "database", "Times are kept without their zone")
def _zone_lost(store: Any) -> None:
    for name in ("user", "user_by_email", "thread", "thread_by_key", "threads", "messages", "run", "runs", "running"):
        setattr(store, name, _zoneless(getattr(store, name)))


@fault("email-letter-case-matters", "database", "An email in capitals is another email")
def _email_letter_case_matters(store: Any) -> None:
    honest = store.user_by_email

    async def user_by_email(email: str) -> UserRow | None:
        row: UserRow | None = await honest(email)
        return row if row is not None and row.email == email else None

    store.user_by_email = user_by_email


def _owners(store: Any) -> dict[str, str]:
    """Who owns each conversation that is stored from now on."""
    honest, owners = store.add_thread, {}

    async def add_thread(row: ThreadRow) -> None:
        await honest(row)
        owners[row.id] = row.owner_id

    store.add_thread = add_thread
    return owners


def _zoneless(honest: Any) -> Any:
    async def operation(*arguments: Any, **named: Any) -> Any:
        found = await honest(*arguments, **named)
        return tuple(_naive(row) for row in found) if isinstance(found, tuple) else _naive(found)

    return operation


def _naive(row: Any) -> Any:
    if row is None:
        return None
    times = {f.name: value for f in fields(row) if isinstance(value := getattr(row, f.name), datetime)}
    return replace(row, **{name: value.replace(tzinfo=None) for name, value in times.items()})
