"""What every store promises; an adapter is put to it by adding its opener."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from goldenpath.adapters.database.mock import MockDatabase
from goldenpath.domain.errors import Conflict, Invalid, NotFound
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.ports.database import MessageRow, RunRow, ThreadRow, UserRow
from goldenpath.reference.storage.postgres import postgres_store

pytestmark = pytest.mark.asyncio
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _after(minutes):
    return NOON + timedelta(minutes=minutes)


def _user(name):
    return UserRow(name, f"{name}@example.com", "hash", ("chat", "read"), NOON)


def _thread(name, owner="ada", at=NOON, **changes):
    return replace(ThreadRow(name, owner, f"About {name}", None, at, at), **changes)


def _run(name, thread="plans", at=NOON, owner="ada"):
    run = RunRow(name, thread, owner, f"Ask {name}", "running", None, None, at, None)
    return run, MessageRow(f"{name}-question", thread, name, "user", f"Ask {name}", at)


def _answer(run, at, thread="plans"):
    return MessageRow(f"{run}-answer", thread, run, "assistant", f"Answer to {run}", at)


@asynccontextmanager
async def open_mock():
    async with MockDatabase().open(OpenContext("a scenario", ScenarioClock(), SeededIds("seed"))) as ports:
        yield ports["database"]


@pytest.fixture(params=["mock", "postgres"])
def opened(request):
    """Opens a store that knows Ada and Ben; Ada has the conversation ``plans``."""
    url = request.getfixturevalue("database_url") if request.param == "postgres" else ""

    @asynccontextmanager
    async def furnished():
        async with postgres_store(url) if url else open_mock() as store:
            await store.add_user(_user("ada"))
            await store.add_user(_user("ben"))
            await store.add_thread(_thread("plans"))
            yield store

    return furnished


async def test_an_account_is_found_as_it_was_stored(opened):
    async with opened() as store:
        assert await store.user("ada") == _user("ada")
        assert await store.user("zoe") is None


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.COM"])
async def test_an_account_is_found_by_its_email_letter_case_aside(opened, email):
    async with opened() as store:
        assert await store.user_by_email(email) == _user("ada")


async def test_letter_case_is_set_aside_beyond_ascii(opened):
    async with opened() as store:
        await store.add_user(replace(_user("emil"), email="ÉMIL@example.com"))
        found = await store.user_by_email("émil@example.com")
        assert found is not None
        assert found.email == "ÉMIL@example.com"


@pytest.mark.parametrize("taken", [{"id": "ada"}, {"email": "ada@example.com"}, {"email": "Ada@Example.com"}])
async def test_a_taken_id_or_email_is_a_conflict(opened, taken):
    async with opened() as store:
        with pytest.raises(Conflict):
            await store.add_user(replace(_user("zoe"), **taken))
        assert await store.user("zoe") is None


async def test_a_thread_is_its_owners_only(opened):
    async with opened() as store:
        assert await store.thread("ada", "plans") == _thread("plans")
        assert await store.thread("ben", "plans") is None
        assert await store.threads("ben") == ()


async def test_threads_are_listed_by_newest_activity_then_by_id(opened):
    async with opened() as store:
        for name, minutes in (("b", 5), ("a", 5), ("c", 1)):
            await store.add_thread(_thread(name, at=_after(minutes)))
        assert [row.id for row in await store.threads("ada")] == ["b", "a", "c", "plans"]


async def test_pages_continue_where_the_last_one_ended(opened):
    async with opened() as store:
        for number in range(7):
            await store.add_thread(_thread(f"t{number}", at=_after(number // 2)))
        whole = await store.threads("ada", limit=100)
        pages, before = [], None
        while page := await store.threads("ada", limit=3, before=before):
            pages += page
            before = (page[-1].last_activity_at, page[-1].id)
        assert len(whole) == 8
        assert tuple(pages) == whole


@pytest.mark.parametrize("length", [1, 200])
async def test_a_title_may_have_up_to_200_characters(opened, length):
    async with opened() as store:
        await store.add_thread(_thread("t", title="é" * length))
        assert (await store.thread("ada", "t")).title == "é" * length


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "x" * 201},
        {"title": "a\0b"},
        {"title": "\ud800"},
        {"title": 7},
        {"title": None},
        {"id": 7},
        {"owner_id": "zoe"},
        {"created_at": NOON.replace(tzinfo=None)},
        {"created_at": "2026-03-01"},
    ],
    ids=str,
)
async def test_what_cannot_stand_in_a_row_is_invalid(opened, wrong):
    async with opened() as store:
        with pytest.raises(Invalid):
            await store.add_thread(replace(_thread("t"), **wrong))
        assert [row.id for row in await store.threads("ada")] == ["plans"]


async def test_an_idempotency_key_is_accepted_once_for_each_owner(opened):
    async with opened() as store:
        await store.add_thread(_thread("first", idempotency_key="k"))
        with pytest.raises(Conflict):
            await store.add_thread(_thread("second", idempotency_key="k"))
        await store.add_thread(_thread("bens", owner="ben", idempotency_key="k"))
        assert (await store.thread_by_key("ada", "k")).id == "first"
        assert (await store.thread_by_key("ben", "k")).id == "bens"
        assert await store.thread_by_key("ada", "other") is None
        assert await store.thread("ada", "second") is None


async def test_many_threads_may_have_no_key(opened):
    async with opened() as store:
        await store.add_thread(_thread("one"))
        await store.add_thread(_thread("two"))
        assert len(await store.threads("ada")) == 3


async def test_a_taken_thread_id_is_a_conflict(opened):
    async with opened() as store:
        with pytest.raises(Conflict):
            await store.add_thread(_thread("plans", owner="ben"))
        assert await store.thread("ada", "plans") is not None


async def test_a_run_its_question_and_the_activity_are_stored_together(opened):
    async with opened() as store:
        run, question = _run("r1", at=_after(3))
        await store.add_run(run, question)
        assert await store.run("ada", "r1") == run
        assert await store.messages("ada", "plans") == (question,)
        assert (await store.thread("ada", "plans")).last_activity_at == _after(3)


async def test_an_ending_stores_status_answer_and_activity(opened):
    async with opened() as store:
        await store.add_run(*_run("r1"))
        answer = _answer("r1", _after(4))
        await store.finish_run("r1", status="completed", error=None, finished_at=_after(4), answer=answer)
        run = await store.run("ada", "r1")
        assert (run.status, run.answer, run.error, run.finished_at) == ("completed", answer.content, None, _after(4))
        assert (await store.messages("ada", "plans"))[-1] == answer
        assert (await store.thread("ada", "plans")).last_activity_at == _after(4)


async def test_a_failed_run_has_an_error_and_no_answer(opened):
    async with opened() as store:
        await store.add_run(*_run("r1"))
        await store.finish_run("r1", status="failed", error="cancelled", finished_at=_after(1), answer=None)
        run = await store.run("ada", "r1")
        assert (run.status, run.answer, run.error) == ("failed", None, "cancelled")
        assert len(await store.messages("ada", "plans")) == 1


async def test_a_run_ends_once(opened):
    async with opened() as store:
        await store.add_run(*_run("r1"))
        await store.finish_run("r1", status="failed", error="crashed", finished_at=_after(1), answer=None)
        with pytest.raises(Conflict):
            await store.finish_run(
                "r1", status="completed", error=None, finished_at=_after(2), answer=_answer("r1", _after(2))
            )
        assert (await store.run("ada", "r1")).status == "failed"
        assert len(await store.messages("ada", "plans")) == 1


async def test_no_run_is_not_found(opened):
    async with opened() as store:
        with pytest.raises(NotFound):
            await store.finish_run("none", status="failed", error="x", finished_at=NOON, answer=None)


@pytest.mark.parametrize(("owner", "thread"), [("ben", "plans"), ("ada", "none")])
async def test_a_run_needs_a_conversation_of_its_owner(opened, owner, thread):
    async with opened() as store:
        with pytest.raises(NotFound):
            await store.add_run(*_run("r1", thread, owner=owner))
        assert await store.runs(owner) == ()


async def test_a_taken_run_id_leaves_nothing_behind(opened):
    async with opened() as store:
        await store.add_run(*_run("r1"))
        run, question = _run("r1", at=_after(9))
        with pytest.raises(Conflict):
            await store.add_run(run, replace(question, id="another"))
        assert len(await store.messages("ada", "plans")) == 1
        assert (await store.thread("ada", "plans")).last_activity_at == NOON


async def test_a_message_of_another_conversation_is_invalid(opened):
    async with opened() as store:
        run, question = _run("r1")
        with pytest.raises(Invalid):
            await store.add_run(run, replace(question, thread_id="other"))
        assert await store.runs("ada") == ()


async def test_messages_are_in_the_order_in_which_they_were_stored(opened):
    async with opened() as store:
        await store.add_run(*_run("r1", at=_after(2)))
        await store.add_run(*_run("r2", at=_after(1)))
        for run in ("r2", "r1"):
            await store.finish_run(
                run, status="completed", error=None, finished_at=_after(3), answer=_answer(run, _after(3))
            )
        ids = [row.id for row in await store.messages("ada", "plans")]
        assert ids == ["r1-question", "r2-question", "r2-answer", "r1-answer"]
        assert await store.messages("ben", "plans") == ()


async def test_activity_never_goes_back(opened):
    async with opened() as store:
        await store.add_run(*_run("r1", at=_after(5)))
        await store.add_run(*_run("r2", at=_after(4)))
        assert (await store.thread("ada", "plans")).last_activity_at == _after(5)


async def test_runs_are_their_owners_and_oldest_first(opened):
    async with opened() as store:
        await store.add_thread(_thread("invoices", owner="ben"))
        await store.add_run(*_run("late", at=_after(2)))
        await store.add_run(*_run("early", at=_after(1)))
        await store.add_run(*_run("bens", "invoices", at=_after(3), owner="ben"))
        assert [row.id for row in await store.runs("ada")] == ["early", "late"]
        assert await store.run("ada", "bens") is None
        assert [row.id for row in await store.running()] == ["early", "late", "bens"]
        await store.finish_run("late", status="failed", error="x", finished_at=_after(4), answer=None)
        assert [row.id for row in await store.running()] == ["early", "bens"]


async def test_times_are_instants_whatever_zone_they_came_in(opened):
    async with opened() as store:
        tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
        await store.add_thread(_thread("t", at=tokyo.replace(microsecond=123456)))
        found = (await store.thread("ada", "t")).created_at
        assert found == NOON.replace(microsecond=123456)
        assert found.utcoffset() == timedelta(0)


async def test_a_cancelled_task_leaves_the_store_whole(opened):
    async with opened() as store:
        for number in range(20):
            run, question = _run(f"r{number}")
            task = asyncio.ensure_future(store.add_run(run, question))
            for _ in range(number):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert len(await store.runs("ada")) == len(await store.messages("ada", "plans"))
        assert await store.user("ben") is not None


async def test_tasks_at_once_do_not_mix(opened):
    async with opened() as store:
        await asyncio.gather(*(store.add_run(*_run(f"r{number}")) for number in range(20)))
        assert len(await store.runs("ada")) == 20
        ids = {row.id for row in await store.messages("ada", "plans")}
        assert ids == {f"r{number}-question" for number in range(20)}


@pytest.mark.parametrize("name", ["a\0b", "\ud800"], ids=repr)
async def test_no_row_has_what_cannot_stand_in_one(opened, name):
    async with opened() as store:
        assert await store.user(name) is None
        assert await store.user_by_email(name) is None
        assert await store.thread("ada", name) is None
        assert await store.threads(name) == ()
        assert await store.thread_by_key("ada", name) is None
        with pytest.raises(NotFound):
            await store.finish_run(name, status="failed", error="x", finished_at=NOON, answer=None)


@pytest.mark.parametrize("permission", ["a\0b", "\ud800", 7], ids=repr)
async def test_permissions_are_texts(opened, permission):
    async with opened() as store:
        with pytest.raises(Invalid):
            await store.add_user(replace(_user("zoe"), permissions=("chat", permission)))
        assert await store.user("zoe") is None


@pytest.mark.parametrize("too_long", [{"id": "x" * 65}, {"idempotency_key": "x" * 201}], ids=str)
async def test_what_is_too_long_is_invalid(opened, too_long):
    async with opened() as store:
        with pytest.raises(Invalid):
            await store.add_thread(replace(_thread("t"), **too_long))
        assert len(await store.threads("ada")) == 1


async def test_ids_are_in_the_order_of_their_letters_codes(opened):
    async with opened() as store:
        for name in ("a", "B", "_", "é", "Z"):
            await store.add_thread(_thread(name, at=_after(1)))
        assert [row.id for row in await store.threads("ada", limit=5)] == sorted("aB_éZ", reverse=True)
