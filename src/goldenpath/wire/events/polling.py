"""A gateway without a socket: events are fetched, again and again, from the last that was seen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from goldenpath.domain.errors import NotFound
from goldenpath.ports.events import ENDINGS, Resume
from goldenpath.wire.events.errors import unreadable
from goldenpath.wire.events.feed import Feed
from goldenpath.wire.events.reading import Memory
from goldenpath.wire.events.requests import Requests
from goldenpath.wire.events.settings import Gateway, Polling
from goldenpath.wire.templates import places

USERS: Final = ""
"""Stands for the run of a list that has the events of all of a user's runs."""


class PolledFeed(Feed):
    """One window on a gateway whose events are fetched.

    A request that names ``{run_id}`` is made for each run that was begun since the window was opened; any other for
    all of them together.

    Args:
        mapping: What is said of the gateway.
        memory: What all connections of the scenario share.
        token: Whose connection it is.
        polling: How events are fetched.
        requests: Makes the requests.
    """

    def __init__(self, mapping: Gateway, memory: Memory, token: str, polling: Polling, requests: Requests) -> None:
        super().__init__(mapping, memory, token)
        self._polling = polling
        self._requests = requests
        self._read: dict[str, _Place] = {}
        self._by_run = "run_id" in places([polling.request, polling.query, polling.json_body])
        self._soon = asyncio.Event()
        memory.asked.listen(self._began)

    async def open(self, resume: Resume | None) -> None:
        """Look once, and begin to look again and again.

        Raises:
            Refused: The gateway says no.
            ServiceUnavailable: It cannot be reached.
        """
        if not self._by_run:
            self._read[USERS] = _Place()
            # What was before is not for this window, unless it comes back.
            self._read[USERS].after(await self._fetched(USERS), self._polling)
            if resume is not None:
                self._read[USERS] = _Place(last_seq=resume.last_seq)
        elif resume is not None:
            self._read[resume.run_id] = _Place(last_seq=resume.last_seq)
            await self._look(resume.run_id)
        self.begin()

    async def read(self) -> None:
        """See ``Feed``."""
        while self.connection.is_open:
            for run_id in tuple(self._read):
                await self._look(run_id)
            try:
                async with asyncio.timeout(self._polling.interval):
                    await self._soon.wait()
            except TimeoutError:
                pass
            self._soon.clear()

    async def leave(self, *, politely: bool) -> None:
        """See ``Feed``: there is no line to let go of."""
        self.memory.asked.deafen(self._began)

    def _began(self, token: str, run_id: str) -> None:
        if self._by_run and token == self.token:
            self._read.setdefault(run_id, _Place())
            self._soon.set()

    async def _look(self, run_id: str) -> None:
        """Fetch what is new of a run, and deliver it. Once nothing more comes after its end, it is left alone."""
        place = self._read[run_id]
        try:
            messages = await self._fetched(run_id)
        except NotFound:
            if run_id == USERS or place.last_seq:
                raise
            return  # a run that was begun just now may have no list yet
        for message in messages:
            await self.heard(message, run_id or None)
        place.after(messages, self._polling)
        events = self.connection.events_of(run_id)
        if self.mapping.envelope.seq is not None and events:
            place.last_seq = max(event.seq for event in events)
        if not messages and any(event.type in ENDINGS for event in events):
            del self._read[run_id]

    async def _fetched(self, run_id: str) -> list[Any]:
        place = self._read[run_id]
        values: dict[str, Any] = {"access_token": self.token, "run_id": run_id or None}
        values |= {"last_seq": place.last_seq, "cursor": place.cursor}
        found = await self._requests.ask(self._polling, values, "polling")
        if not isinstance(found, list):
            where = self._polling.answer.text
            raise unreadable(f"at {where!r} there is no list of events", found, "polling.answer")
        return found


@dataclass(slots=True)
class _Place:
    """How far a list was read: up to which number, or else how many; and what the last event said of going on."""

    last_seq: int = 0
    cursor: Any = None

    def after(self, messages: list[Any], polling: Polling) -> None:
        """These were read, too."""
        self.last_seq += len(messages)
        if polling.cursor is not None and messages:
            self.cursor = polling.cursor.of(messages[-1])
