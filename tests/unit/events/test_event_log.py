from datetime import UTC, datetime, timedelta

import pytest

from goldenpath.ports.events import Event
from goldenpath.reference.event_log import EventLog, from_json, log_key, to_json


def event(seq=1):
    at = datetime(2026, 5, 3, 12, 0, 0, 123456, UTC)
    return Event(
        "agent_thinking", f"event-{seq}", seq, "run", "thread", "user", "assistant", at, {"reasoning": "Öl 油"}
    )


def test_an_envelope_brings_back_the_event():
    assert from_json(to_json(event())) == event()


def test_an_envelope_carries_its_zone():
    assert '"timestamp":"2026-05-03T12:00:00.123456+00:00"' in to_json(event())


@pytest.mark.asyncio
async def test_an_event_is_in_the_log_when_it_is_published(platform):
    async with platform() as p, p.cache.subscribe("events:user") as subscription:
        await EventLog(p.cache).tell(event())
        text = await subscription.get(1)
        assert text == await p.cache.get(log_key("run", 1))
        assert from_json(text) == event()


@pytest.mark.asyncio
async def test_the_log_gives_what_came_after_for_an_hour(platform):
    async with platform() as p:
        log = EventLog(p.cache)
        for seq in (1, 2, 3):
            await log.tell(event(seq))
        assert [told.seq async for told in log.after("run", 1)] == [2, 3]
        assert [told.seq async for told in log.after("another run", 0)] == []
        await p.clock.advance(timedelta(hours=1))
        assert [told.seq async for told in log.after("run", 0)] == []
