"""The assistant, as a mapping says: ``AgentsPort`` for a service whose HTTP has paths, fields and codes of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from goldenpath.domain.errors import MissingCapability, NotSeen
from goldenpath.domain.values import Availability
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.agents import Message, Page, Run, Started, Thread
from goldenpath.wire import speaking
from goldenpath.wire.http import MappedWire
from goldenpath.wire.line import line_to
from goldenpath.wire.operations import AGENTS

_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {"cancel": ("cancel",)}
_RUNNING: Final = "running"
_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.2


@asynccontextmanager
async def open_port(service: str, url: str, table: Mapping[str, Any], context: OpenContext) -> AsyncIterator[object]:
    """See ``goldenpath.wire.opening.open_port``."""
    made = speaking.mapping_of(service, table, AGENTS)
    async with line_to(service, url, context.address.get("secret", ""), context) as line:
        yield MappedAgents(
            MappedWire(service, url, line.client, made, AGENTS, environ=os.environ, headers=line.headers)
        )


def capabilities(service: str, table: Mapping[str, Any]) -> frozenset[str]:
    """See ``goldenpath.wire.opening.capabilities``."""
    return frozenset(speaking.able(speaking.mapping_of(service, table, AGENTS), _NEEDED))


def check(service: str, table: Mapping[str, Any]) -> None:
    """See ``goldenpath.wire.opening.check``."""
    speaking.check(service, table, AGENTS, _NEEDED)


async def probe(service: str, url: str, table: Mapping[str, Any]) -> Availability:
    """See ``goldenpath.wire.opening.probe``."""
    return await speaking.probe(service, url, table, AGENTS)


class MappedAgents:
    """``AgentsPort`` over HTTP, as a mapping says.

    Args:
        wire: To the service.

    Every operation raises ``MissingCapability`` where the mapping has no such operation, ``UnexpectedAnswer`` where
    the service does not answer as it says, and ``ServiceUnavailable`` where it cannot be reached.
    """

    def __init__(self, wire: MappedWire) -> None:
        self._wire = wire

    async def create_thread(self, access_token: str, title: str, idempotency_key: str | None = None) -> Thread:
        """See ``AgentsPort``."""
        asked = {"access_token": access_token, "title": title, "idempotency_key": idempotency_key}
        thread: Thread = await self._wire.ask("create_thread", **asked)
        return thread

    async def threads(self, access_token: str, *, limit: int = 20, after: str | None = None) -> Page:
        """See ``AgentsPort``."""
        return Page(*await self._wire.page("threads", access_token=access_token, limit=limit, after=after))

    async def thread(self, access_token: str, thread_id: str) -> Thread:
        """See ``AgentsPort``."""
        thread: Thread = await self._wire.ask("thread", access_token=access_token, thread_id=thread_id)
        return thread

    async def messages(self, access_token: str, thread_id: str) -> tuple[Message, ...]:
        """See ``AgentsPort``."""
        return await self._wire.all("messages", access_token=access_token, thread_id=thread_id)

    async def start(self, access_token: str, prompt: str, thread_id: str | None = None) -> Started:
        """See ``AgentsPort``."""
        asked = {"access_token": access_token, "prompt": prompt, "thread_id": thread_id}
        started: Started = await self._wire.ask("start", **asked)
        return started

    async def run(self, access_token: str, run_id: str) -> Run:
        """See ``AgentsPort``."""
        run: Run = await self._wire.ask("run", access_token=access_token, run_id=run_id)
        return run

    async def finished(self, access_token: str, run_id: str, within: float = 5) -> Run:
        """See ``AgentsPort``."""
        now = asyncio.get_running_loop().time
        deadline, pause = now() + within, _FIRST_PAUSE
        while (run := await self.run(access_token, run_id)).status == _RUNNING:
            left = deadline - now()
            if left <= 0:
                raise NotSeen("the end of the work", within, "the assistant was still at work")
            await asyncio.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
        return run

    async def cancel(self, access_token: str, run_id: str) -> None:
        """See ``AgentsPort``."""
        await self._wire.tell("cancel", access_token=access_token, run_id=run_id)

    async def crash(self) -> None:
        """See ``AgentsPort``."""
        raise MissingCapability("nothing here can crash this assistant and bring it back", where="agents")

    async def restart(self) -> None:
        """See ``AgentsPort``."""
        await self.crash()
