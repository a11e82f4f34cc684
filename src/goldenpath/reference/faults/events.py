"""Promises of the gateway that can be broken."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from goldenpath.domain.errors import NotSignedIn
from goldenpath.ports.auth import Claims
from goldenpath.ports.cache import ticket_key
from goldenpath.ports.events import STARTED, THINKING, Event, Resume
from goldenpath.reference.faults import fault


def _said_by(token: str) -> Claims:
    """What a token says of itself, believed without looking at its signature."""
    try:
        payload = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        said = {}
    return Claims("", "", str(said.get("sub", token)), 0, 0, "", said.get("sid"), None, (), "access")


# Coming in


@fault("forged-sign-in-may-watch", "events", "Who has a forged or expired sign-in may watch")
def _(gateway: Any) -> None:
    admit = gateway.admit

    async def broken(token: str) -> Claims:
        try:
            return await admit(token)  # type: ignore[no-any-return]
        except NotSignedIn:
            return _said_by(token)

    gateway.admit = broken


@fault("ended-session-may-watch", "events", "Whoever has signed out may still open a window")
def _(gateway: Any) -> None:
    admit = gateway.admit
    known: dict[str, Claims] = {}

    async def broken(token: str) -> Claims:
        if token not in known:
            known[token] = await admit(token)
        return known[token]

    gateway.admit = broken


@fault("pass-works-twice", "events", "A pass opens a second window")
def _(gateway: Any) -> None:
    async def take(ticket: str) -> str | None:
        return await gateway.cache.get(ticket_key(ticket))  # type: ignore[no-any-return]

    gateway.take = take


@fault("pass-never-expires", "events", "A pass is good for longer than a minute")
def _(gateway: Any) -> None:
    async def keep(ticket: str, value: str) -> None:
        for_ever = {**json.loads(value), "good_until": "9999-01-01T00:00:00+00:00"}
        await gateway.cache.set(ticket_key(ticket), json.dumps(for_ever))

    gateway.keep = keep


@fault("pass-opens-somebody-elses-window", "events", "A pass opens a window on another customer's work")
def _(gateway: Any) -> None:
    admit, redeem = gateway.admit, gateway.redeem
    seen: dict[str, str] = {}

    async def meet(token: str) -> Claims:
        claims: Claims = await admit(token)
        seen[claims.sub] = token
        return claims

    async def broken(ticket: str) -> str:
        token = str(await redeem(ticket))
        others = [other for other in seen.values() if other != token]
        return others[-1] if others else token

    gateway.admit, gateway.redeem = meet, broken


# The end of a session


@fault("windows-survive-the-session", "events", "A window stays open after its sign-in has ended")
def _(gateway: Any) -> None:
    async def session_ended(window: Any) -> None:
        """Nothing happens."""

    gateway.session_ended = session_ended


@fault("session-end-closes-every-window", "events", "Signing out on one device closes the windows on the others")
def _(gateway: Any) -> None:
    session_ended = gateway.session_ended

    async def broken(window: Any) -> None:
        for other in [other for other in gateway.windows if other.user_id == window.user_id]:
            await session_ended(other)

    gateway.session_ended = broken


@fault("session-end-looks-like-a-goodbye", "events", "A window that closes does not say that the sign-in has ended")
def _(gateway: Any) -> None:
    async def session_ended(window: Any) -> None:
        await window.close()

    gateway.session_ended = session_ended


# Coming back


def _miss(gateway: Any, change: Callable[[list[Event], Resume], Sequence[Event]]) -> None:
    """Replay something else: ``change`` is given all that was told of the run so far."""
    missed = gateway.missed

    async def broken(window: Any, resume: Resume) -> Sequence[Event]:
        return change(list(await missed(window, replace(resume, last_seq=0))), resume)

    gateway.missed = broken


@fault("coming-back-repeats-a-step", "events", "Who comes back sees the last step again")
def _(gateway: Any) -> None:
    _miss(gateway, lambda told, resume: [event for event in told if event.seq >= resume.last_seq])


@fault("coming-back-loses-a-step", "events", "Who comes back misses a step")
def _(gateway: Any) -> None:
    async def broken(window: Any, resume: Resume) -> None:
        await gateway.may_resume(window, resume)
        window.replayed = Resume(resume.run_id, resume.last_seq + 1)
        for event in await gateway.missed(window, window.replayed):
            gateway.deliver(window, event)
            window.replayed = Resume(resume.run_id, event.seq)

    gateway.resume = broken


@fault("coming-back-brings-nothing", "events", "What happened while one was away is lost")
def _(gateway: Any) -> None:
    _miss(gateway, lambda told, resume: [])


@fault("coming-back-starts-over", "events", "Who comes back sees the whole work again")
def _(gateway: Any) -> None:
    _miss(gateway, lambda told, resume: told)


@fault("coming-back-brings-another-question", "events", "Who comes back is shown another question's work")
def _(gateway: Any) -> None:
    deliver, missed = gateway.deliver, gateway.missed
    runs: list[str] = []

    def remember(window: Any, event: Event) -> None:
        if event.run_id not in runs:
            runs.append(event.run_id)
        deliver(window, event)

    async def broken(window: Any, resume: Resume) -> Sequence[Event]:
        other = next((run_id for run_id in runs if run_id != resume.run_id), resume.run_id)
        return await missed(window, Resume(other, resume.last_seq))  # type: ignore[no-any-return]

    gateway.deliver, gateway.missed = remember, broken


@fault("anybody-comes-back-to-any-question", "events", "A customer comes back to another customer's question")
def _(gateway: Any) -> None:
    async def may_resume(window: Any, resume: Resume) -> None:
        """Everybody may."""

    gateway.may_resume = may_resume


# What a window shows


def _show(gateway: Any, change: Callable[[Any, Event], Sequence[Event]]) -> None:
    deliver = gateway.deliver

    def broken(window: Any, event: Event) -> None:
        for shown in change(window, event):
            deliver(window, shown)

    gateway.deliver = broken


@fault("second-window-shows-nothing", "events", "Of two windows of one customer only the first shows the work")
def _(gateway: Any) -> None:
    def change(window: Any, event: Event) -> Sequence[Event]:
        first = next((other for other in gateway.windows if other.user_id == window.user_id), window)
        return [event] if first is window else []

    _show(gateway, change)


@fault("windows-show-everybodys-work", "events", "Every window shows the work of all customers")
def _(gateway: Any) -> None:
    deliver = gateway.deliver

    def broken(window: Any, event: Event) -> None:
        for other in gateway.windows:
            if other.user_id != window.user_id:
                deliver(other, event)
        deliver(window, event)

    gateway.deliver = broken


@fault("work-is-shown-to-somebody-else", "events", "A customer's work is shown in another customer's window")
def _(gateway: Any) -> None:
    deliver = gateway.deliver

    def broken(window: Any, event: Event) -> None:
        others = [other for other in gateway.windows if other.user_id != window.user_id]
        deliver(others[0] if others else window, event)

    gateway.deliver = broken


@fault("steps-are-shown-out-of-order", "events", "A window shows a later step before an earlier one")
def _(gateway: Any) -> None:
    held: dict[tuple[Any, str], Event] = {}

    def change(window: Any, event: Event) -> Sequence[Event]:
        if event.type == STARTED:
            held[window, event.run_id] = event
            return []
        first = held.pop((window, event.run_id), None)
        return [event] if first is None else [event, first]

    _show(gateway, change)


@fault("a-step-is-shown-twice", "events", "A window shows one step twice")
def _(gateway: Any) -> None:
    _show(gateway, lambda window, event: [event, event] if event.type == THINKING else [event])


@fault("a-step-is-not-shown", "events", "A window leaves out a step")
def _(gateway: Any) -> None:
    _show(gateway, lambda window, event: [] if event.seq == 2 else [event])


@fault("window-forgets-the-conversation", "events", "A question asked in a window begins a conversation of its own")
def _(gateway: Any) -> None:
    ask = gateway.ask

    async def broken(window: Any, prompt: str, thread_id: str | None) -> Any:
        return await ask(window, prompt, None)

    gateway.ask = broken
