"""Answers over HTTP that are read while they come, and the server-sent events in them (WHATWG HTML, 9.2)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import h11
import httpx

from goldenpath.domain.errors import GoldenPathError, ServiceUnavailable
from goldenpath.domain.route import Route
from goldenpath.reference.clients.http import lost
from goldenpath.reference.clients.way import open_way
from goldenpath.wire.events.errors import unreadable

_PART: Final = 2**16
_REFUSAL: Final = 2**16
"""Bytes of a refusal that are read."""


class ServerSent(NamedTuple):
    """One server-sent event.

    Attributes:
        event: Its name; ``message`` unless it says.
        id: The last id that was said, by it or before it; empty for none.
        data: Its text.
    """

    event: str
    id: str
    data: str


@dataclass(slots=True)
class Streaming:
    """An answer whose head has come, and its body as it comes. Whoever asked cuts it."""

    answer: httpx.Response
    url: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    talk: h11.Connection

    def cut(self) -> None:
        """End it at once."""
        self.writer.transport.abort()

    async def parts(self) -> AsyncIterator[bytes]:
        """What comes, until the answer ends.

        Raises:
            ServiceUnavailable: The line was lost before that.
        """
        try:
            while True:
                event = self.talk.next_event()
                if event is h11.NEED_DATA:
                    self.talk.receive_data(await self.reader.read(_PART))
                elif isinstance(event, h11.Data):
                    yield bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    return
        except (OSError, h11.RemoteProtocolError) as error:
            raise ServiceUnavailable("events", lost(error, self.url)) from error

    async def whole(self) -> httpx.Response:
        """The answer with its body, or the beginning of it."""
        body = bytearray()
        async for part in self.parts():
            body += part
            if len(body) > _REFUSAL:
                break
        request = self.answer.request
        head = [(name, value) for name, value in self.answer.headers.items() if name != "content-encoding"]
        return httpx.Response(self.answer.status_code, headers=head, content=bytes(body), request=request)


async def open_stream(request: httpx.Request, route: Route, deadline: float) -> Streaming:
    """Send a request and read the head of its answer.

    Raises:
        ServiceUnavailable: Nobody is reached, or no answer begins within the deadline.
        GoldenPathError: What is there does not speak HTTP.
    """
    parts = urlsplit(str(request.url))
    trust = (route.trust() or _trusted()) if parts.scheme == "https" else None
    try:
        async with asyncio.timeout(deadline):
            await route.pace.turn()
            way = await open_way(parts.hostname or "", parts.port or (443 if trust else 80), trust, route)
            try:
                return await _asked(request, *way)
            except BaseException:
                way[1].transport.abort()
                raise
    except TimeoutError:
        raise ServiceUnavailable("events", f"no answer within {deadline:g} s") from None
    except OSError as error:
        raise ServiceUnavailable("events", lost(error, str(request.url))) from error
    except (h11.RemoteProtocolError, h11.LocalProtocolError) as error:
        raise GoldenPathError(f"it does not speak HTTP: {error}", where="events") from error


async def _asked(request: httpx.Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Streaming:
    talk = h11.Connection(h11.CLIENT)
    head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
    sent = [talk.send(head), talk.send(h11.Data(data=request.content)), talk.send(h11.EndOfMessage())]
    writer.write(b"".join(part or b"" for part in sent))
    await writer.drain()
    while True:
        event = talk.next_event()
        if event is h11.NEED_DATA:
            talk.receive_data(await reader.read(_PART))
        elif isinstance(event, h11.Response):
            answer = httpx.Response(event.status_code, headers=list(event.headers), request=request)
            return Streaming(answer, str(request.url), reader, writer, talk)
        elif not isinstance(event, h11.InformationalResponse):
            raise ConnectionResetError("it hung up without an answer")


async def server_sent(parts: AsyncIterator[bytes], largest: int) -> AsyncIterator[ServerSent]:
    """The events of a stream.

    Args:
        parts: The bytes of the stream, however they are cut.
        largest: Bytes that one event may have.

    Raises:
        GoldenPathError: One has more.
    """
    name, last_id, data, size = "", "", list[str](), 0
    async for line in _lines(parts, largest):
        size += len(line)
        if size > largest:
            raise unreadable(f"it has more than {largest} bytes", "\n".join(data) or line, "stream.largest")
        if not line:
            if data:
                yield ServerSent(name or "message", last_id, "\n".join(data))
            name, data, size = "", [], 0
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
        elif field == "id" and "\0" not in value:
            last_id = value


async def _lines(parts: AsyncIterator[bytes], largest: int) -> AsyncIterator[str]:
    """The lines of a stream, without their ends: LF, CR LF, or CR."""
    rest, begun = bytearray(), False
    async for part in parts:
        rest += part
        if not begun and len(rest) >= 3:
            begun = True
            if rest.startswith(b"\xef\xbb\xbf"):
                del rest[:3]
        while (cut := _cut(rest)) is not None:
            line, length = cut
            del rest[:length]
            yield line
        if len(rest) > largest:
            raise unreadable(f"it has more than {largest} bytes", bytes(rest), "stream.largest")


def _cut(rest: bytearray) -> tuple[str, int] | None:
    """The first line and how long it is with its end; None while its end has not come."""
    ends = [place for place in (rest.find(b"\n"), rest.find(b"\r")) if place >= 0]
    if not ends:
        return None
    end = min(ends)
    if rest[end : end + 1] == b"\r":
        if end + 1 == len(rest):
            return None  # the half of CR LF, perhaps
        if rest[end + 1 : end + 2] == b"\n":
            return rest[:end].decode(errors="replace"), end + 2
    return rest[:end].decode(errors="replace"), end + 1


@cache
def _trusted() -> ssl.SSLContext:
    """Whom the machine believes; one context a process, since making one takes long."""
    return httpx.create_ssl_context()
