"""The gateway over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Final

from fastapi import APIRouter, WebSocket
from starlette.requests import HTTPConnection

from goldenpath.domain.errors import Invalid
from goldenpath.ports.events import Resume
from goldenpath.reference.gateway import TICKET_LIFE
from goldenpath.reference.servers import errors
from goldenpath.reference.servers.application import Here, Token, control
from goldenpath.reference.servers.errors import answers
from goldenpath.reference.servers.windows import forward
from goldenpath.reference.servers.wire import TicketGiven

_OFFER: Final = "bearer."


@cache
def routes() -> APIRouter:
    """Tickets, and the socket."""
    router = APIRouter(tags=["events"])

    @router.post("/api/ws-tickets", status_code=201, responses=answers(401))
    async def ticket(token: Token, here: Here) -> TicketGiven:
        """A ticket that opens one socket within a minute: for who can send no header with a handshake."""
        return TicketGiven(ticket=await here.gateway.ticket(token), expires_in=TICKET_LIFE)

    @router.websocket("/ws")
    async def socket(websocket: WebSocket, here: Here) -> None:
        try:
            connection = await here.gateway.connect(
                token_of(websocket), ticket=websocket.query_params.get("ticket"), resume=_resume(websocket)
            )
        except Exception as error:
            meant = errors.known(error)
            if meant is None:
                raise
            await websocket.send_denial_response(errors.refusal(meant))
            return
        windows = websocket.app.state.tenants.windows
        windows.add(task := asyncio.current_task())
        try:
            await forward(websocket, connection, chosen(websocket.scope["subprotocols"]), here.gateway)
        finally:
            windows.discard(task)

    return router


@cache
def controls() -> APIRouter:
    """What who has the secret may do besides moving the time: nothing."""
    return control()


def token_of(websocket: HTTPConnection) -> str | None:
    """The token of a handshake: in its header, or as a subprotocol, which is all that a browser can send."""
    kind, _, token = websocket.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return token.strip()
    offers = websocket.scope.get("subprotocols", ())
    return next((offer.removeprefix(_OFFER) for offer in offers if offer.startswith(_OFFER)), None)


def chosen(offers: list[str]) -> str | None:
    """The subprotocol to agree on, as a browser must be told one that it offered; the token only where all are."""
    return next((offer for offer in offers if not offer.startswith(_OFFER)), offers[0] if offers else None)


def _resume(websocket: HTTPConnection) -> Resume | None:
    run_id, last_seq = (websocket.query_params.get(name) for name in ("run_id", "last_seq"))
    if run_id is None:
        return None
    try:
        return Resume(run_id, int(last_seq or 0))
    except ValueError:
        raise Invalid("last_seq is a whole number", code="last_seq") from None
