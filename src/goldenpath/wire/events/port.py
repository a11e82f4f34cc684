"""``EventsPort`` for a gateway that the settings map, over whichever wire."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import jwt

from goldenpath.domain.attaching import LOG, Attachment, sink
from goldenpath.domain.errors import GoldenPathError, MissingCapability
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.events import Connection, Resume
from goldenpath.reference.clients.http import DEADLINE, open_client
from goldenpath.wire.events.asked import Asked
from goldenpath.wire.events.feed import Feed
from goldenpath.wire.events.polling import PolledFeed
from goldenpath.wire.events.reading import Memory
from goldenpath.wire.events.requests import Requests
from goldenpath.wire.events.settings import Gateway, gateway
from goldenpath.wire.events.socket import SocketFeed
from goldenpath.wire.events.stream import StreamFeed
from goldenpath.wire.templates import places


class MappedEvents:
    """Windows on a mapped gateway.

    Args:
        url: Where it is, by http or ws.
        mapping: What is said of it.
        context: Whose port it is.
        client: For requests; whoever made it closes it.
        deadline: Seconds in which a handshake, a request or a question must be answered.

    Every operation raises ``ServiceUnavailable`` when the gateway cannot be reached. Whoever made it closes it.
    """

    def __init__(
        self,
        url: str,
        mapping: Gateway,
        context: OpenContext,
        client: httpx.AsyncClient,
        deadline: float = DEADLINE,
    ) -> None:
        self._url = url
        self._mapping = mapping
        self._route = context.route
        self._deadline = deadline
        self._requests = Requests(url, client, {}, deadline)
        self._asked = Asked(context.ports)
        self._memory = Memory(self._asked, context.clock, tell)
        self._tickets: dict[str, str] = {}
        self._ids: dict[tuple[str, int], str] = {}
        self._feeds: list[Feed] = []
        context.listen(self._asked.hear)

    async def connect(
        self, access_token: str | None = None, *, ticket: str | None = None, resume: Resume | None = None
    ) -> Connection:
        """See ``EventsPort``."""
        token = access_token or self._tickets.get(ticket or "", "")
        values = await self._values(access_token, ticket, resume)
        feed = await self._opened(token, values, resume)
        self._feeds.append(feed)
        return feed.connection

    async def ticket(self, access_token: str) -> str:
        """See ``EventsPort``.

        Raises:
            MissingCapability: The settings do not say how to get one.
        """
        mapped = self._mapping.ticket
        if mapped is None:
            raise MissingCapability("this gateway gives no tickets", where="events")
        ticket = str(await self._requests.ask(mapped, {"access_token": access_token}, "ticket"))
        self._tickets[ticket] = access_token
        return ticket

    async def close(self) -> None:
        """End every connection that is open, and every task that reads one.

        Raises:
            Exception: What a connection broke on, when nobody was told of it yet.
        """
        feeds, self._feeds = self._feeds, []
        failures = [error for feed in feeds if (error := await feed.end()) is not None]
        if len(failures) == 1:
            raise failures[0]
        if failures:
            raise ExceptionGroup("several connections broke", failures)

    async def _opened(self, token: str, values: Mapping[str, Any], resume: Resume | None) -> Feed:
        if self._mapping.polling is not None and self._mapping.protocol == "polling":
            polled = PolledFeed(self._mapping, self._memory, token, self._mapping.polling, self._requests)
            return await _or_left(polled, polled.open(resume))
        if self._mapping.protocol == "sse":
            stream = StreamFeed(self._mapping, self._memory, token, self._route, self._deadline, self._ids)
            return await _or_left(stream, stream.open(self._url, values, resume))
        socket = SocketFeed(self._mapping, self._memory, token, self._route, self._deadline)
        return await _or_left(socket, socket.open(self._url, values))

    async def _values(self, access_token: str | None, ticket: str | None, resume: Resume | None) -> Mapping[str, Any]:
        """What the templates of an opening stand for."""
        opening = self._mapping.opening
        named = set(places([opening.path, opening.query, opening.headers, opening.cookies]))
        named |= set(places([list(opening.subprotocols), list(opening.first), list(opening.resume)]))
        if ticket is None and access_token is not None and "ticket" in named and "access_token" not in named:
            ticket = await self.ticket(access_token)
        values: dict[str, Any] = {"access_token": access_token, "ticket": ticket}
        if resume is not None:
            values |= {"run_id": resume.run_id, "last_seq": resume.last_seq}
        if "user_id" in named:
            values["user_id"] = await self._person(access_token or self._tickets.get(ticket or "", ""))
        return values

    async def _person(self, token: str) -> str:
        """Whom a token is of, for an address: even a forged one is sent, for the gateway to refuse."""
        try:
            return await self._asked.person(token)
        except GoldenPathError:
            try:
                return str(jwt.decode(token, options={"verify_signature": False})["sub"])
            except (jwt.InvalidTokenError, KeyError):
                return "nobody"


@asynccontextmanager
async def open_events(url: str, table: Mapping[str, Any], context: OpenContext) -> AsyncIterator[MappedEvents]:
    """The port for one scenario; its connections end with it.

    Raises:
        SettingsError: The table does not describe a gateway.
    """
    async with open_client(url, context.route) as client:
        events = MappedEvents(url, gateway(table), context, client)
        try:
            yield events
        finally:
            await events.close()


def tell(said: str) -> None:
    """Show something in the scenario's reports; in the log where no scenario is at work."""
    show = sink.get()
    if show is not None:
        show(Attachment(said, "IDENTITY", LOG))
    else:
        logging.getLogger("goldenpath.wire").warning(said)


async def _or_left(feed: Feed, opening: Any) -> Feed:
    try:
        await opening
    except BaseException:
        await feed.leave(politely=False)
        raise
    return feed
