"""Watching the assistant over a WebSocket: ``EventsPort`` for a gateway that speaks as the reference platform does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, ProxyError, WebSocketException

from goldenpath.domain.errors import GoldenPathError, ServiceUnavailable
from goldenpath.domain.route import STRAIGHT, Route, elsewhere
from goldenpath.ports.events import Connection, Resume
from goldenpath.reference.clients.address import http_address, socket_address
from goldenpath.reference.clients.failures import failure
from goldenpath.reference.clients.http import DEADLINE, Headers, HttpWire, bearer, lost, no_headers, query
from goldenpath.reference.clients.socket import Socket

_LARGEST: Final = 2**20
"""Bytes that one message may have."""

_AHEAD: Final = 64
"""Messages that wait to be read before the server is made to wait."""

_GOODBYE: Final = 2.0
"""Seconds for the other side to answer a goodbye."""


class WsEvents:
    """``EventsPort`` over WebSockets.

    Args:
        url: Where the gateway is, by http or ws; its socket is at ``/ws`` unless the address has a path.
        client: For tickets; whoever made it closes it.
        headers: What every request carries besides.
        route: How it is reached.
        deadline: Seconds in which a handshake, a request or a question must be answered.

    Every operation raises ``ServiceUnavailable`` when the gateway cannot be reached. Whoever made it closes it.
    """

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        headers: Headers = no_headers,
        *,
        route: Route = STRAIGHT,
        deadline: float = DEADLINE,
    ) -> None:
        self._wire = HttpWire("events", http_address(url), client, headers, deadline)
        self._address = socket_address(url)
        self._route = route
        self._sockets: list[Socket] = []

    async def connect(
        self, access_token: str | None = None, *, ticket: str | None = None, resume: Resume | None = None
    ) -> Connection:
        """See ``EventsPort``."""
        asked = {"ticket": ticket, "run_id": resume and resume.run_id, "last_seq": resume and resume.last_seq}
        line = await self._shake_hands(query(asked), {**self._wire.headers(), **bearer(access_token)})
        socket = Socket(line, self._wire.deadline, self._route.pace)
        self._sockets.append(socket)
        return socket.connection

    async def ticket(self, access_token: str) -> str:
        """See ``EventsPort``."""
        return await self._wire.ask(lambda said: str(said["ticket"]), "POST", "/api/ws-tickets", token=access_token)

    async def close(self) -> None:
        """End every connection that is open, and every task that reads one.

        Raises:
            Exception: What a connection broke on.
        """
        sockets, self._sockets = self._sockets, []
        failures = [error for socket in sockets if (error := await socket.end()) is not None]
        if len(failures) == 1:
            raise failures[0]
        if failures:
            raise ExceptionGroup("several connections broke", failures)

    async def _shake_hands(self, asked: str, headers: Mapping[str, str]) -> ClientConnection:
        """A line to the gateway.

        Raises:
            Refused: The gateway says no, before it accepts anything.
            ServiceUnavailable: It cannot be reached.
            GoldenPathError: What is there does not speak WebSocket.
        """
        await self._route.pace.turn()
        try:
            return await connect(
                f"{self._address}?{asked}" if asked else self._address,
                additional_headers={**self._route.headers, **headers},
                **over(self._route, self._address),
                compression=None,
                open_timeout=self._wire.deadline,
                close_timeout=_GOODBYE,
                # Between steps nobody reads or writes, for as long as a step takes: silence is no loss.
                ping_interval=None,
                max_size=_LARGEST,
                max_queue=_AHEAD,
            )
        except InvalidStatus as refused:
            answer = refused.response
            raise failure("events", answer.status_code, bytes(answer.body), answer.headers.get("Retry-After")) from None
        except TimeoutError:
            raise ServiceUnavailable("events", f"no handshake within {self._wire.deadline:g} s") from None
        except (OSError, EOFError) as error:
            raise ServiceUnavailable("events", lost(error, self._address)) from error
        except ProxyError as error:
            raise ServiceUnavailable("events", f"the proxy does not let us through: {error}") from error
        except (InvalidHandshake, WebSocketException) as error:
            if isinstance(error.__cause__, (OSError, EOFError)):
                raise ServiceUnavailable("events", lost(error.__cause__, self._address)) from error
            raise GoldenPathError(f"its handshake is none: {error}", where="events") from error


def over(route: Route, address: str) -> dict[str, Any]:
    """What ``websockets`` is told of the way to a gateway: whom to believe, and the proxy.

    Raises:
        OSError: The route must not lead there, or its certificates cannot be read.
    """
    if (host := elsewhere(address)) and not route.anywhere:
        raise ConnectionRefusedError(f"{host} is not on this machine: it counts only with a profile, by --profile NAME")
    trust = route.trust() if address.startswith("wss:") else None
    return {"proxy": route.proxy or None} | ({"ssl": trust} if trust is not None else {})
