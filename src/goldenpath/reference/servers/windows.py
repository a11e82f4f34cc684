"""A window over a WebSocket: everything that its connection receives, in order, and the questions of its user."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any, Final

from fastapi import WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect
from websockets.frames import CloseCode

from goldenpath.domain.errors import GoldenPathError, Invalid, NotSeen
from goldenpath.ports.events import ENDINGS, Closed, Connection, Event
from goldenpath.reference.event_log import to_json
from goldenpath.reference.gateway import Gateway
from goldenpath.reference.servers import errors
from goldenpath.reference.servers.log import LOGGER
from goldenpath.reference.servers.wire import StartAgent

AHEAD: Final = 1000
"""Events that may wait for a client that reads slowly; one more, and its window is closed. It can come back."""

_LOOK: Final = 3600.0
_GOODBYE: Final = 2.0

_UNSAYABLE: Final = frozenset({CloseCode.NO_STATUS_RCVD, CloseCode.ABNORMAL_CLOSURE, CloseCode.TLS_HANDSHAKE})
"""Codes that no close frame may have (RFC 6455, 7.4.1)."""


async def forward(websocket: WebSocket, connection: Connection, subprotocol: str | None, gateway: Gateway) -> None:
    """Serve a window that may come in until either side ends it."""
    window = ServedWindow(websocket, connection)
    try:
        await websocket.accept(subprotocol)
        await window.serve()
    except (WebSocketDisconnect, OSError):
        pass  # the client is gone, with or without a goodbye
    finally:
        await connection.close()
        while gateway.failures:
            LOGGER.error("a connection broke", exc_info=gateway.failures.pop())


class ServedWindow:
    """One window: a task that sends, one that listens to the client, one that waits for the end. See ``Watcher``."""

    def __init__(self, websocket: WebSocket, connection: Connection) -> None:
        self._websocket = websocket
        self._connection = connection
        self._waiting: asyncio.Queue[Event] = asyncio.Queue(AHEAD)
        self._sending = asyncio.Lock()

    def event(self, event: Event) -> None:
        """An event arrived."""
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            self._connection.ended(CloseCode.TRY_AGAIN_LATER, "the client reads too slowly")
        if event.type in ENDINGS:
            # The window lives long: what is over is not kept.
            self._connection.forget(event.run_id)

    def operation(self, name: str, **payload: object) -> None:
        """The client did something; it is known here."""

    async def serve(self) -> None:
        """Send and listen until the connection ends or the client leaves."""
        self._connection.watch(self)
        sender = asyncio.create_task(self._send(), name="window: send")
        listener = asyncio.create_task(self._listen(), name="window: listen")
        end = asyncio.create_task(self._end(), name="window: end")
        tasks = {sender, listener, end}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if end.done() and not listener.done():
                await self._finish(sender, end.result())
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def _finish(self, sender: asyncio.Task[None], closed: Closed) -> None:
        """Send what was received before the end, then say how it ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE):
                if closed.code != CloseCode.TRY_AGAIN_LATER:
                    await self._waiting.join()
                sender.cancel()
                code = CloseCode.INTERNAL_ERROR if closed.code in _UNSAYABLE else closed.code
                await self._websocket.close(code, closed.reason)

    async def _send(self) -> None:
        while True:
            event = await self._waiting.get()
            await self._say(to_json(event))
            self._waiting.task_done()

    async def _listen(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message["code"])
            await self._say(await self._answer(message.get("text") or ""))

    async def _answer(self, text: str) -> str:
        """What a message of the client's is answered with."""
        said = _opened(text)
        request_id = said.get("request_id")
        try:
            asked = _read(said)
            started = await self._connection.ask(asked.prompt, asked.thread_id)
        except Exception as error:  # noqa: BLE001 - a question that breaks is answered, and the window stays
            meant = errors.known(error)
            if meant is None:
                LOGGER.exception("a question broke")
            return json.dumps({"type": "error", "request_id": request_id, **_told(meant)})
        accepted = {"run_id": started.run_id, "thread_id": started.thread_id}
        return json.dumps({"type": "run_accepted", "request_id": request_id, **accepted})

    async def _say(self, text: str) -> None:
        async with self._sending:
            await self._websocket.send_text(text)

    async def _end(self) -> Closed:
        while True:
            with contextlib.suppress(NotSeen):
                return await self._connection.closed(_LOOK)


def _opened(text: str) -> dict[str, Any]:
    """A message as it was meant to be; nothing, where it is no object of JSON."""
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _read(said: dict[str, Any]) -> StartAgent:
    """The question in a message.

    Raises:
        Invalid: It is none.
    """
    try:
        return StartAgent.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", code="ill_formed") from None


def _told(error: GoldenPathError | None) -> dict[str, object]:
    if error is None:
        return {"status": errors.INTERNAL, "error": {"code": "internal", "message": "Something unforeseen happened."}}
    return {"status": errors.status_of(error), "error": errors.detail(error)}
