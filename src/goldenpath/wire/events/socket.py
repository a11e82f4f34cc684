"""A mapped gateway over WebSockets: how it is opened, what is asked over it, and what its closing means."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, ProxyError, WebSocketException
from websockets.frames import CloseCode
from websockets.typing import Subprotocol

from goldenpath.domain.errors import Conflict, GoldenPathError, ServiceUnavailable
from goldenpath.domain.route import Route
from goldenpath.ports.agents import Started
from goldenpath.reference.clients.events import over
from goldenpath.reference.clients.failures import failure
from goldenpath.reference.clients.http import DEADLINE, lost
from goldenpath.wire.events import addresses
from goldenpath.wire.events.errors import refusal, shown, unreadable
from goldenpath.wire.events.feed import Feed, decoded
from goldenpath.wire.events.reading import Memory
from goldenpath.wire.events.settings import Answer, Ask, Gateway, Refusal
from goldenpath.wire.templates import filled

_AHEAD: Final = 64
"""Messages that wait to be read before the gateway is made to wait."""

_GOODBYE: Final = 2.0
"""Seconds for the other side to answer a goodbye."""

_LOST: Final = frozenset(
    {
        CloseCode.ABNORMAL_CLOSURE,
        CloseCode.GOING_AWAY,
        CloseCode.INTERNAL_ERROR,
        CloseCode.SERVICE_RESTART,
        CloseCode.TRY_AGAIN_LATER,
    }
)
"""Endings after which a question was lost, and not refused."""

_TURNED_AWAY: Final = frozenset({CloseCode.POLICY_VIOLATION, 3000, 4401})
"""Close codes that say, before a welcome, that nobody may come in: RFC 6455, 7.4.1; IANA's registry; a common habit."""

Waiting = asyncio.Future[Started | GoldenPathError]


