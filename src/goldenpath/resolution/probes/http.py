"""Whether an HTTP service says that it is well, a gateway completes a WebSocket handshake, and Docker answers."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final
from urllib.parse import quote, unquote

from goldenpath.domain.route import AT_WORK
from goldenpath.domain.values import REFERENCE, Availability
from goldenpath.reference.clients.way import to_proxy
from goldenpath.resolution.deadline import DEADLINE
from goldenpath.resolution.probes.line import Line, Place, Strange, ask
from goldenpath.resolution.pulling import PULL

DOCKER_SOCKET: Final = "/var/run/docker.sock"
_ACCEPT: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What a server adds to the client's key to show that it means it (RFC 6455, 1.3)."""

_CLOSE: Final = b"\x88\x82\0\0\0\0\x03\xe8"
"""The frame that ends a connection: close, 1000, masked with zeros (RFC 6455, 5.5.1)."""

_FINE: Final = frozenset({"ok", "ready", "healthy", "up", "pass", "serving"})


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    document: Mapping[str, Any] = field(default_factory=dict)


async def probe_http(url: str, deadline: float | None = None, *, expects: str = "") -> Availability:
    """Whether the health, readiness or keys document at an address is there and says that all is well.

    Args:
        url: The address of the document itself.
        deadline: Seconds for everything together; None for what the setting ``probe_deadline`` leaves for one.
        expects: A key that the document must have, such as ``keys`` of a set of public keys (RFC 7517); empty for any.
    """
    try:
        place = Place.of(url, 443 if url.startswith("https:") else 80)
    except ValueError as error:
        return Availability(False, f"its url is {error}")

    async def talk(line: Line) -> Availability:
        return _judged(await _get(line, place), place, expects)

    return await ask(place, deadline, talk, through=False)


async def probe_websocket(
    url: str,
    deadline: float | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    signs_in_first: bool = False,
) -> Availability:
    """Whether a gateway completes a WebSocket handshake.

    Args:
        url: Its address, ``ws://`` or ``wss://`` (or http).
        deadline: Seconds for everything together; None for what the setting ``probe_deadline`` leaves for one.
        headers: What else to send, such as an authorization.
        signs_in_first: Whether it is known to ask who is there before it accepts: then a 401 is what it should say.
    """
    try:
        place = Place.of(url, 443 if url.startswith(("wss:", "https:")) else 80)
    except ValueError as error:
        return Availability(False, f"its url is {error}")
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13"}

    async def talk(line: Line) -> Availability:
        answer = await _request(line, place, "HTTP/1.1", asked | dict(headers or {}))
        if answer.status == 101 and answer.headers.get("sec-websocket-accept") == _accepted(key):
            await line.say(_CLOSE)
            return _up(answer, "it completes a WebSocket handshake")
        if answer.status == 401 and signs_in_first:
            return _up(answer, "it asks who is there before the handshake, as it should")
        return Availability(False, _not_well(answer, place, "completes no WebSocket handshake"))

    return await ask(place, deadline, talk)


async def probe_docker(
    host: str | None = None, deadline: float | None = None, *, images: Iterable[str] = ()
) -> Availability:
    """Whether a Docker engine answers, and has images.

    Args:
        host: As in ``DOCKER_HOST``, which is read where this is None; without either, its usual socket.
        deadline: As for the others; Docker's own clients wait for each read, and so for ever.
        images: Names of images that it must have, unless they may be pulled.
    """
    named = host if host is not None else os.environ.get("DOCKER_HOST", "")
    scheme, _, rest = named.partition("://")
    if scheme not in {"", "unix", "tcp"}:
        return Availability(False, f"DOCKER_HOST begins with {scheme}, and only unix:// and tcp:// are looked at")
    try:
        place = Place.of(f"http://{rest}", 2375) if scheme == "tcp" else Place(path=rest or DOCKER_SOCKET)
    except ValueError as error:
        return Availability(False, f"DOCKER_HOST is {error}")

    async def talk(line: Line) -> Availability:
        answer = await _get(line, place, "/_ping")
        if answer.status != 200 or answer.body.strip() != b"OK":
            return Availability(False, _not_well(answer, place, "is no Docker engine"))
        return Availability(True, f"a Docker engine answers at {place}")

    whole = DEADLINE.get() if deadline is None else deadline
    seen = await ask(place, deadline, talk)
    for resource in ("/version", *(f"/images/{quote(each)}/json" for each in images)):
        if seen.up:
            about = partial(_about, place=place, resource=resource, seen=seen)
            told = await ask(place, max(whole - seen.seconds, 0.0), about)
            seen = replace(told, seconds=seen.seconds + told.seconds)
    return seen


