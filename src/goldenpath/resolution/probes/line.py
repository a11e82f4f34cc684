"""A connection on which a probe asks, and what its silence, its end or its strange words mean."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote, urlsplit

from goldenpath.domain.route import AT_WORK
from goldenpath.domain.values import Availability
from goldenpath.reference.clients.way import open_way
from goldenpath.resolution.deadline import DEADLINE

LIMIT: Final = 2**18
"""Bytes of one answer that are read; no health document is longer."""

_SHOWN: Final = 24


@dataclass(frozen=True, slots=True)
class Place:
    """Where something listens: host and port, or the path of a socket. ``str`` of it names no user and no password."""

    host: str = ""
    port: int = 0
    path: str = ""
    tls: bool = False
    user: str = ""
    password: str = ""
    resource: str = "/"

    @classmethod
    def of(cls, url: str, port: int) -> Place:
        """The place of an address; ``port`` is that of its protocol.

        Raises:
            ValueError: It is no address.
        """
        parts = urlsplit(url)
        if not parts.scheme or not parts.hostname:
            raise ValueError("no address such as scheme://host:port")
        return cls(
            host=parts.hostname,
            port=parts.port or port,
            tls=parts.scheme in {"https", "wss", "rediss"},
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            resource=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        )

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"


class Strange(Exception):
    """What answers speaks another protocol.

    Args:
        protocol: The one that was expected.
        line: The connection on which it speaks.
    """

    def __init__(self, protocol: str, line: Line) -> None:
        shown = line.first.decode("ascii", "backslashreplace").splitlines()[:1]
        super().__init__(f"it speaks another protocol than {protocol}: it says {shown[0] if shown else ''!r}")


class Line:
    """An open connection.

    Attributes:
        heard: How many bytes came.
        first: How they began.
        proxied: Whether a proxy listens that is told whom each request is for.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, proxied: bool = False) -> None:
        self.proxied = proxied
        self._reader = reader
        self._writer = writer
        self._waiting = b""
        self.heard = 0
        self.first = b""

    async def say(self, words: bytes) -> None:
        """Send."""
        self._writer.write(words)
        await self._writer.drain()

    async def hear(self, count: int) -> bytes:
        """Exactly so many bytes, or the limit.

        Raises:
            EOFError: It was closed before.
        """
        count = min(count, LIMIT)
        while len(self._waiting) < count:
            await self._more()
        return self._take(count)

    async def hear_until(self, mark: bytes) -> bytes:
        """Up to a mark and with it.

        Raises:
            EOFError: It was closed before, or the mark does not come within the limit.
        """
        while mark not in self._waiting:
            if len(self._waiting) > LIMIT:
                raise EOFError
            await self._more()
        return self._take(self._waiting.index(mark) + len(mark))

    async def hear_all(self) -> bytes:
        """All that comes until it is closed, or the limit is reached."""
        with contextlib.suppress(EOFError):
            while len(self._waiting) < LIMIT:
                await self._more()
        return self._take(len(self._waiting))

    async def _more(self) -> None:
        if not (some := await self._reader.read(LIMIT)):
            raise EOFError
        self.heard += len(some)
        self.first = (self.first + some)[:_SHOWN]
        self._waiting += some

    def _take(self, count: int) -> bytes:
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    def close(self) -> None:
        """Cut it, without waiting for the other side."""
        self._writer.transport.abort()


async def ask(
    place: Place,
    deadline: float | None,
    talk: Callable[[Line], Awaitable[Availability]],
    *,
    through: bool = True,
) -> Availability:
    """Connect and talk; whatever comes of it is an availability, within the deadline.

    Args:
        place: Where.
        deadline: Seconds for everything together; None for those of the probes at work.
        talk: Asks and judges the answer; it may raise ``Strange``, ``EOFError`` and ``OSError``.
        through: Whether a proxy is to carry the bytes as they are, also without TLS.
    """
    begun = time.perf_counter()
    deadline = DEADLINE.get() if deadline is None else deadline
    line: Line | None = None
    try:
        async with asyncio.timeout(deadline):
            line = await _connect(place, through=through)
            seen = await talk(line)
    except TimeoutError:
        seen = Availability(False, _late(place, line, deadline))
    except Strange as strange:
        seen = Availability(False, str(strange))
    except (EOFError, ConnectionError, OSError) as error:
        seen = Availability(False, _broken(place, line, error))
    finally:
        if line is not None:
            line.close()
    return replace(seen, seconds=time.perf_counter() - begun)


async def _connect(place: Place, *, through: bool) -> Line:
    if place.path:
        if not hasattr(asyncio, "open_unix_connection"):
            raise OSError("this system has no such sockets")
        return Line(*await asyncio.open_unix_connection(place.path))
    route = AT_WORK.get()
    context = (route.trust() or ssl.create_default_context()) if place.tls else None
    way = await open_way(place.host, place.port, context, route, through=through)
    return Line(*way, proxied=bool(route.proxy) and not (through or place.tls))


def _late(place: Place, line: Line | None, deadline: float) -> str:
    if line is None:
        return f"no connection to {place} within {deadline:g} s"
    if not line.heard:
        return f"hung: {place} accepts connections and says nothing, for {deadline:g} s"
    return f"too slow: after {deadline:g} s {place} had sent {line.heard} bytes and was not done"


def _broken(place: Place, line: Line | None, error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{place} has a certificate that is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"{place} does not speak TLS"
    if line is not None:
        what = "without a word" if not line.heard else f"in the middle of its answer, after {line.heard} bytes"
        return f"{place} accepts connections and closes them {what}"
    if isinstance(error, ConnectionRefusedError | FileNotFoundError):
        return f"nothing listens on {place}"
    if isinstance(error, PermissionError):
        return f"this user may not connect to {place}"
    if isinstance(error, socket.gaierror):
        return f"there is no host {place.host}"
    return f"no connection to {place}: {error}"
