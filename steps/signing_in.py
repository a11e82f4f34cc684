"""Signing in by password, being refused, and what one may do then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from goldenpath.bdd import given, parameter_type, then, when
from goldenpath.domain.errors import AccountLocked, WrongCredentials
from goldenpath.ports.auth import Account, AuthPort
from goldenpath.steps.people import BROWSER, People, Person
from goldenpath.steps.words import FRESH, duration, in_words

GUESSES: dict[str, Callable[[Account], str]] = {
    "nothing": lambda account: "",
    "the password in capitals": lambda account: account.password.swapcase(),
    "the password with a space after it": lambda account: f"{account.password} ",
    "the first half of the password": lambda account: account.password[: len(account.password) // 2],
    "Ada's own email": lambda account: account.email,
}

WRONG = "surely not the password"

parameter_type("guess", "|".join(GUESSES), str)


async def _tries_to_sign_in(person: Person, people: People, auth: AuthPort, email: str, password: str) -> None:
    grant = await person.tries(auth.login(email, password, BROWSER))
    if grant is not None:
        await people.keep(person, grant)


async def _guesses_wrongly(person: Person, auth: AuthPort, times: int) -> None:
    for _attempt in range(times):
        await person.tries(auth.login(person.account.email, WRONG, BROWSER))


@given("{person} has an account")
async def _(name: str, people: People) -> None:
    await people.called(name)


@given("{person} has an account that may: {permissions}")
async def _(name: str, may: tuple[str, ...], people: People) -> None:
    await people.called(name, may)


@given("{person} is signed in")
async def _(name: str, people: People) -> None:
    await people.signed_in(name)


@given("{people} are signed in")
async def _(names: list[str], people: People) -> None:
    for name in names:
        await people.signed_in(name)


@given("{person} is signed in on the {device}")
async def _(name: str, device: str, people: People) -> None:
    await people.signed_in(name, device)


@given("{person} has signed in after {int} wrong passwords", needs=(*FRESH, "auth.lockout"))
async def _(name: str, times: int, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    await _guesses_wrongly(person, auth, times)
    await people.sign_in(person)


@given("{person}'s account was closed after {int} wrong passwords", needs=(*FRESH, "auth.lockout"))
async def _(name: str, times: int, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    await _guesses_wrongly(person, auth, times)
    await person.tries(auth.login(person.account.email, person.account.password, BROWSER))
    assert isinstance(person.refusal, AccountLocked), (
        f"{name}'s account was to be closed after {times} wrong passwords, but {name} {person.was_told()}"
    )


@when("{person} signs in", needs=("auth.password_login",))
async def _(name: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    await _tries_to_sign_in(person, people, auth, person.account.email, person.account.password)


@when("{person} signs in with a wrong password", needs=("auth.password_login",))
async def _(name: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    await _tries_to_sign_in(person, people, auth, person.account.email, WRONG)


@when("{person} signs in with a wrong password {int} times", needs=(*FRESH, "auth.lockout"))
async def _(name: str, times: int, people: People, auth: AuthPort) -> None:
    await _guesses_wrongly(await people.called(name), auth, times)


@when("{person} signs in with {guess} for a password", needs=("auth.password_login",))
async def _(name: str, guess: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    password = GUESSES[guess](person.account)
    await _tries_to_sign_in(person, people, auth, person.account.email, password)


@when("{person} signs in with {person}'s password", needs=("auth.password_login",))
async def _(name: str, other: str, people: People, auth: AuthPort) -> None:
    person, owner = await people.called(name), await people.called(other)
    await _tries_to_sign_in(person, people, auth, person.account.email, owner.account.password)


@when("{person} signs in with the email in capitals", needs=("auth.password_login",))
async def _(name: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    await _tries_to_sign_in(person, people, auth, person.account.email.upper(), person.account.password)


@when("{person} signs in without having an account", needs=("auth.password_login",))
async def _(name: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    await _tries_to_sign_in(person, people, auth, f"nobody-{person.account.email}", person.account.password)


@then("{person} is greeted as {person}")
async def _(name: str, greeted_as: str, people: People, auth: AuthPort) -> None:
    person, expected = await people.called(name), await people.called(greeted_as)
    assert person.refusal is None, f"{name} was to be signed in, but {person.was_told()}"
    user = await auth.me(person.token())
    assert user.email == expected.account.email, f"{name} was to be greeted as {greeted_as}, not as {user.email}"
    assert user.id == expected.id, f"{name} was to be greeted as {greeted_as}, but is taken for somebody else"


@then("{person} may: {permissions}", needs=FRESH)
async def _(name: str, may: tuple[str, ...], people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    user, claims = await asyncio.gather(auth.me(person.token()), auth.validate(person.token()))
    assert tuple(sorted(user.permissions)) == may, f"{name} was to be allowed {may}, but may {user.permissions}"
    assert tuple(sorted(claims.permissions)) == may, (
        f"{name} was to be allowed {may}, but the sign-in says {claims.permissions}"
    )


@then("{person} is told that the email or the password is wrong")
async def _(name: str, people: People) -> None:
    person = await people.called(name)
    assert isinstance(person.refusal, WrongCredentials), (
        f"{name} was to be told that the email or the password is wrong, but {person.was_told()}"
    )


@then("{person} is told exactly what {person} is told")
async def _(name: str, other: str, people: People) -> None:
    one, two = (await people.called(name)).refusal, (await people.called(other)).refusal
    assert one is not None, f"{name} was to be told something, but was not refused anything"
    assert two is not None, f"{other} was to be told something, but was not refused anything"
    assert (type(one), one.message, one.code) == (type(two), two.message, two.code), (
        f"{name} and {other} were to be told the same, but {name} was told: {one.message}; {other}: {two.message}"
    )


@then("{person} is told to come back in {duration}", needs=("auth.lockout",))
async def _(name: str, wait: timedelta, people: People) -> None:
    person = await people.called(name)
    assert isinstance(person.refusal, AccountLocked), (
        f"{name} was to be told to come back later, but {person.was_told()}"
    )
    told = in_words(person.refusal.retry_after)
    assert duration(told) == wait, f"{name} was told to come back in {told}"


@then("{person} can sign in")
async def _(name: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    await _tries_to_sign_in(person, people, auth, person.account.email, person.account.password)
    assert person.refusal is None, f"{name} was to be let in, but {person.was_told()}"


@then("{person} cannot sign in")
async def _(name: str, people: People, auth: AuthPort) -> None:
    person = await people.called(name)
    await _tries_to_sign_in(person, people, auth, person.account.email, person.account.password)
    assert person.refusal is not None, f"{name} was to be kept out, but was let in"