async def _about(line: Line, *, place: Place, resource: str, seen: Availability) -> Availability:
    """What a document of an engine adds to what was seen of it: its version, or that an image is missing."""
    answer = await _get(line, place, resource)
    if resource == "/version":
        return replace(seen, version=str(answer.document.get("Version", "")))
    if answer.status == 200 or (answer.status == 404 and PULL.get()):
        return seen
    image = unquote(resource.removeprefix("/images/").removesuffix("/json"))
    if answer.status == 404:
        return Availability(False, f"the image {image} is not on this machine: docker pull {image}, or --pull")
    return Availability(False, f"{place} says {answer.status} when it is asked for the image {image}")


async def _get(line: Line, place: Place, resource: str = "") -> _Answer:
    """The answer to a GET; of HTTP/1.0, since that is never sent in chunks."""
    answer = await _request(line, place, "HTTP/1.0", {"Accept": "application/json", "Connection": "close"}, resource)
    length = answer.headers.get("content-length", "")
    body = await line.hear(int(length)) if length.isdecimal() else await line.hear_all()
    try:
        document: object = json.loads(body)
    except ValueError:
        document = None
    return _Answer(answer.status, answer.headers, body, document if isinstance(document, dict) else {})


async def _request(line: Line, place: Place, version: str, headers: Mapping[str, str], resource: str = "") -> _Answer:
    host = f"[{place.host}]" if ":" in place.host else place.host
    route = AT_WORK.get()
    whole = f"http://{host}:{place.port}" if line.proxied else ""
    head = [
        f"GET {whole}{resource or place.resource} {version}",
        f"Host: {host}:{place.port}" if place.port else "Host: docker",
    ]
    headers = {**route.headers, **headers, **(to_proxy(route) if line.proxied else {})}
    if place.user:
        secret = base64.b64encode(f"{place.user}:{place.password}".encode()).decode()
        head.append(f"Authorization: Basic {secret}")
    head += [f"{name}: {value}" for name, value in headers.items()]
    await line.say("\r\n".join([*head, "", ""]).encode())
    begin = await line.hear(5)
    if begin != b"HTTP/":
        raise Strange("HTTP", line)
    first, *rest = (begin + await line.hear_until(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = first.split(" ")[1:2]
    if not status or not status[0].isdecimal():
        raise Strange("HTTP", line)
    pairs = (each.partition(":") for each in rest if ":" in each)
    return _Answer(int(status[0]), {name.strip().lower(): value.strip() for name, _, value in pairs})


def _judged(answer: _Answer, place: Place, expects: str) -> Availability:
    said = answer.document.get("status")
    if not 200 <= answer.status < 300:
        return Availability(False, _not_well(answer, place, f"has nothing at {place.resource.partition('?')[0]}"))
    if expects and not answer.document.get(expects):
        return Availability(False, f"{place} answers, but with no document that has {expects}: it is something else")
    if isinstance(said, str) and said.lower() not in _FINE:
        return Availability(False, f"{place} says of itself: {said}{_failing(answer)}")
    return _up(answer, f"it answers at {place}", str(answer.document.get("version", "")))


def _not_well(answer: _Answer, place: Place, otherwise: str) -> str:
    if answer.status in {401, 407}:
        return f"{place} asks for a password"
    if answer.status == 403:
        return f"{place} does not let us in (403)"
    if answer.status in {502, 503, 504}:
        return f"{place} says that it is not ready ({answer.status}){_failing(answer)}"
    if answer.status >= 500:
        return f"{place} is broken: it answers {answer.status}"
    return f"{place} speaks HTTP and {otherwise} (it answers {answer.status})"


def _failing(answer: _Answer) -> str:
    """What a readiness document says is away."""
    checks = answer.document.get("checks")
    bad = [f"{name} {state}" for name, state in checks.items() if state != "ok"] if isinstance(checks, dict) else []
    return f": {', '.join(bad)}" if bad else ""


def _up(answer: _Answer, reason: str, version: str = "") -> Availability:
    """It is there; what it says of itself is its version, and whether it is the reference platform's."""
    server = answer.headers.get("server", "")
    return Availability(True, reason, version or server, is_reference=server.partition("/")[0] == REFERENCE)


def _accepted(key: str) -> str:
    return base64.b64encode(hashlib.sha1((key + _ACCEPT).encode()).digest()).decode()  # noqa: S324  # RFC 6455 has it so
