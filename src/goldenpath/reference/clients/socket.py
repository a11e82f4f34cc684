"""One WebSocket from the client's side: a task that reads it, and questions that wait for their answer."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any, Final

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from goldenpath.domain.errors import Conflict, GoldenPathError, ServiceUnavailable
from goldenpath.domain.pace import ANY_PACE, Pace
from goldenpath.ports.agents import Started
from goldenpath.ports.events import Connection
from goldenpath.reference.clients import values
from goldenpath.reference.clients.failures import failure

_ANSWERS: Final = frozenset({"run_accepted", "error"})

_GONE: Final = frozenset(
    {
        CloseCode.ABNORMAL_CLOSURE,
        CloseCode.GOING_AWAY,
        CloseCode.INTERNAL_ERROR,
        CloseCode.SERVICE_RESTART,
        CloseCode.TRY_AGAIN_LATER,
    }
)
"""Endings after which a question was lost, and not refused."""


class Socket:
    """Feeds a ``Connection`` with what arrives, until either side ends it. See ``Wire``.

    Args:
        line: The WebSocket, its handshake done; this ends it.
        deadline: Seconds in which a question must be answered.
        pace: Gives turns to ask.
    """

    def __init__(self, line: ClientConnection, deadline: float, pace: Pace = ANY_PACE) -> None:
        self.connection = Connection(self)
        self._line = line
        self._deadline = deadline
        self._pace = pace
        self._asked: dict[str, asyncio.Future[dict[str, Any] | None]] = {}
        self._broken: Exception | None = None
        self._cut = False
        self._left = False
        self._reader = asyncio.create_task(self._read(), name="a connection to the gateway")

    async def ask(self, prompt: str, thread_id: str | None) -> Started:
        """See ``Wire``.

        Raises:
            Refused: The gateway says no; ``Conflict`` when the connection has ended.
            ServiceUnavailable: The line was lost, or there was no answer in time.
        """
        await self._pace.turn()
        if not self.connection.is_open:
            raise self._ended()
        request_id = uuid.uuid4().hex
        answer = self._asked[request_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._deadline):
                await self._line.send(_question(request_id, prompt, thread_id))
                said = await answer
        except ConnectionClosed:
            # The reader hears of it, too, and says how it ended.
            await asyncio.wait({self._reader})
            raise self._ended() from None
        except TimeoutError:
            raise ServiceUnavailable("events", f"no answer to a question within {self._deadline:g} s") from None
        finally:
            del self._asked[request_id]
        if said is None:
            raise self._ended()
        if said["type"] == "error":
            raise failure("events", int(said["status"]), json.dumps(said).encode(), _retry_after(said))
        return values.started(said)

    async def close(self) -> None:
        """See ``Wire``."""
        self._left = True
        await self._line.close(CloseCode.NORMAL_CLOSURE, "goodbye")
        await asyncio.wait({self._reader})

    async def drop(self) -> None:
        """See ``Wire``."""
        self._cut = True
        self.connection.ended(CloseCode.ABNORMAL_CLOSURE, "the line was cut")
        self._line.transport.abort()
        await asyncio.wait({self._reader})

    async def end(self) -> Exception | None:
        """End the connection and the task that reads it; gives what it broke on."""
        self.connection.ended(CloseCode.GOING_AWAY, "the scenario is over")
        self._reader.cancel()
        self._line.transport.abort()
        await asyncio.wait({self._reader})
        await self._line.wait_closed()
        return self._broken

    async def _read(self) -> None:
        try:
            async for text in self._line:
                self._heard(json.loads(text))
        except ConnectionClosed:
            pass  # without a goodbye; who ends with one ends the loop
        except (ValueError, KeyError, TypeError, GoldenPathError) as error:
            self._broken = GoldenPathError(f"a message cannot be read: {type(error).__name__}: {error}", where="events")
            self._broken.__cause__ = error
            self._line.transport.abort()
            self.connection.ended(CloseCode.PROTOCOL_ERROR, "a message cannot be read")
        finally:
            self._over()

    def _over(self) -> None:
        """The line has ended: say how, and let nobody wait for an answer."""
        code, reason = self._line.close_code, self._line.close_reason or ""
        if code is not None and code != CloseCode.ABNORMAL_CLOSURE:
            self.connection.ended(code, reason)
        elif self._left:  # the other side did not answer our goodbye
            self.connection.ended(CloseCode.NORMAL_CLOSURE, "goodbye")
        else:
            self.connection.lost("the line was lost, without a goodbye")
        for answer in self._asked.values():
            if not answer.done():
                answer.set_result(None)

    def _ended(self) -> GoldenPathError:
        """What a question comes to on a connection that has ended."""
        code = self._line.close_code
        if code in _GONE and not self._cut:
            return ServiceUnavailable("events", f"the connection has ended: {code}")
        return Conflict("the connection is closed", code="closed")

    def _heard(self, said: dict[str, Any]) -> None:
        """One message: an event, or the answer to a question; other kinds are not for us.

        Raises:
            KeyError, TypeError, ValueError: It is not of the shape that was promised.
        """
        if "event_id" in said:
            self.connection.deliver(values.event(said))
        elif said["type"] in _ANSWERS:
            answer = self._asked.get(str(said.get("request_id")))
            if answer is not None and not answer.done():
                answer.set_result(said)


def _question(request_id: str, prompt: str, thread_id: str | None) -> str:
    said = {"type": "start_agent", "request_id": request_id, "prompt": prompt}
    return json.dumps(said if thread_id is None else said | {"thread_id": thread_id})


def _retry_after(said: dict[str, Any]) -> str | None:
    wait = said["error"].get("retry_after")
    return None if wait is None else str(wait)
