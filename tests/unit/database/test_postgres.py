"""What is particular to a PostgreSQL: it can be lost, it may be somebody else's, and connections cost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest
from live import running

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.ports.database import UserRow
from goldenpath.reference.storage.postgres import in_schema, make_schema, postgres_store
from goldenpath.stack.postgres import Postgres
from goldenpath.stack.waiting import until

ADA = UserRow("ada", "ada@example.com", "hash", (), datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.asyncio
async def test_nobody_there_is_a_lost_database():
    async with postgres_store("postgresql://a:secret@127.0.0.1:9/x") as store:
        with pytest.raises(ServiceUnavailable) as lost:
            await store.user("ada")
    assert lost.value.service == "database"
    assert "secret" not in str(lost.value)


@pytest.mark.parametrize(("old", "new"), [("test_", "no_such_"), (":", ":wrong")], ids=["database", "password"])
@pytest.mark.asyncio
async def test_no_such_database_or_sign_in_is_a_lost_one(database_url, old, new):
    head, _, place = database_url.rpartition("@")
    url = f"{head}@{place.replace(old, new)}" if old == "test_" else f"{head}wrong@{place}"
    async with postgres_store(url) as store:
        with pytest.raises(ServiceUnavailable):
            await store.user("ada")


@pytest.mark.asyncio
async def test_nothing_is_asked_before_the_store_is(database_url):
    async with postgres_store("postgresql://a:b@127.0.0.1:9/x"):
        pass


@pytest.mark.asyncio
async def test_no_connection_outlives_the_store(database_url):
    async with postgres_store(database_url) as store:
        await asyncio.gather(*(store.user(f"user {number}") for number in range(30)))
    watcher = await asyncpg.connect(database_url)
    try:
        mine = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        async with asyncio.timeout(5):
            while await watcher.fetchval(mine):  # noqa: ASYNC110  # the server notices in its own time
                await asyncio.sleep(0.01)
    finally:
        await watcher.close()


def test_each_scenario_may_have_a_loop_of_its_own(database_url):
    async def scenario(row):
        async with postgres_store(database_url) as store:
            if row:
                await store.add_user(row)
            return await store.user("ada")

    assert asyncio.run(scenario(ADA)) == asyncio.run(scenario(None)) == ADA


@pytest.mark.asyncio
async def test_a_schema_of_our_own_is_made_once_and_touches_no_other(database_url):
    await asyncio.gather(*(make_schema(database_url, "ours") for _ in range(3)))
    async with postgres_store(in_schema(database_url, "ours")) as ours, postgres_store(database_url) as theirs:
        await ours.add_user(ADA)
        assert await theirs.user("ada") is None
        assert await ours.user("ada") == ADA


def test_a_database_that_dies_is_lost_and_one_that_comes_back_is_used():
    with running(Postgres) as server:
        server.create("mortal", tables=True)
        url = server.url("mortal")

        async def scenario():
            async with postgres_store(url) as store:
                await store.add_user(ADA)
                server.child.send(9)
                until(server.child.ended, 20)
                with pytest.raises(ServiceUnavailable):
                    await store.user("ada")

        async def another():
            async with postgres_store(url) as store:
                return await store.user("ada")

        asyncio.run(scenario())
        server.launch()
        server.ready()
        assert asyncio.run(another()) == ADA
