"""A gateway that sends its events as server-sent events, of all runs of a user or of one run a stream."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httpx

from goldenpath.domain.errors import GoldenPathError, NotSignedIn
from goldenpath.domain.route import Route
from goldenpath.ports.events import ENDINGS, Resume
from goldenpath.wire.events import addresses
from goldenpath.wire.events.feed import Feed, decoded
from goldenpath.wire.events.reading import IGNORE, Memory
from goldenpath.wire.events.requests import failed
from goldenpath.wire.events.settings import Gateway
from goldenpath.wire.events.streaming import ServerSent, Streaming, open_stream, server_sent
from goldenpath.wire.templates import places

_PAUSE: Final = 0.1
"""Seconds before a stream that has ended is opened again."""

_NO_MORE: Final = 204
"""The status by which a gateway says that nobody is to come back (WHATWG HTML, 9.2.3)."""


class _Over(Exception):
    """A stream has ended, and the window with it."""


class StreamFeed(Feed):
    """One window on a gateway of server-sent events.

    A path that names ``{run_id}`` is opened for each run that is begun; any other once.

    Args:
        mapping: What is said of the gateway.
        memory: What all connections of the scenario share.
        token: Whose connection it is.
        route: How the gateway is reached.
        deadline: Seconds in which a stream must begin.
        ids: The id with which each event came, by run and number: what a stream is taken up again with.
    """

    def __init__(
        self,
        mapping: Gateway,
        memory: Memory,
        token: str,
        route: Route,
        deadline: float,
        ids: dict[tuple[str, int], str],
    ) -> None:
        super().__init__(mapping, memory, token)
        self._route = route
        self._deadline = deadline
        self._ids = ids
        self._url = ""
        self._values: dict[str, Any] = {}
        self._first: tuple[Streaming | None, str | None] = (None, None)
        self._runs: asyncio.Queue[str] = asyncio.Queue()
        self._open: set[Streaming] = set()
        opening = mapping.stream
        self.by_run = "run_id" in places([opening.path, opening.query, opening.headers])
        memory.asked.listen(self._began)

    async def open(self, url: str, values: addresses.Values, resume: Resume | None) -> None:
        """Open the stream, and begin to read.

        Raises:
            Refused: The gateway says no.
            ServiceUnavailable: It cannot be reached.
        """
        self._url, self._values = url, dict(values)
        first = None
        if resume is not None:
            self._values["last_event_id"] = self._ids.get((resume.run_id, resume.last_seq))
        if not self.by_run or resume is not None:
            first = await self._stream(resume.run_id if resume is not None else None)
        self._first = (first, resume.run_id if resume is not None and self.by_run else None)
        self.begin()

    async def read(self) -> None:
        """See ``Feed``: each stream in a task of its own, all of them ended with this."""
        stream, run_id = self._first
        try:
            async with asyncio.TaskGroup() as group:
                if stream is not None:
                    group.create_task(self._follow(stream, run_id))
                while True:
                    group.create_task(self._follow(None, await self._runs.get()))
        except BaseExceptionGroup as group_of:
            # One stream that ends the window ends the others with it.
            error = group_of.exceptions[0]
            if not isinstance(error, _Over):
                raise error from None

    async def leave(self, *, politely: bool) -> None:
        """See ``Feed``."""
        self.memory.asked.deafen(self._began)
        for stream in self._open:
            stream.cut()
        self._open.clear()

    def _began(self, token: str, run_id: str) -> None:
        if self.by_run and token == self.token:
            self._runs.put_nowait(run_id)

    async def _follow(self, stream: Streaming | None, run_id: str | None) -> None:
        """Read a stream to its end, and again where the settings say that it goes on."""
        last_id = ""
        while self.connection.is_open:
            stream = stream or await self._stream(run_id, last_id)
            async for sent in server_sent(stream.parts(), self.mapping.stream.largest):
                last_id = sent.id
                await self._sent(sent, run_id)
            self._open.discard(stream)
            stream.cut()
            stream = None
            if run_id is not None and any(each.type in ENDINGS for each in self.connection.events_of(run_id)):
                return
            if self.mapping.stream.ends != "reconnect":
                self.over(self.mapping.stream.ends, "the stream ended")
                raise _Over
            await asyncio.sleep(_PAUSE)

    async def _stream(self, run_id: str | None, last_id: str = "") -> Streaming:
        """A stream whose head has come.

        Raises:
            Refused: The gateway says no.
            ServiceUnavailable: It cannot be reached.
            GoldenPathError: What comes is no stream of events.
        """
        opening = self.mapping.stream
        values = self._values | ({"run_id": run_id} if run_id is not None else {})
        if last_id:
            values["last_event_id"] = last_id
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store", **self._route.headers}
        headers |= addresses.headers(opening.headers, opening.cookies, values)
        if values.get("last_event_id"):
            headers.setdefault("Last-Event-ID", str(values["last_event_id"]))
        where = addresses.address(self._url, opening.path, opening.query, values, "http")
        stream = await open_stream(httpx.Request("GET", where, headers=headers), self._route, self._deadline)
        try:
            await self._must_be_events(stream)
        except BaseException:
            stream.cut()
            raise
        self._open.add(stream)
        return stream

    async def _must_be_events(self, stream: Streaming) -> None:
        answer = stream.answer
        if answer.status_code == _NO_MORE:
            raise NotSignedIn("the gateway says that nobody is to come back", code="204")
        kind = answer.headers.get("Content-Type", "nothing")
        if answer.status_code == 200 and kind.partition(";")[0].strip() == "text/event-stream":
            return
        async with asyncio.timeout(self._deadline):
            answer = await stream.whole()
        if answer.status_code >= 400:
            raise failed(answer, self.mapping.stream.errors)
        said = f"it answered {answer.status_code} with {kind}, and text/event-stream was expected"
        raise GoldenPathError(said, where="services.events.stream.path", try_next="set [services.events.stream] path")

    async def _sent(self, sent: ServerSent, run_id: str | None) -> None:
        """One event of a stream: ``event``, ``id`` and ``data`` are what the envelope looks at."""
        if self.mapping.types.get(sent.event) == IGNORE:
            return
        message = {"event": sent.event, "id": sent.id or None, "data": decoded(sent.data, "stream")}
        before = len(self.connection.received)
        await self.heard(message, run_id)
        for event in self.connection.received[before:]:
            if sent.id:
                self._ids[event.run_id, event.seq] = sent.id
