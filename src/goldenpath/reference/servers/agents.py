"""The assistant over HTTP."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from fastapi import APIRouter, Query

from goldenpath.ports.agents import Page, Run, Started, Thread
from goldenpath.reference.servers.application import Here, Token, control
from goldenpath.reference.servers.errors import answers
from goldenpath.reference.servers.wire import MessageList, RunRequest, ThreadRequest


@cache
def routes() -> APIRouter:
    """Conversations and runs."""
    router = APIRouter(prefix="/api", tags=["agents"])

    @router.get("/threads", responses=answers(401, 422))
    async def threads(
        token: Token,
        here: Here,
        limit: Annotated[int, Query(description="Conversations of a page, 1 to 100.")] = 20,
        after: Annotated[str | None, Query(description="The page before this one's `next`.")] = None,
    ) -> Page:
        """The user's conversations, newest activity first, in pages."""
        return await here.agents.threads(token, limit=limit, after=after)

    @router.post("/threads", status_code=201, responses=answers(401, 409, 422))
    async def create_thread(asked: ThreadRequest, token: Token, here: Here) -> Thread:
        """Begin a conversation; the same key again gives the same one."""
        return await here.agents.create_thread(token, asked.title, asked.idempotency_key)

    @router.get("/threads/{thread_id}", responses=answers(401, 404, 422))
    async def thread(thread_id: str, token: Token, here: Here) -> Thread:
        """One conversation of the user's; another user's is not found."""
        return await here.agents.thread(token, thread_id)

    @router.get("/threads/{thread_id}/messages", responses=answers(401, 404, 422))
    async def messages(thread_id: str, token: Token, here: Here) -> MessageList:
        """What was said in it, oldest first."""
        return MessageList(messages=await here.agents.messages(token, thread_id))

    @router.post("/runs", status_code=202, responses=answers(401, 404, 409, 422))
    async def start(asked: RunRequest, token: Token, here: Here) -> Started:
        """Ask; the run goes on after the answer, and is watched over the gateway."""
        return await here.agents.start(token, asked.prompt, asked.thread_id)

    @router.get("/runs/{run_id}", responses=answers(401, 404, 422))
    async def run(run_id: str, token: Token, here: Here) -> Run:
        """What became of a question so far."""
        return await here.agents.run(token, run_id)

    @router.post("/runs/{run_id}/cancel", status_code=204, responses=answers(401, 404, 409, 422))
    async def cancel(run_id: str, token: Token, here: Here) -> None:
        """Stop a run; it ends with ``agent_failed``, code ``cancelled``."""
        await here.agents.cancel(token, run_id)

    return router


@cache
def controls() -> APIRouter:
    """Coming back after a crash."""
    router = control()

    @router.post("/recover", status_code=204)
    async def recover(here: Here) -> None:
        await here.assistant.come_back()

    return router
