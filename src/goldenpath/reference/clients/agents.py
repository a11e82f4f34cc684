"""The assistant, asked over HTTP: ``AgentsPort`` for a server that speaks as the reference platform does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import httpx

from goldenpath.domain.errors import MissingCapability, NotSeen
from goldenpath.ports.agents import Message, Page, Run, Started, Thread
from goldenpath.reference.clients import values
from goldenpath.reference.clients.http import DEADLINE, Headers, HttpWire, no_headers, query, segment

_RUNNING: Final = "running"
_FIRST_PAUSE: Final = 0.004
_LONGEST_PAUSE: Final = 0.05


async def _cannot() -> None:
    raise MissingCapability("nothing here can crash this assistant and bring it back", where="agents")


class HttpAgents:
    """``AgentsPort`` over HTTP.

    Args:
        url: Where the server is.
        client: Whoever made it closes it.
        headers: What every request carries besides.
        crash: Ends the server without any goodbye.
        restart: Brings it back, its interrupted runs ended.
        deadline: Seconds in which a request must be answered.

    Every operation raises ``ServiceUnavailable`` when the server cannot be reached.
    """

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        headers: Headers = no_headers,
        *,
        crash: Callable[[], Awaitable[None]] = _cannot,
        restart: Callable[[], Awaitable[None]] = _cannot,
        deadline: float = DEADLINE,
    ) -> None:
        self._wire = HttpWire("agents", url, client, headers, deadline)
        self._crash = crash
        self._restart = restart

    async def create_thread(self, access_token: str, title: str, idempotency_key: str | None = None) -> Thread:
        """See ``AgentsPort``."""
        body = {"title": title} | ({} if idempotency_key is None else {"idempotency_key": idempotency_key})
        return await self._wire.ask(values.thread, "POST", "/api/threads", token=access_token, body=body)

    async def threads(self, access_token: str, *, limit: int = 20, after: str | None = None) -> Page:
        """See ``AgentsPort``."""
        asked = query({"limit": limit, "after": after})
        return await self._wire.ask(values.page, "GET", f"/api/threads?{asked}", token=access_token)

    async def thread(self, access_token: str, thread_id: str) -> Thread:
        """See ``AgentsPort``."""
        return await self._wire.ask(values.thread, "GET", f"/api/threads/{segment(thread_id)}", token=access_token)

    async def messages(self, access_token: str, thread_id: str) -> tuple[Message, ...]:
        """See ``AgentsPort``."""
        path = f"/api/threads/{segment(thread_id)}/messages"
        return await self._wire.ask(values.messages, "GET", path, token=access_token)

    async def start(self, access_token: str, prompt: str, thread_id: str | None = None) -> Started:
        """See ``AgentsPort``."""
        body = {"prompt": prompt} | ({} if thread_id is None else {"thread_id": thread_id})
        return await self._wire.ask(values.started, "POST", "/api/runs", token=access_token, body=body)

    async def run(self, access_token: str, run_id: str) -> Run:
        """See ``AgentsPort``."""
        return await self._wire.ask(values.run, "GET", f"/api/runs/{segment(run_id)}", token=access_token)

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
        await self._wire.send("POST", f"/api/runs/{segment(run_id)}/cancel", token=access_token)

    async def crash(self) -> None:
        """See ``AgentsPort``."""
        await self._crash()

    async def restart(self) -> None:
        """See ``AgentsPort``."""
        await self._restart()
