"""While a scenario's adapters close, what they need is the port that they were given, and no other is opened."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from goldenpath.domain.errors import GoldenPathError
from goldenpath.domain.values import Choice, Resolution, Tier
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.clock import ScenarioClock, SeededIds
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


def test_an_adapter_that_closes_still_reaches_what_it_needs():
    async def scenario():
        shelf, clerk = Shelf(), Clerk(lambda: adapters)
        known = {"shelf": shelf, "clerk": clerk}
        resolution = Resolution(tuple(Choice(name, name, Tier.MOCK, True, "") for name in known))
        clock, ids = ScenarioClock(), SeededIds("test")
        adapters = OpenAdapters(resolution, known.__getitem__, lambda service, needs: OpenContext("test", clock, ids))
        await adapters.port("clerk")
        letters = await adapters.port("shelf")
        await adapters.close()
        assert letters == ["the last letter"]
        assert shelf.opened == 1
        with pytest.raises(GoldenPathError, match="used after its scenario was over"):
            await adapters.port("shelf")

    asyncio.run(scenario())
