"""What is particular to the database in this process."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from goldenpath.adapters.database.mock import MockDatabase
from goldenpath.domain.values import Tier
from goldenpath.ports.adapter import Adapter, OpenContext
from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.ports.database import UserRow
from goldenpath.reference.storage.tables import metadata

ADA = UserRow("ada", "ada@example.com", "hash", (), datetime(2026, 3, 1, tzinfo=UTC))


def _open():
    return MockDatabase().open(OpenContext("a scenario", ScenarioClock(), SeededIds("seed")))


def test_it_is_a_stand_in_that_needs_nothing():
    mock = MockDatabase()
    assert isinstance(mock, Adapter)
    assert (mock.tier, mock.stand_in, mock.needs) == (Tier.MOCK, True, ())
    assert asyncio.run(mock.probe()).up


@pytest.mark.asyncio
async def test_two_scenarios_share_nothing():
    async with _open() as one, _open() as other:
        await one["database"].add_user(ADA)
        assert await one["database"].user("ada") == ADA
        assert await other["database"].user("ada") is None


def test_no_thread_outlives_the_scenario():
    before = set(threading.enumerate())

    async def scenario():
        async with _open() as ports:
            await ports["database"].add_user(ADA)
            return set(threading.enumerate()) - before

    during = asyncio.run(scenario())
    assert during
    for thread in during:  # it has been told, and ends in its own time
        thread.join(timeout=5)
    assert not during & set(threading.enumerate())


def test_each_scenario_may_have_a_loop_of_its_own():
    async def scenario():
        async with _open() as ports:
            await ports["database"].add_user(ADA)

    asyncio.run(scenario())
    asyncio.run(scenario())


def test_the_tables_can_be_made_in_postgresql():
    script = "".join(str(CreateTable(t).compile(dialect=postgresql.dialect())) for t in metadata.sorted_tables)
    assert "TIMESTAMP WITH TIME ZONE" in script
    assert "BIGSERIAL" in script
