"""The speaker of gateways that the settings map: see ``goldenpath.wire.opening.Speaker``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from goldenpath.domain.values import Availability
from goldenpath.ports.adapter import OpenContext


@asynccontextmanager
async def open_port(service: str, url: str, table: Mapping[str, Any], context: OpenContext) -> AsyncIterator[object]:
    """See ``goldenpath.wire.opening.open_port``."""
    from goldenpath.reference.clients.control import TENANT, tenant
    from goldenpath.wire.events.port import open_events

    if secret := context.address.get("secret"):
        # A server of the reference platform that keeps scenarios apart is told whose line this is.
        apart = {TENANT: tenant(secret, context.key, context.clock.offset)}
        context = replace(context, route=replace(context.route, headers={**context.route.headers, **apart}))
    async with open_events(url, table, context) as events:
        yield events


def capabilities(service: str, table: Mapping[str, Any]) -> frozenset[str]:
    """See ``goldenpath.wire.opening.capabilities``: what the mapping has the means for."""
    from goldenpath.wire.events.settings import gateway
    from goldenpath.wire.templates import places

    mapped = gateway(table, service)
    opening = mapped.opening
    goes_on = {"run_id", "last_seq", "last_event_id", "cursor"}
    named = set(places([opening.path, opening.query, opening.headers, list(opening.resume)]))
    able = {
        "tickets": mapped.ticket is not None,
        "order": mapped.envelope.seq is not None,
        "resume": mapped.protocol == "polling" or bool(named & goes_on),
    }
    return frozenset(name for name, is_there in able.items() if is_there)


def check(service: str, table: Mapping[str, Any]) -> None:
    """See ``goldenpath.wire.opening.check``."""
    from goldenpath.wire.events.settings import gateway

    gateway(table, service)


async def probe(service: str, url: str, table: Mapping[str, Any]) -> Availability:
    """Whether it completes a handshake, or asks first who is there; over HTTP, whether ``health`` is there."""
    from goldenpath.reference.clients.address import http_address, socket_address
    from goldenpath.resolution.probes import probe_http, probe_websocket
    from goldenpath.wire.events.settings import gateway

    mapped = gateway(table, service)
    health = str(table.get("health", ""))
    if mapped.protocol == "websocket" and not health:
        place = socket_address(url) if not mapped.socket.path else socket_address(url.rstrip("/") + mapped.socket.path)
        return await probe_websocket(place, signs_in_first=True)
    return await probe_http(http_address(url).rstrip("/") + (health or "/"))
