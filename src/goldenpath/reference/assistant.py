"""The assistant as its users reach it: ``AgentsPort`` over sign-in, store, cache, clock and ids."""

from __future__ import annotations

import asyncio
from functools import partial

from goldenpath.domain.errors import Conflict, NotSeen, ServiceUnavailable
from goldenpath.ports.agents import Message, Page, Run, Started, Thread
from goldenpath.ports.auth import AuthPort
from goldenpath.ports.cache import CachePort
from goldenpath.ports.clock import Clock, Ids
from goldenpath.ports.database import Store
from goldenpath.reference.conversations import Conversations
from goldenpath.reference.event_log import EventLog
from goldenpath.reference.narration import Narration, RunContext
from goldenpath.reference.runs import RUNNING, Runs
from goldenpath.reference.scripts import Scripts
from goldenpath.reference.work import INTERRUPTED, Work

_GRACE = 2.0
_LOOK_AGAIN = 0.02


class Assistant:
    """Conversations and runs of all users. See ``AgentsPort``.

    Each run has a task and a context of its own. Whoever opened the assistant closes it.
    """

    def __init__(
        self, *, auth: AuthPort, store: Store, cache: CachePort, clock: Clock, ids: Ids, scripts: Scripts
    ) -> None:
        self.auth = auth
        self.ids = ids
        self.scripts = scripts
        self.clock = clock
        self.log = EventLog(cache)
        self.conversations = Conversations(store, cache, clock, ids)
        self.runs = Runs(store, self.conversations, clock, ids)
        self.at_work: dict[str, Work] = {}
        self._failures: list[Exception] = []
        self._down = False

    async def create_thread(self, access_token: str, title: str, idempotency_key: str | None = None) -> Thread:
        """See ``AgentsPort``."""
        return await self.conversations.begin(await self.user(access_token), title, idempotency_key)

    async def threads(self, access_token: str, *, limit: int = 20, after: str | None = None) -> Page:
        """See ``AgentsPort``."""
        return await self.conversations.page(await self.user(access_token), limit, after)

    async def thread(self, access_token: str, thread_id: str) -> Thread:
        """See ``AgentsPort``."""
        return await self.conversations.thread(await self.user(access_token), thread_id)

    async def messages(self, access_token: str, thread_id: str) -> tuple[Message, ...]:
        """See ``AgentsPort``."""
        return await self.conversations.messages(await self.user(access_token), thread_id)

    async def start(self, access_token: str, prompt: str, thread_id: str | None = None) -> Started:
        """See ``AgentsPort``."""
        run = await self.runs.open(await self.user(access_token), prompt, thread_id)
        self._must_be_up()
        self.set_to_work(run)
        return Started(run.run_id, run.thread_id)

    async def run(self, access_token: str, run_id: str) -> Run:
        """See ``AgentsPort``."""
        return await self.runs.find(await self.user(access_token), run_id)

    async def finished(self, access_token: str, run_id: str, within: float = 5) -> Run:
        """See ``AgentsPort``."""
        user_id = await self.user(access_token)
        now = asyncio.get_running_loop().time
        deadline = now() + within
        while True:
            if (work := self.work_of(user_id, run_id)) is not None:
                await work.wait(max(0.0, deadline - now()))
                self._must_be_up()
            run = await self.runs.find(user_id, run_id)
            if run.status != RUNNING:
                return run
            if now() >= deadline:
                raise NotSeen("the end of the work", within, "the assistant was still at work")
            # It may be at work in another process.
            await asyncio.sleep(_LOOK_AGAIN)

    async def cancel(self, access_token: str, run_id: str) -> None:
        """See ``AgentsPort``."""
        user_id = await self.user(access_token)
        work = self.work_of(user_id, run_id)
        if work is None:
            await self.runs.find(user_id, run_id)
        if work is None or not self.stop(work):
            raise Conflict("the run has ended already", code="ended")
        await work.wait()
        self._must_be_up()

    async def crash(self) -> None:
        """See ``AgentsPort``."""
        self._down = True
        await self.halt()

    async def restart(self) -> None:
        """See ``AgentsPort``."""
        if self._down:
            await self.recover()
            self._down = False

    async def recover(self) -> None:
        """End what an assistant before this one left at work."""
        for run in await self.runs.running():
            await self.interrupt(run)

    async def close(self) -> None:
        """End every run that is still at work.

        Raises:
            Exception: What went wrong in a run and was not foreseen.
        """
        await self.halt()
        failures, self._failures = self._failures, []
        if len(failures) == 1:
            raise failures[0]
        if failures:
            raise ExceptionGroup("several runs ended in errors", failures)

    async def user(self, access_token: str) -> str:
        """The id of whom the token belongs to.

        Raises:
            NotSignedIn: The token is not good now.
            ServiceUnavailable: The service has crashed.
        """
        self._must_be_up()
        claims = await self.auth.validate(access_token)
        self._must_be_up()
        return claims.sub

    def narration(self, run: RunContext) -> Narration:
        """What is to tell of a run."""
        return Narration(run, self.log, self.clock, self.ids)

    def work(self, run: RunContext) -> Work:
        """A run that is to be done."""
        return Work(run, self.scripts.find(run.prompt), self.narration(run), self.runs, self.conversations)

    def work_of(self, user_id: str, run_id: str) -> Work | None:
        """A user's run that is at work."""
        work = self.at_work.get(run_id)
        return work if work and work.run.user_id == user_id else None

    def set_to_work(self, run: RunContext) -> None:
        """Have a run done."""
        work = self.at_work[run.run_id] = self.work(run)
        work.begin().add_done_callback(partial(self._ended, run.run_id))

    def stop(self, work: Work) -> bool:
        """Stop a run on its user's wish; False when its end is settled already."""
        return work.cancel()

    async def interrupt(self, run: RunContext) -> None:
        """End a run that a crash cut short."""
        narration = self.narration(run)
        await narration.take_up(self.log.after(run.run_id, 0))
        await self.runs.failed(run, INTERRUPTED)
        await narration.failed(INTERRUPTED, "The assistant was interrupted.")

    async def halt(self) -> None:
        """Stop all runs without a word."""
        at_work = list(self.at_work.values())
        for work in at_work:
            work.halt()
        ended = await asyncio.gather(*(work.wait(_GRACE) for work in at_work))
        for work, has_ended in zip(at_work, ended, strict=True):
            if not has_ended:
                await work.abort()

    def _must_be_up(self) -> None:
        if self._down:
            raise ServiceUnavailable("agents", "the assistant has crashed")

    def _ended(self, run_id: str, task: asyncio.Task[None]) -> None:
        self.at_work.pop(run_id, None)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._failures.append(error)
