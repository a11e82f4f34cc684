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
from goldenpath.ports.agents import Run, Started
from goldenpath.ports.auth import Claims
from goldenpath.ports.cache import CachePort, session_key
from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.ports.database import Store, UserRow
from goldenpath.ports.events import ENDINGS, STARTED, THINKING, TOOL_ENDED, TOOL_STARTED, Connection, Event
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
    """All services of one test; ``within`` is how long it waits for anything, in seconds."""

    desk: Desk
    agents: Assistant
    events: Gateway
    store: Store
    cache: CachePort
    clock: ScenarioClock
    within: float = 5

    async def sign_in(self, name: str = "ada") -> str:
        return await self.desk.sign_in(name)

    async def watch(self, name: str = "ada") -> tuple[str, Connection]:
        token = await self.sign_in(name)
        return token, await self.events.connect(token)

    async def answered(self, token: str, prompt: str, thread_id: str | None = None) -> Run:
        """Ask, and wait for the end."""
        started = await self.agents.start(token, prompt, thread_id)
        return await self.agents.finished(token, started.run_id, self.within)

    async def at_work(self, window: Connection, prompt: str = "Read all our contracts") -> Started:
        """Ask, and wait until a tool is at work."""
        started = await window.ask(prompt)
        await window.seen(TOOL_STARTED, run_id=started.run_id, within=self.within)
        return started

    async def story(self, window: Connection, run_id: str) -> list[Event]:
        """All that a window shows of a run, what follows its end included: a later question is waited for."""
        await window.ending(run_id, self.within)
        later = await window.ask("Is there anything else?")
        await window.ending(later.run_id, self.within)
        return list(window.events_of(run_id))


def keeps_the_rules(story: list[Event]) -> None:
    """Assert the design's rules for the events of one run."""
    kinds = [event.type for event in story]
    assert [event.seq for event in story] == list(range(1, len(story) + 1))
    assert len({event.event_id for event in story}) == len(story)
    assert len({(event.run_id, event.thread_id, event.user_id, event.agent) for event in story}) == 1
    assert kinds[0] == STARTED
    assert kinds.count(STARTED) == 1
    assert THINKING in kinds
    assert [kind for kind in kinds if kind in ENDINGS] == kinds[-1:]
    times = [event.timestamp for event in story]
    assert all(time.tzinfo is not None for time in times)
    assert times == sorted(times)
    at_work: dict[str, str] = {}
    for event in story:
        if event.type == TOOL_STARTED:
            assert event.data["tool_call_id"] not in at_work
            at_work[event.data["tool_call_id"]] = event.data["tool"]
        elif event.type == TOOL_ENDED:
            assert at_work.pop(event.data["tool_call_id"], None) == event.data["tool"]
            assert event.data["duration_ms"] >= 0
            assert ("result" in event.data) is event.data["ok"]
            assert ("error" in event.data) is not event.data["ok"]
    assert at_work == {}


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


@pytest.fixture
def rules():
    """Asserts the rules of the events: ``rules(story)``."""
    return keeps_the_rules
