"""The local tier, started once for the tests of this folder: a keeper, a PostgreSQL, a Valkey, three servers."""

from __future__ import annotations

import asyncio
import itertools
import os
from contextlib import AsyncExitStack, asynccontextmanager
from types import SimpleNamespace

import pytest

from goldenpath.adapters.agents.local import LocalAgents
from goldenpath.adapters.auth.local import LocalAuth
from goldenpath.adapters.cache.local import LocalCache
from goldenpath.adapters.database.local import LocalDatabase
from goldenpath.adapters.events.local import LocalEvents
from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.ports.adapter import OpenContext, StartContext
from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.stack.client import Keeper
from goldenpath.stack.locks import FileLock

_numbers = itertools.count(1)


class Tier:
    """Adapters that were started, and scenarios on them."""

    def __init__(self, folder, fault=None):
        self.folder = folder
        self.fault = fault
        self.adapters = {
            each.services[0]: each
            for each in (LocalDatabase(), LocalCache(), LocalAuth(), LocalAgents(), LocalEvents())
        }
        self.addresses = {}
        self._lock = FileLock(folder / "owner")

    async def start(self):
        assert self._lock.acquire()
        for service, adapter in self.adapters.items():
            needed = {need: self.addresses[need] for need in adapter.needs}
            context = StartContext("main", self.folder, self.folder / "owner", needed, fault=self.fault)
            self.addresses[service] = await adapter.start(context)

    def stop(self):
        if (keeper := Keeper.there(self.folder)) is not None:
            keeper.stop()
        self._lock.release()

    @asynccontextmanager
    async def scenario(self):
        """All ports, opened for one scenario; with its clock."""
        ports, clock, key = {}, ScenarioClock(), f"key{next(_numbers)}"
        async with AsyncExitStack() as stack:
            for service, adapter in self.adapters.items():
                address = self.addresses[service]
                context = OpenContext("a scenario", clock, SeededIds(key), ports, {}, self.fault, key, address)
                ports |= await stack.enter_async_context(adapter.open(context))
            yield SimpleNamespace(clock=clock, key=key, **ports)


@pytest.fixture(scope="session")
def absent():
    """Skips where the local tier cannot be had; fails instead where CI is set."""
    for adapter in (LocalDatabase(), LocalCache(), LocalAuth()):
        seen = asyncio.run(adapter.probe())
        if not seen.up:
            if os.environ.get("CI"):
                raise ServiceUnavailable(adapter.services[0], seen.reason)
            pytest.skip(seen.reason)


@pytest.fixture(scope="session")
def start_tier(absent, tmp_path_factory):
    """Starts a tier, with a fault if one is named; all are stopped at the end."""
    tiers = []

    def start(fault=None):
        tiers.append(tier := Tier(tmp_path_factory.mktemp("tier"), fault))
        asyncio.run(tier.start())
        return tier

    yield start
    for tier in tiers:
        tier.stop()


@pytest.fixture(scope="session")
def tier(start_tier):
    return start_tier()
