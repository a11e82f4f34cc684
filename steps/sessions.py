"""Staying signed in, carrying on after a break, several devices, and signing out."""

from __future__ import annotations

from datetime import timedelta

from goldenpath.bdd import given, parameter_type, then, when
from goldenpath.domain.errors import NotFound, NotSignedIn, Refused
from goldenpath.ports.auth import AuthPort, Grant
from goldenpath.ports.clock import Clock
from goldenpath.steps.forgery import FORGERIES
from goldenpath.steps.people import BROWSER, People, Person
from goldenpath.steps.words import FRESH

parameter_type("forgery", "|".join(FORGERIES), str)

A_MOMENT = timedelta(seconds=5)
A_MINUTE = timedelta(minutes=1)


async def _carries_on(person: Person, people: People, auth: AuthPort, grant: Grant, device: str) -> None:
    assert grant.refresh_token, f"{person.name} was to be able to carry on, but got no pass for it"
    new = await person.tries(auth.refresh(grant.refresh_token))
    if new is not None:
        await people.keep(person, new, device)


async def _signs_out(person: Person, auth: AuthPort, device: str) -> None:
    await auth.logout(person.token(device))


async def must_sign_in_again(person: Person, auth: AuthPort, device: str | None = None) -> None:
    """Assert that what the person holds is good for nothing."""
    if person.refusal is not None:
        assert isinstance(person.refusal, NotSignedIn), (
            f"{person.name} was to be asked to sign in, but {person.was_told()}"
        )
    else:
        assert person.grants, f"{person.name} was to be asked to sign in, but nothing was refused"
    if person.grants:
        assert not await _let_in(person, auth, device), f"{person.name} was to be signed out, but is let in"


async def _let_in(person: Person, auth: AuthPort, device: str | None = None) -> bool:
    """Whether what the person holds opens any account, the person's own or not."""
    try:
        await auth.me(person.token(device))
    except NotSignedIn:
        return False
    return True


async def is_signed_in(person: Person, auth: AuthPort, device: str | None = None) -> bool:
    """Whether the person's sign-in is good now, and is the person's."""
    try:
        user = await auth.me(person.token(device))
    except NotSignedIn:
        return False
    return user.id == person.id


@given("{person} has a copy of {person}'s sign-in")
async def _(thief: str, victim: str, people: People) -> None:
    owner = await people.signed_in(victim)
    (await people.called(thief)).grants[BROWSER] = owner.grants[owner.device]


