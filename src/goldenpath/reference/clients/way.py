"""The way to a server: straight, or through a proxy; over TLS, or not."""

from __future__ import annotations

import asyncio
import base64
import ssl
from typing import Final
from urllib.parse import unquote, urlsplit

from goldenpath.domain.route import Route

_HTTP: Final = 80
_END: Final = b"\r\n\r\n"


async def open_way(
    host: str, port: int, trust: ssl.SSLContext | None, route: Route, *, through: bool = True
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to a server.

    Args:
        host: Its name.
        port: Its port.
        trust: Whom to believe over TLS; None for a connection without.
        route: How it is reached.
        through: Whether a proxy is to carry the bytes as they are; if not, whoever asks speaks to the proxy itself, as
            with requests without TLS.

    Raises:
        OSError: Nobody is reached, the proxy says no, or the route must not lead there.
    """
    if not route.allows(host):
        raise ConnectionRefusedError(f"{host} is not on this machine: it counts only with a profile, by --profile NAME")
    if not route.proxy:
        return await asyncio.open_connection(host, port, ssl=trust)
    proxy = urlsplit(route.proxy)
    reader, writer = await asyncio.open_connection(proxy.hostname, proxy.port or _HTTP)
    try:
        if trust is not None or through:
            await _tunnel(reader, writer, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", route)
        if trust is not None:
            await writer.start_tls(trust, server_hostname=host)
    except BaseException:
        writer.transport.abort()
        raise
    return reader, writer


def to_proxy(route: Route) -> dict[str, str]:
    """The header that says to the proxy who asks; none where its address names nobody."""
    proxy = urlsplit(route.proxy)
    if not proxy.username:
        return {}
    said = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(said.encode()).decode()}"}


async def _tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, place: str, route: Route) -> None:
    """Let the proxy carry bytes to a place (RFC 9110, 9.3.6)."""
    said = "".join(f"{name}: {value}\r\n" for name, value in to_proxy(route).items())
    writer.write(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{said}\r\n".encode())
    try:
        head = await reader.readuntil(_END)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise ConnectionResetError(f"the proxy gave no answer to CONNECT {place}") from None
    status = head.split(b" ", 2)[1:2]
    if not status or not status[0].startswith(b"2"):
        told = head.split(b"\r\n", 1)[0].decode("latin-1")
        raise ConnectionRefusedError(f"the proxy does not let us through to {place}: {told}")
