"""Windows on a mapped gateway: what all wires share. A task reads each, and ends with the scenario at the latest."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any

from websockets.frames import CloseCode

from goldenpath.domain.errors import Conflict, NotSignedIn, ServiceUnavailable
from goldenpath.ports.agents import Started
from goldenpath.ports.events import SESSION_ENDED, Connection
from goldenpath.wire.events.errors import unreadable
from goldenpath.wire.events.reading import Memory, Reading
from goldenpath.wire.events.settings import Gateway


class Feed(ABC):
    """Feeds a ``Connection`` with what arrives, until either side ends it. See ``Wire``.

    Args:
        mapping: What is said of the gateway.
        memory: What all connections of the scenario share.
        token: Whose connection it is.
    """

    def __init__(self, mapping: Gateway, memory: Memory, token: str) -> None:
        self.connection = Connection(self)
        self.mapping = mapping
        self.memory = memory
        self.token = token
        self.reading = Reading(mapping, memory, token)
        self._reader: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Begin to read."""
        self._reader = asyncio.create_task(self._guarded(), name="a window on the gateway")

    @abstractmethod
    async def read(self) -> None:
        """Read until the other side ends it, and say so to the connection. Cancelled when the window is closed."""

    @abstractmethod
    async def leave(self, *, politely: bool) -> None:
        """Let go of the line, with or without a goodbye."""

    async def ask(self, prompt: str, thread_id: str | None) -> Started:
        """See ``Wire``: asked through the assistant's own port.

        Raises:
            Conflict: The connection has ended.
        """
        self.must_be_open()
        return await self.memory.asked.start(self.token, prompt, thread_id)

    async def close(self) -> None:
        """See ``Wire``."""
        if self.connection.is_open:
            self.connection.ended(CloseCode.NORMAL_CLOSURE, "goodbye")
        await self.leave(politely=True)
        await self.stop()

    async def drop(self) -> None:
        """See ``Wire``."""
        self.connection.ended(CloseCode.ABNORMAL_CLOSURE, "the line was cut")
        await self.leave(politely=False)
        await self.stop()

    async def end(self) -> Exception | None:
        """End it with the scenario; gives what it broke on, if that is not known yet."""
        self.connection.ended(CloseCode.GOING_AWAY, "the scenario is over")
        await self.leave(politely=False)
        await self.stop()
        error = self.connection.untold
        return None if isinstance(error, ServiceUnavailable) else error

    async def stop(self) -> None:
        """End the task that reads."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait({self._reader})

    def must_be_open(self) -> None:
        """Let nothing be asked over what has ended.

        Raises:
            Conflict: It has.
            GoldenPathError: It broke, and nobody was told on what.
        """
        if not self.connection.is_open:
            raise self.connection.untold or Conflict("the connection is closed", code="closed")

    async def heard(self, message: Any, run_id: str | None = None) -> None:
        """A message came: an event is delivered.

        Raises:
            GoldenPathError: It cannot be read.
        """
        event = await self.reading.event(message, run_id)
        if event is not None:
            self.connection.deliver(event)

    def over(self, word: str, reason: str) -> None:
        """The other side ended it, which means what a word of the settings says."""
        if word == "lost":
            self.connection.lost(reason)
        elif word == "session_ended":
            self.connection.ended(SESSION_ENDED, reason)
        else:
            self.connection.ended(CloseCode.NORMAL_CLOSURE, reason)

    async def _guarded(self) -> None:
        try:
            await self.read()
        except ServiceUnavailable as error:
            self.connection.lost(error.reason)
        except NotSignedIn as error:
            self.connection.ended(SESSION_ENDED, error.message)
        except Exception as error:  # noqa: BLE001  # who waits is told of it, whatever it is
            self.connection.broke(error, CloseCode.PROTOCOL_ERROR, "a message cannot be read")
        finally:
            with suppress(Exception):
                await self.leave(politely=False)


def decoded(text: str | bytes, key: str) -> Any:
    """A message of JSON.

    Args:
        text: What came.
        key: The setting to look at where it is none.

    Raises:
        GoldenPathError: It is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise unreadable(f"it is no JSON ({type(error).__name__})", text, key) from None
