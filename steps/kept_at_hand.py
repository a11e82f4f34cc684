"""What is kept at hand for a while: sign-ins, passes, the latest look at a conversation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from goldenpath.bdd import then
from goldenpath.domain.errors import NotFound
from goldenpath.ports.cache import CachePort, session_key, thread_key, ticket_key
from goldenpath.ports.database import DatabasePort
from goldenpath.steps.people import People, Person

A_FEW_SECONDS = timedelta(seconds=30)


async def _kept_for(at_hand: CachePort, key: str, what: str, lifetime: timedelta) -> None:
    try:
        seconds = await at_hand.ttl(key)
    except NotFound:
        raise AssertionError(f"{what} was to be kept at hand, but is not") from None
    assert seconds is not None, f"{what} was to be kept at hand for {lifetime}, but is kept for ever"
    left = timedelta(seconds=seconds)
    assert lifetime - A_FEW_SECONDS <= left <= lifetime, f"{what} was to be kept at hand for {lifetime}, but for {left}"


async def _not_kept(at_hand: CachePort, key: str, what: str) -> None:
    value = await at_hand.get(key)
    assert value is None, f"nothing was to be kept at hand of {what}, but something is"
    try:
        left = await at_hand.ttl(key)
    except NotFound:
        return
    raise AssertionError(f"nothing was to be kept at hand of {what}, but it has a time left: {left}")


def _session(person: Person, device: str | None = None) -> str:
    return session_key(person.session_ids[device or person.device])


@then("{person}'s sign-in is kept at hand for {duration}")
async def _(name: str, lifetime: timedelta, people: People, at_hand: CachePort) -> None:
    await _kept_for(at_hand, _session(await people.called(name)), f"{name}'s sign-in", lifetime)


@then("{person}'s sign-in on the {device} is kept at hand for {duration}")
async def _(name: str, device: str, lifetime: timedelta, people: People, at_hand: CachePort) -> None:
    await _kept_for(at_hand, _session(await people.called(name), device), f"{name}'s sign-in", lifetime)


@then("nothing of {person}'s sign-in is kept at hand")
async def _(name: str, people: People, at_hand: CachePort) -> None:
    await _not_kept(at_hand, _session(await people.called(name)), f"{name}'s sign-in")


@then("nothing of {person}'s sign-in on the {device} is kept at hand")
async def _(name: str, device: str, people: People, at_hand: CachePort) -> None:
    await _not_kept(at_hand, _session(await people.called(name), device), f"{name}'s sign-in on the {device}")


@then("the pass is kept at hand for {duration}", needs=("events.tickets",))
async def _(lifetime: timedelta, people: People, at_hand: CachePort) -> None:
    await _kept_for(at_hand, ticket_key(people.window_pass), "the pass", lifetime)


@then("nothing of the pass is kept at hand", needs=("events.tickets",))
async def _(people: People, at_hand: CachePort) -> None:
    await _not_kept(at_hand, ticket_key(people.window_pass), "the pass")


@then("the look that is kept at hand is up to date")
async def _(people: People, at_hand: CachePort, database: DatabasePort) -> None:
    person = people.one
    thread_id = person.question.thread_id
    kept = await at_hand.get(thread_key(thread_id))
    assert kept is not None, f"{person.name}'s look at the conversation was to be kept at hand, but is not"
    words = list(_texts(json.loads(kept)))
    for row in await database.messages(person.id, thread_id):
        assert row.content in words, f"{person.name}'s look that is kept at hand misses {row.content!r}"


def _texts(value: Any) -> Iterator[str]:
    """Every text anywhere in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
