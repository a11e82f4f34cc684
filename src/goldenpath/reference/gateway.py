"""The gateway: ``EventsPort`` over sign-in, assistant, cache, clock and ids."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from websockets.frames import CloseCode

from goldenpath.domain.errors import Conflict, Invalid, NotSignedIn
from goldenpath.ports.agents import AgentsPort, Started
from goldenpath.ports.auth import AuthPort, Claims
from goldenpath.ports.cache import CachePort, ticket_key
from goldenpath.ports.clock import Clock
from goldenpath.ports.events import SESSION_ENDED, Connection, Event, Resume
from goldenpath.reference.event_log import EventLog, events_channel, from_json, session_ended_channel

TICKET_LIFE: Final = 60
"""How long a ticket is good, in seconds."""

_LISTEN: Final = 60.0


class Window:
    """One connection from the gateway's side: whose it is, and the task that feeds it. See ``Wire``."""

    def __init__(self, gateway: Gateway, access_token: str, claims: Claims) -> None:
        self.gateway = gateway
        self.access_token = access_token
        self.user_id = claims.sub
        self.session_id = claims.sid
        self.connection = Connection(self)
        self.replayed: Resume | None = None
        self._listening: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._flowing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def ask(self, prompt: str, thread_id: str | None) -> Started:
        """See ``Wire``.

        Raises:
            Conflict: The connection has ended.
        """
        if not self.connection.is_open:
            raise Conflict("the connection is closed", code="closed")
        return await self.gateway.ask(self, prompt, thread_id)

    async def close(self) -> None:
        """See ``Wire``."""
        await self.end(CloseCode.NORMAL_CLOSURE, "goodbye")

    async def drop(self) -> None:
        """See ``Wire``."""
        await self.end(CloseCode.ABNORMAL_CLOSURE, "the line was cut")

    async def listen(self) -> None:
        """Begin to listen: from now on nothing is missed, and nothing is delivered before ``flow``."""
        self._task = asyncio.create_task(self._pump(), name=f"connection of {self.user_id}")
        self._task.add_done_callback(self._stopped)
        await self._listening

    def flow(self) -> None:
        """Let what was heard so far through, and all that comes."""
        self._flowing.set()

    async def end(self, code: int, reason: str) -> None:
        """End the connection and stop listening."""
        self.connection.ended(code, reason)
        if self in self.gateway.windows:
            self.gateway.windows.remove(self)
        task = self._task
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.wait({task})

    async def _pump(self) -> None:
        async with self.gateway.cache.subscribe(*self.gateway.channels(self)) as subscription:
            self._listening.set_result(None)
            await self._flowing.wait()
            while self.connection.is_open:
                text = await subscription.get(_LISTEN)
                if text is not None:
                    await self.gateway.heard(self, text)

    def _stopped(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or not isinstance(error := task.exception(), Exception):
            return
        if not self._listening.done():
            self._listening.set_exception(error)
            return
        self.connection.ended(CloseCode.INTERNAL_ERROR, "the gateway cannot go on")
        self.gateway.failures.append(error)


class Gateway:
    """Connections of all users. See ``EventsPort``. Whoever opened the gateway closes it."""

    def __init__(self, *, auth: AuthPort, agents: AgentsPort, cache: CachePort, clock: Clock) -> None:
        self.auth = auth
        self.agents = agents
        self.cache = cache
        self.clock = clock
        self.log = EventLog(cache)
        self.windows: list[Window] = []
        self.failures: list[Exception] = []

    async def connect(
        self, access_token: str | None = None, *, ticket: str | None = None, resume: Resume | None = None
    ) -> Connection:
        """See ``EventsPort``."""
        token = await self.token(access_token, ticket)
        window = Window(self, token, await self.admit(token))
        try:
            await window.listen()
            # The session may have ended before anybody listened for its end.
            await self.admit(token)
            if resume is not None:
                await self.resume(window, resume)
        except BaseException:
            await window.end(CloseCode.ABNORMAL_CLOSURE, "the connection was refused")
            raise
        self.windows.append(window)
        window.flow()
        return window.connection

    async def ticket(self, access_token: str) -> str:
        """See ``EventsPort``."""
        await self.admit(access_token)
        ticket = secrets.token_urlsafe(32)
        good_until = self.clock.now() + timedelta(seconds=TICKET_LIFE)
        value = {"access_token": access_token, "good_until": good_until.isoformat()}
        await self.keep(ticket, json.dumps(value))
        return ticket

    async def close(self) -> None:
        """End every connection.

        Raises:
            Exception: What a connection broke on.
        """
        for window in list(self.windows):
            await window.end(CloseCode.GOING_AWAY, "the gateway ends")
        failures, self.failures = self.failures, []
        if len(failures) == 1:
            raise failures[0]
        if failures:
            raise ExceptionGroup("several connections broke", failures)

    async def token(self, access_token: str | None, ticket: str | None) -> str:
        """The access token that is offered, in person or by ticket.

        Raises:
            NotSignedIn: Neither is there, or the ticket is not good.
        """
        if ticket is not None:
            return await self.redeem(ticket)
        if not access_token:
            raise NotSignedIn("neither token nor ticket", code="no_token")
        return access_token

    async def admit(self, token: str) -> Claims:
        """Who may come in with a token.

        Raises:
            NotSignedIn: Nobody.
        """
        return await self.auth.validate(token)

    async def keep(self, ticket: str, value: str) -> None:
        """Keep a ticket until it is used or its time is over."""
        await self.cache.set(ticket_key(ticket), value, TICKET_LIFE)

    async def take(self, ticket: str) -> str | None:
        """What was kept of a ticket; it is used up by this."""
        return await self.cache.take(ticket_key(ticket))

    async def redeem(self, ticket: str) -> str:
        """The access token that a ticket was given for.

        Raises:
            NotSignedIn: The ticket is unknown, used or too old.
        """
        text = await self.take(ticket)
        kept = json.loads(text) if text else None
        if kept is None or self.clock.now() >= datetime.fromisoformat(kept["good_until"]):
            raise NotSignedIn("the ticket is not good", code="ticket")
        return str(kept["access_token"])

    def channels(self, window: Window) -> tuple[str, ...]:
        """What a connection listens to: this user's events, and the end of its session."""
        events = events_channel(window.user_id)
        return (events,) if window.session_id is None else (events, session_ended_channel(window.session_id))

    async def ask(self, window: Window, prompt: str, thread_id: str | None) -> Started:
        """Ask in the name of whose connection it is."""
        return await self.agents.start(window.access_token, prompt, thread_id)

    async def resume(self, window: Window, resume: Resume) -> None:
        """Deliver what was missed of a run.

        Raises:
            NotFound: There is no such run, or it is another's.
            Invalid: ``last_seq`` is below zero.
        """
        if resume.last_seq < 0:
            raise Invalid("a client has seen no event or more", code="last_seq")
        await self.may_resume(window, resume)
        last = resume.last_seq
        for event in await self.missed(window, resume):
            self.deliver(window, event)
            last = event.seq
        window.replayed = Resume(resume.run_id, last)

    async def may_resume(self, window: Window, resume: Resume) -> None:
        """Let a client come back to its user's own runs only.

        Raises:
            NotFound: As for ``resume``.
        """
        await self.agents.run(window.access_token, resume.run_id)

    async def missed(self, window: Window, resume: Resume) -> Sequence[Event]:
        """What was told of a run while the client was away."""
        return [event async for event in self.log.after(resume.run_id, resume.last_seq)]

    async def heard(self, window: Window, text: str) -> None:
        """Something came over a channel of the connection."""
        message = json.loads(text) if text.startswith("{") else None
        if isinstance(message, dict) and "event_id" in message:
            self.received(window, from_json(text))
        else:
            await self.session_ended(window)

    def received(self, window: Window, event: Event) -> None:
        """An event came: deliver it, unless it was replayed."""
        replayed = window.replayed
        if replayed is None or event.run_id != replayed.run_id or event.seq > replayed.last_seq:
            self.deliver(window, event)

    def deliver(self, window: Window, event: Event) -> None:
        """Give an event to a client."""
        window.connection.deliver(event)

    async def session_ended(self, window: Window) -> None:
        """The session of a connection has ended, and the connection with it."""
        await window.end(SESSION_ENDED, "the session has ended")