@when("{person} carries on", needs=("auth.rotation",))
async def _(name: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    await _carries_on(person, people, auth, person.grants[person.device], person.device)


@when("{person} carries on using the {device}", needs=("auth.rotation",))
async def _(name: str, device: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    await _carries_on(person, people, auth, person.grants[device], device)


@when("{person} carries on with the copy", needs=("auth.rotation",))
async def _(name: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    await _carries_on(person, people, auth, person.grants[BROWSER], BROWSER)


@when("{person} carries on twice from the same point on the {device}", needs=("auth.rotation",))
async def _(name: str, device: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    point = person.grants[device]
    await _carries_on(person, people, auth, point, device)
    await _carries_on(person, people, auth, point, device)


@when("{person} comes with {forgery}")
async def _(name: str, what: str, people: People, auth: AuthPort) -> None:
    thief, victim = await people.called(name), await people.signed_in("Ada")
    forged = FORGERIES[what](victim.grants[victim.device])
    thief.grants[BROWSER] = Grant(forged, None, "Bearer", 0, None)
    await thief.tries(auth.me(forged))


@when("{person} signs out")
async def _(name: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    await _signs_out(person, auth, person.device)


@when("{person} signs out on the {device}", needs=("auth.sessions",))
async def _(name: str, device: str, people: People, auth: AuthPort) -> None:
    await _signs_out(await people.called(name), auth, device)


@when("{person} signs out and signs in again")
async def _(name: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    await _signs_out(person, auth, person.device)
    await people.sign_in(person)


@when("{person} ends the sign-in on the {device} from the {device}", needs=(*FRESH, "auth.sessions"))
async def _(name: str, ended: str, place: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    session = next(s for s in await auth.sessions(person.token(place)) if s.device == ended)
    await auth.end_session(person.token(place), session.id)


@when("{person} tries to end {person}'s sign-in on the {device}", needs=("auth.sessions",))
async def _(name: str, other: str, device: str, people: People, auth: AuthPort) -> None:
    person, owner = await people.called(name), await people.called(other)
    await person.tries(auth.end_session(person.token(), owner.session_ids[device]))


@then("{person} is still signed in")
async def _(name: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    assert await is_signed_in(person, auth), f"{name} was to be signed in still, but has to sign in again"


@then("{person} is still signed in on the {device}", needs=("auth.sessions",))
async def _(name: str, device: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    assert await is_signed_in(person, auth, device), (
        f"{name} was to be signed in still on the {device}, but has to sign in again"
    )


@then("{person} is asked to sign in")
async def _(name: str, people: People, auth: AuthPort) -> None:
    await must_sign_in_again(await people.called(name), auth)


@then("{person} is asked to sign in on the {device}", needs=("auth.sessions",))
async def _(name: str, device: str, people: People, auth: AuthPort) -> None:
    await must_sign_in_again(await people.called(name), auth, device)


@then("{person} can no longer carry on", needs=("auth.rotation",))
async def _(name: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    refresh_token = person.grants[person.device].refresh_token
    assert refresh_token, f"{name} was to have had a pass for carrying on"
    try:
        await auth.refresh(refresh_token)
    except NotSignedIn:
        return
    raise AssertionError(f"{name} was to be unable to carry on, but carried on")


@then("{person}'s sign-in rests after as long as {person} was told", needs=("auth.clock",))
async def _(name: str, _told: str, people: People, auth: AuthPort, clock: Clock) -> None:
    person = await people.called(name)
    told = timedelta(seconds=person.grants[person.device].expires_in)
    await clock.advance(told - A_MOMENT)
    assert await is_signed_in(person, auth), f"{name} was told {told}, but had to sign in again before that"
    await clock.advance(2 * A_MOMENT)
    assert not await _let_in(person, auth), f"{name} was told {told}, but is let in after that"


@then("{person}'s sign-ins are: {names}", needs=(*FRESH, "auth.sessions"))
async def _(name: str, devices: list[str], people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    (there, *_others) = [device for device in person.grants if await is_signed_in(person, auth, device)]
    sessions = await auth.sessions(person.token(there))
    assert [s.device for s in sessions] == devices, (
        f"{name} was to be signed in on {devices}, but is on {[s.device for s in sessions]}"
    )
    assert [s.device for s in sessions if s.current] == [there], f"{name} asked from the {there}"


@then(
    "{person} sees that the {device} was used just now, and the {device} {duration} ago",
    needs=(*FRESH, "auth.sessions"),
)
async def _(name: str, now: str, before: str, ago: timedelta, people: People, auth: AuthPort, clock: Clock) -> None:
    person = await people.called(name)
    sessions = {session.device: session for session in await auth.sessions(person.token(now))}
    for device, expected in ((now, timedelta()), (before, ago)):
        since = clock.now() - sessions[device].last_used_at
        assert abs(since - expected) < A_MINUTE, (
            f"{name} was to see that the {device} was used {expected} ago, not {since}"
        )


@then("{person} is told that there is no such sign-in")
async def _(name: str, people: People) -> None:
    must_be_told(await people.called(name), NotFound, "that there is no such sign-in")


def must_be_told(person: Person, refusal: type[Refused], what: str) -> None:
    """Assert what the person was told at the last try."""
    assert isinstance(person.refusal, refusal), f"{person.name} was to be told {what}, but {person.was_told()}"
