"""The reference platform for tests: mock stores, assistant and gateway, and a desk that signs people in."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from goldenpath.adapters.agents.mock import MockAgents
from goldenpath.adapters.cache.mock import MockCache
from goldenpath.adapters.database.mock import MockDatabase
from goldenpath.adapters.events.mock import MockEvents
from goldenpath.domain.errors import NotSignedIn
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.auth import Claims
from goldenpath.ports.cache import CachePort, session_key
from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.ports.database import Store, UserRow
from goldenpath.ports.events import ENDINGS, Connection, Event
from goldenpath.reference.assistant import Assistant
from goldenpath.reference.gateway import Gateway


class Desk:
    """Signs people in with plain tokens; sessions live and end in the cache, as on the platform."""

    def __init__(self, store: Store, cache: CachePort) -> None:
        self._store = store
        self._cache = cache
        self._claims: dict[str, Claims] = {}
        self._numbers = itertools.count(1)

    async def sign_in(self, name: str) -> str:
        user_id, sid = f"user-{name}", f"session-{next(self._numbers)}"
        if await self._store.user(user_id) is None:
            await self._store.add_user(UserRow(user_id, f"{name}@example.test", "x", ("chat",), datetime.now(UTC)))
        await self._cache.set(session_key(sid), json.dumps({"user_id": user_id}))
        token = f"token of {name}, {sid}"
        self._claims[token] = Claims("iss", "aud", user_id, 0, 0, token, sid, None, ("chat",), "access")
        return token

    async def validate(self, access_token: str) -> Claims:
        claims = self._claims.get(access_token)
        if claims is None or await self._cache.get(session_key(str(claims.sid))) is None:
            raise NotSignedIn("the token is not good")
        return claims

    async def end(self, access_token: str) -> None:
        sid = self._claims[access_token].sid
        await self._cache.delete(session_key(str(sid)))
        await self._cache.publish(f"session-ended:{sid}", str(sid))


@dataclass
class Platform:
    """All services of one test."""

    desk: Desk
    agents: Assistant
    events: Gateway
    store: Store
    cache: CachePort
    clock: ScenarioClock

    async def sign_in(self, name: str = "ada") -> str:
        return await self.desk.sign_in(name)

    async def watch(self, name: str = "ada") -> tuple[str, Connection]:
        token = await self.sign_in(name)
        return token, await self.events.connect(token)

    async def ask(self, prompt: str, name: str = "ada", thread_id: str | None = None) -> list[Event]:
        """Ask, and give what a connection of the same person received until the ending."""
        _, window = await self.watch(name)
        started = await window.ask(prompt, thread_id)
        await window.ending(started.run_id)
        await window.close()
        return list(window.events_of(started.run_id))


@asynccontextmanager
async def open_platform(fault: str | None = None, **settings: Any) -> AsyncIterator[Platform]:
    clock, ids, ports = ScenarioClock(), SeededIds("test"), {}
    async with AsyncExitStack() as stack:
        for adapter in (MockDatabase(), MockCache(), MockAgents(), MockEvents()):
            if isinstance(adapter, MockAgents):
                ports["auth"] = Desk(ports["database"], ports["cache"])
            context = OpenContext("test", clock, ids, ports, settings, fault)
            ports |= await stack.enter_async_context(adapter.open(context))
        yield Platform(ports["auth"], ports["agents"], ports["events"], ports["database"], ports["cache"], clock)


@pytest.fixture
def platform():
    """Opens a platform: ``async with platform() as p``; ``fault`` and settings may be given."""
    return open_platform


def is_ending(event: Event) -> bool:
    return event.type in ENDINGS