class SocketFeed(Feed):
    """One WebSocket of a mapped gateway.

    Args:
        mapping: What is said of the gateway.
        memory: What all connections of the scenario share.
        token: Whose connection it is.
        route: How the gateway is reached.
        deadline: Seconds in which a handshake, a welcome or an answer must come.
    """

    def __init__(self, mapping: Gateway, memory: Memory, token: str, route: Route, deadline: float = DEADLINE) -> None:
        super().__init__(mapping, memory, token)
        self._route = route
        self._deadline = deadline
        self._line: ClientConnection | None = None
        self._asked: dict[str, Waiting] = {}

    async def open(self, url: str, values: addresses.Values) -> None:
        """Open it and begin to read.

        Args:
            url: Where the gateway is.
            values: What the templates of the settings stand for.

        Raises:
            Refused: The gateway says no.
            ServiceUnavailable: It cannot be reached, or does not answer in time.
            GoldenPathError: What is there does not speak WebSocket.
        """
        opening = self.mapping.socket
        self._line = await self._shake_hands(url, values)
        try:
            async with asyncio.timeout(self._deadline):
                greeting = [*opening.first, *(opening.resume if values.get("run_id") is not None else ())]
                for message in filled(greeting, values.get):
                    await self._line.send(message if isinstance(message, str) else json.dumps(message))
                if opening.welcome is not None:
                    await self._welcome(self._line)
        except TimeoutError:
            self._line.transport.abort()
            raise ServiceUnavailable("events", f"no welcome within {self._deadline:g} s") from None
        except ConnectionClosed:
            raise self._turned_away() from None
        except BaseException:
            self._line.transport.abort()
            raise
        self.begin()

    async def ask(self, prompt: str, thread_id: str | None) -> Started:
        """See ``Wire``: asked over the socket, where the settings say how.

        Raises:
            Refused: The gateway says no; ``Conflict`` when the connection has ended.
            ServiceUnavailable: The line was lost, or there was no answer in time.
        """
        ask = self.mapping.ask
        if ask is None or self._line is None:
            return await super().ask(prompt, thread_id)
        self.must_be_open()
        request_id = uuid.uuid4().hex
        answer: Waiting = asyncio.get_running_loop().create_future()
        self._asked[request_id] = answer
        values = {"request_id": request_id, "prompt": prompt, "thread_id": thread_id, "access_token": self.token}
        try:
            async with asyncio.timeout(self._deadline):
                await self._line.send(json.dumps(filled(ask.message, values.get)))
                said = await answer
        except ConnectionClosed:
            await self._stopped()
            raise self._ended() from None
        except TimeoutError:
            wanted = ask.answer.match.text
            reason = f"no answer to a question within {self._deadline:g} s: no message matched {wanted!r}"
            raise ServiceUnavailable("events", reason, try_next="see [services.events.ask] answer.match") from None
        finally:
            self._asked.pop(request_id, None)
        if isinstance(said, GoldenPathError):
            raise said
        self.memory.asked.began(self.token, said)
        return said

    async def read(self) -> None:
        """See ``Feed``."""
        line = self._line
        if line is None:
            return
        try:
            async for text in line:
                await self._message(decoded(text, "envelope"))
            self._closed(line)
        except ConnectionClosed:
            self._closed(line)
        finally:
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_result(self._ended())

    async def leave(self, *, politely: bool) -> None:
        """See ``Feed``."""
        if self._line is None:
            return
        if politely:
            await self._line.close(CloseCode.NORMAL_CLOSURE, "goodbye")
        self._line.transport.abort()
        await self._line.wait_closed()

    async def _message(self, message: Any) -> None:
        """One message: the answer to a question, an event, or both."""
        ask = self.mapping.ask
        if ask is not None and self._asked:
            if ask.answer.match.of(message):
                self._settle(ask.answer, message, _started(ask.answer, message))
                if self.mapping.types.get(str(self.mapping.envelope.type.of(message))) is None:
                    return
            elif ask.refusal is not None and ask.refusal.match.of(message):
                self._settle(ask.refusal, message, _refused(ask.refusal, message))
                return
        elif ask is not None and _is_answer(ask, message):
            return  # to a question that nobody waits for any more
        await self.heard(message)

    def _settle(self, mapped: Answer | Refusal, message: Any, said: Started | GoldenPathError) -> None:
        """Give an answer to who waits for it: by its request, else to who has waited longest."""
        waiting = (each for each in self._asked.values() if not each.done())
        if mapped.request_id is not None:
            answer = self._asked.get(str(mapped.request_id.of(message)))
        else:
            answer = next(waiting, None)
        if answer is not None and not answer.done():
            answer.set_result(said)

    async def _welcome(self, line: ClientConnection) -> None:
        """Wait for the message that says that the socket is open; what comes before it is no event.

        Raises:
            Refused: A message says that it is not.
            ConnectionClosed: It was closed instead.
        """
        opening = self.mapping.socket
        while True:
            message = decoded(await line.recv(), "socket.welcome")
            if opening.refused is not None and (code := opening.refused.of(message)):
                word = opening.errors.get(str(code), "not_signed_in")
                raise refusal(word, f"the gateway refused: {shown(message)}", str(code))
            if opening.welcome is not None and opening.welcome.of(message):
                return
            self.memory.once("welcome", f"a message came before the welcome and is left aside: {shown(message)}")

    def _closed(self, line: ClientConnection) -> None:
        """The line has ended: say what that means."""
        code, reason = line.close_code, line.close_reason or ""
        if line.protocol.close_sent is not None and line.protocol.close_rcvd_then_sent is not True:
            sent = line.protocol.close_sent.code
            if sent == CloseCode.MESSAGE_TOO_BIG and self.connection.is_open:
                largest = self.mapping.socket.largest
                raise unreadable(f"it has more than {largest} bytes", "more than is shown here", "socket.largest")
            if sent in {CloseCode.PROTOCOL_ERROR, CloseCode.INVALID_DATA} and self.connection.is_open:
                raise unreadable(f"it breaks the rules of WebSocket: {line.protocol.close_sent.reason}", "", "socket")
        word = self.mapping.socket.closes.get(str(code))
        if word is not None:
            self.over(word, reason)
        elif code is not None and code != CloseCode.ABNORMAL_CLOSURE:
            self.connection.ended(code, reason)
        else:
            self.connection.lost("the line was lost, without a goodbye")

    def _ended(self) -> GoldenPathError:
        """What a question comes to on a connection that has ended."""
        if isinstance(broken := self.connection.untold, GoldenPathError):
            return broken
        code = self._line.close_code if self._line is not None else None
        if self.mapping.socket.closes.get(str(code)) == "lost" or code in _LOST:
            return ServiceUnavailable("events", f"the connection has ended: {code}")
        return Conflict("the connection is closed", code="closed")

    async def _stopped(self) -> None:
        """Wait until the reader knows how the line ended."""
        if self._reader is not None:
            await asyncio.wait({self._reader}, timeout=self._deadline)

    def _turned_away(self) -> GoldenPathError:
        """What it means that a line was closed before the welcome."""
        code = self._line.close_code if self._line is not None else None
        reason = (self._line.close_reason if self._line is not None else "") or f"closed with {code}"
        opening = self.mapping.socket
        word = opening.errors.get(str(code))
        if word is None and (opening.closes.get(str(code)) == "session_ended" or code in _TURNED_AWAY):
            word = "not_signed_in"
        if word is not None:
            return refusal(word, reason, str(code))
        if code is None or code in _LOST:
            return ServiceUnavailable("events", f"it ended before the welcome: {reason}")
        said = f"the gateway closed with {code} before the welcome, and nothing says what that means: {reason}"
        example = f'[services.events.socket.errors] {code} = "not_signed_in"'
        return GoldenPathError(said, where="services.events.socket.errors", try_next=example)

    async def _shake_hands(self, url: str, values: addresses.Values) -> ClientConnection:
        opening = self.mapping.socket
        where = addresses.address(url, opening.path, opening.query, values, "ws")
        offered = [Subprotocol(str(each)) for each in filled(list(opening.subprotocols), values.get)]
        sent = {**self._route.headers, **addresses.headers(opening.headers, opening.cookies, values)}
        await self._route.pace.turn()
        try:
            return await connect(
                where,
                additional_headers=sent,
                subprotocols=offered or None,
                **over(self._route, where),
                compression=None,
                open_timeout=self._deadline,
                close_timeout=_GOODBYE,
                # Between steps nobody reads or writes, for as long as a step takes: silence is no loss.
                ping_interval=None,
                max_size=opening.largest,
                max_queue=_AHEAD,
            )
        except InvalidStatus as refused:
            raise self._not_accepted(refused) from None
        except TimeoutError:
            raise ServiceUnavailable("events", f"no handshake within {self._deadline:g} s") from None
        except (OSError, EOFError) as error:
            raise ServiceUnavailable("events", lost(error, where)) from error
        except ProxyError as error:
            raise ServiceUnavailable("events", f"the proxy does not let us through: {error}") from error
        except (InvalidHandshake, WebSocketException) as error:
            if isinstance(error.__cause__, (OSError, EOFError)):
                raise ServiceUnavailable("events", lost(error.__cause__, where)) from error
            raise GoldenPathError(f"its handshake is none: {error}", where="events") from error

    def _not_accepted(self, refused: InvalidStatus) -> GoldenPathError:
        answer = refused.response
        if word := self.mapping.socket.errors.get(str(answer.status_code)):
            return refusal(word, f"the gateway answered {answer.status_code}", str(answer.status_code))
        return failure("events", answer.status_code, bytes(answer.body), answer.headers.get("Retry-After"))


def _is_answer(ask: Ask, message: Any) -> bool:
    return bool(ask.answer.match.of(message) or (ask.refusal is not None and ask.refusal.match.of(message)))


def _started(mapped: Answer, message: Any) -> Started | GoldenPathError:
    run_id = mapped.run_id.of(message)
    thread_id = mapped.thread_id.of(message) if mapped.thread_id is not None else ""
    if run_id is None or thread_id is None:
        lacking = "run_id" if run_id is None else "thread_id"
        return unreadable(f"the answer to a question has no {lacking}", message, f"ask.answer.{lacking}")
    return Started(str(run_id), str(thread_id))


def _refused(mapped: Refusal, message: Any) -> GoldenPathError:
    code = str(mapped.code.of(message)) if mapped.code is not None else ""
    said = mapped.message.of(message) if mapped.message is not None else None
    return refusal(mapped.errors.get(code, "invalid"), str(said or f"the gateway refused: {shown(message)}"), code)
