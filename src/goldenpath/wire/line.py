"""A line to a server that speaks the reference platform's wire, for one scenario."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.ports.adapter import OpenContext

if TYPE_CHECKING:
    import httpx

    from goldenpath.reference.clients.control import Control
    from goldenpath.reference.clients.http import Headers


class Line(NamedTuple):
    """What a client of such a server is made of, for one scenario."""

    url: str
    client: httpx.AsyncClient
    headers: Headers
    control: Control


@asynccontextmanager
async def line_to(service: str, url: str, secret: str, context: OpenContext) -> AsyncIterator[Line]:
    """A line to a server of the platform, for one scenario.

    Args:
        service: The service that it answers.
        url: Where it is.
        secret: What it was started with: who has it is kept apart from other scenarios, and may move time. Empty for
            a user like any other.
        context: Whose line it is.
    """
    from goldenpath.reference.clients.control import TENANT, Control, tenant
    from goldenpath.reference.clients.http import HttpWire, open_client

    def headers() -> Mapping[str, str]:
        return {TENANT: tenant(secret, context.key, context.clock.offset)} if secret else {}

    async with open_client(url, context.route) as client:
        control = Control(HttpWire(service, url, client, headers), secret)

        async def moved(by: timedelta) -> None:
            await tell_the_time(control, context)

        if secret:
            context.clock.listen(moved)
        yield Line(url, client, headers, control)


async def tell_the_time(control: Control, context: OpenContext) -> None:
    """Tell a server how far the scenario's time is ahead; one that is away hears of it with the next request."""
    try:
        await control.clock(context.key, context.clock.offset)
    except ServiceUnavailable:
        return
