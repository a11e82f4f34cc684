"""HTTP/1.1 over asyncio's streams: what a client of httpx sends through, where many small requests are made.

httpx's own transport serves several event loops and two versions of HTTP, and pays for both with each request.
"""

from __future__ import annotations

import asyncio
import select
import ssl
import time
from contextlib import suppress
from typing import Final, NamedTuple

import h11
import httpx

from goldenpath.domain.route import STRAIGHT, Route
from goldenpath.reference.clients.way import open_way, to_proxy

_LARGEST: Final = 2**25
"""Bytes that the body of an answer may have."""

_PART: Final = 2**16

WITHIN: Final = "goldenpath.within"
"""The extension of a request that holds its deadline (``asyncio.Timeout``): it stands still while the request waits
for its turn."""


class _Origin(NamedTuple):
    host: str
    port: int
    tls: bool


class StreamTransport(httpx.AsyncBaseTransport):
    """Connections of one client; they are used again, one request at a time each, and belong to one event loop.

    Args:
        trust: Whom to believe over TLS.
        idle: Seconds after which a connection that nobody used is not used again.
        route: How servers are reached.

    Requests raise ``OSError`` where nobody is reached, and ``httpx.TransportError`` where who is does not speak HTTP.
    """

    def __init__(self, trust: ssl.SSLContext, idle: float, route: Route = STRAIGHT) -> None:
        self._trust = trust
        self._idle = idle
        self._route = route
        self._free: dict[_Origin, list[_Line]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read its answer whole. The deadline is the caller's."""
        url = request.url
        await _turn(self._route, request.extensions.get(WITHIN))
        tls = url.scheme in {"https", "wss"}
        origin = _Origin(url.host, url.port or (443 if tls else 80), tls)
        line = self._kept(origin) or await self._new(origin)
        try:
            answer = await line.ask(request)
        except BaseException:
            line.cut()
            raise
        if line.may_go_on():
            self._free.setdefault(origin, []).append(line)
        else:
            line.cut()
        return answer

    async def aclose(self) -> None:
        """End every connection."""
        lines = [line for free in self._free.values() for line in free]
        self._free.clear()
        for line in lines:
            line.cut()
        for line in lines:
            await line.gone()

    def _kept(self, origin: _Origin) -> _Line | None:
        free = self._free.get(origin, [])
        while free:
            line = free.pop()
            if line.is_fresh(self._idle):
                return line
            line.cut()
        return None

    async def _new(self, origin: _Origin) -> _Line:
        trust, route = self._trust if origin.tls else None, self._route
        way = await open_way(origin.host, origin.port, trust, route, through=origin.tls)
        return _Line(*way, route if route.proxy and not origin.tls else None)


async def _turn(route: Route, within: asyncio.Timeout | None) -> None:
    """Wait until the request may be sent."""
    if not route.limit:
        return
    until = within.when() if within is not None else None
    if within is not None:
        within.reschedule(None)
    waited = await route.pace.turn()
    if within is not None and until is not None:
        within.reschedule(until + waited)


class _Line:
    """One connection, and how far its conversation has come.

    Args:
        reader: Of the connection.
        writer: Of the connection.
        proxied: The route, where it is a proxy that is spoken to: it is told whom each request is for.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, proxied: Route | None = None
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._proxied = proxied
        self._talk = h11.Connection(h11.CLIENT)
        self._used = time.monotonic()

    async def ask(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read its answer.

        Raises:
            httpx.TransportError: One of the two sides does not keep to HTTP.
        """
        body = await request.aread()
        try:
            target, headers = request.url.raw_path, request.headers.raw
            if self._proxied is not None:  # RFC 9112, 3.2.2
                target = str(request.url.copy_with(username=None, password=None, fragment=None)).encode()
                headers = [*headers, *httpx.Headers(to_proxy(self._proxied)).raw]
            head = h11.Request(method=request.method, target=target, headers=headers)
            sent = [self._talk.send(head), self._talk.send(h11.Data(data=body)) if body else b""]
            self._writer.write(b"".join(part or b"" for part in (*sent, self._talk.send(h11.EndOfMessage()))))
            await self._writer.drain()
            return await self._answer(request)
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error)) from error
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from error

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        head: h11.Response | None = None
        body = bytearray()
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > _LARGEST:
                    raise httpx.RemoteProtocolError(f"its answer has more than {_LARGEST} bytes")
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return httpx.Response(
                    head.status_code, headers=list(head.headers), content=bytes(body), request=request
                )
            elif not isinstance(event, h11.InformationalResponse):
                raise httpx.RemoteProtocolError("it hung up without an answer")

    async def _next(self) -> object:
        while (event := self._talk.next_event()) is h11.NEED_DATA:
            self._talk.receive_data(await self._reader.read(_PART))
        return event

    def may_go_on(self) -> bool:
        """Whether another request may follow; if so it is ready for one."""
        if self._talk.our_state is not h11.DONE or self._talk.their_state is not h11.DONE:
            return False
        self._talk.start_next_cycle()
        self._used = time.monotonic()
        return True

    def is_fresh(self, idle: float) -> bool:
        """Whether it can be used again: not idle for long, and the other side has not hung up.

        The event loop may have stood still since: what it has not read yet, the end among it, the system knows.
        """
        if time.monotonic() - self._used > idle or self._reader.at_eof() or self._writer.is_closing():
            return False
        return not _has_something(self._writer.get_extra_info("socket").fileno())

    def cut(self) -> None:
        """End it at once."""
        self._writer.transport.abort()

    async def gone(self) -> None:
        """Wait until it has ended, which takes a turn of the loop."""
        with suppress(OSError):
            await self._writer.wait_closed()


def _has_something(handle: int) -> bool:
    """Whether there is something to read, or an end to see."""
    if hasattr(select, "poll"):
        look = select.poll()
        look.register(handle, select.POLLIN)
        return bool(look.poll(0))
    return bool(select.select([handle], [], [], 0)[0])
