"""The preset ``platform``: services that speak as the reference platform does, or a PostgreSQL and a Redis as it uses.

Who has the secret with which a server of the platform was started (``context.address["secret"]``) can do what
``CONTROLLED`` names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from goldenpath.domain.values import Availability
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.cache import EVERY_KEY
from goldenpath.ports.database import EVERY_ROW
from goldenpath.wire.line import line_to

CAPABILITIES: Final[Mapping[str, frozenset[str]]] = {
    "auth": frozenset({"password_login", "sessions", "rotation", "lockout"}),
    "agents": frozenset({"cancel"}),
    "events": frozenset({"tickets", "resume", "order"}),
    "database": EVERY_ROW | {"store"},
    "cache": EVERY_KEY,
}
"""What a service that speaks so can do for anybody."""

CONTROLLED: Final[Mapping[str, frozenset[str]]] = {
    "auth": frozenset({"accounts", "fresh", "oauth_code", "client_credentials", "clock"}),
    "agents": frozenset({"scripted", "clock"}),
    "cache": frozenset({"clock"}),
}
"""What a server of the platform can do besides for those who have its secret."""


def capabilities(service: str, table: Mapping[str, Any]) -> frozenset[str]:
    """See ``goldenpath.wire.opening.capabilities``."""
    return CAPABILITIES[service]


def check(service: str, table: Mapping[str, Any]) -> None:
    """See ``goldenpath.wire.opening.check``: there is nothing to say about it, so nothing can be wrong."""


async def probe(service: str, url: str, table: Mapping[str, Any]) -> Availability:
    """Whether it answers as itself; the setting ``health`` names a document that is asked for instead."""
    from goldenpath.reference.clients.address import socket_address
    from goldenpath.resolution import probes

    if service == "database":
        return await probes.probe_postgres(url)
    if service == "cache":
        return await probes.probe_redis(url)
    if service == "events":
        return await probes.probe_websocket(socket_address(url), signs_in_first=True)
    if health := table.get("health"):
        return await probes.probe_http(url.rstrip("/") + str(health))
    if service == "auth":
        return await probes.probe_http(url.rstrip("/") + "/.well-known/jwks.json", expects="keys")
    return await probes.probe_http(url.rstrip("/") + "/ready")


@asynccontextmanager
async def open_port(service: str, url: str, table: Mapping[str, Any], context: OpenContext) -> AsyncIterator[object]:
    """See ``goldenpath.wire.opening.open_port``."""
    async with _OPENERS[service](url, context) as port:
        yield port


@asynccontextmanager
async def _auth(url: str, context: OpenContext) -> AsyncIterator[object]:
    from goldenpath.reference.clients.auth import HttpAuth

    async with line_to("auth", url, context.address.get("secret", ""), context) as line:
        yield HttpAuth(line.url, line.client, line.headers, control=line.control)


@asynccontextmanager
async def _agents(url: str, context: OpenContext) -> AsyncIterator[object]:
    from goldenpath.reference.clients.agents import HttpAgents

    async with line_to("agents", url, context.address.get("secret", ""), context) as line:
        yield HttpAgents(line.url, line.client, line.headers)


@asynccontextmanager
async def _events(url: str, context: OpenContext) -> AsyncIterator[object]:
    from goldenpath.reference.clients.events import WsEvents

    async with line_to("events", url, context.address.get("secret", ""), context) as line:
        events = WsEvents(line.url, line.client, line.headers, route=context.route)
        try:
            yield events
        finally:
            await events.close()


@asynccontextmanager
async def _database(url: str, context: OpenContext) -> AsyncIterator[object]:
    from goldenpath.reference.storage.postgres import postgres_store

    async with postgres_store(url) as store:
        yield store


@asynccontextmanager
async def _cache(url: str, context: OpenContext) -> AsyncIterator[object]:
    from goldenpath.reference.storage.server import server_cache

    async with server_cache(url, context.address.get("prefix", "")) as cache:
        yield cache


_OPENERS: Final = {"auth": _auth, "agents": _agents, "events": _events, "database": _database, "cache": _cache}
