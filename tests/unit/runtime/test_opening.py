"""While a scenario's adapters close, what they need is the port that they were given, and no other is opened."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from goldenpath.domain.errors import GoldenPathError, ServiceUnavailable
from goldenpath.domain.values import Choice, Resolution, Tier
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.runtime import opening
from goldenpath.runtime.opening import OpenAdapters


class Shelf:
    """A store that can be opened more than once."""

    services, needs = ("shelf",), ()
    opened = 0

    @asynccontextmanager
    async def open(self, context):
        self.opened += 1
        yield {"shelf": []}


class Clerk:
    """Puts something on the shelf when the shop closes."""

    services, needs = ("clerk",), ("shelf",)

    def __init__(self, adapters):
        self.adapters = adapters

    @asynccontextmanager
    async def open(self, context):
        yield {"clerk": self}
        (await self.adapters().port("shelf")).append("the last letter")


async def nowhere(service):
    """What was not started is nowhere."""
    return {}


def test_an_adapter_that_closes_still_reaches_what_it_needs():
    async def scenario():
        shelf, clerk = Shelf(), Clerk(lambda: adapters)
        known = {"shelf": shelf, "clerk": clerk}
        resolution = Resolution(tuple(Choice(name, name, Tier.MOCK, True, "") for name in known))
        clock, ids = ScenarioClock(), SeededIds("test")
        adapters = OpenAdapters(
            resolution, known.__getitem__, lambda service, needs, address: OpenContext("test", clock, ids), nowhere
        )
        await adapters.port("clerk")
        letters = await adapters.port("shelf")
        await adapters.close()
        assert letters == ["the last letter"]
        assert shelf.opened == 1
        with pytest.raises(GoldenPathError, match="used after its scenario was over"):
            await adapters.port("shelf")

    asyncio.run(scenario())


class Stubborn:
    """Waits for ever when it opens or closes, whatever is said to it."""

    services, needs = ("stubborn",), ()

    def __init__(self, where):
        self.where = where

    @asynccontextmanager
    async def open(self, context):
        if self.where == "open":
            await asyncio.Event().wait()
        yield {"stubborn": []}
        released = asyncio.get_running_loop().time() + 1
        while self.where == "close" and asyncio.get_running_loop().time() < released:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(1)


def stubborn(where):
    resolution = Resolution((Choice("stubborn", "stubborn.own", Tier.LOCAL, False, ""),))
    clock, ids = ScenarioClock(), SeededIds("test")
    return OpenAdapters(
        resolution, lambda _: Stubborn(where), lambda service, needs, address: OpenContext("test", clock, ids), nowhere
    )


def test_an_adapter_that_never_opens_is_lost_in_time(monkeypatch):
    monkeypatch.setattr(opening, "OPENING", 0.01)

    async def scenario():
        adapters = stubborn("open")
        with pytest.raises(ServiceUnavailable, match="it did not open within"):
            await asyncio.wait_for(adapters.port("stubborn"), 5)
        await adapters.close()

    asyncio.run(scenario())


def test_an_adapter_that_never_closes_is_left_behind_in_time(monkeypatch):
    monkeypatch.setattr(opening, "CLOSING", 0.01)

    async def scenario():
        adapters = stubborn("close")
        await adapters.port("stubborn")
        with pytest.raises(TimeoutError, match="it was still closing after"):
            await asyncio.wait_for(adapters.close(), 0.5)

    asyncio.run(scenario())
