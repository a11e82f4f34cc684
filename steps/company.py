"""Signing in through a company (OAuth 2.1 authorization code with PKCE), and programs on their own behalf."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field

import pytest

from goldenpath.bdd import given, parameter_type, then, when
from goldenpath.domain.errors import Invalid, Refused, WrongCredentials
from goldenpath.ports.auth import AuthPort, Client, Grant
from goldenpath.steps.people import People, Person
from goldenpath.steps.signing_in import WRONG

OUR_PAGE = "https://app.example.com/back"
OTHER_PAGE = "https://elsewhere.example.net/back"

STRANGERS = ("a page at another address", "a program that nobody knows", "a page that does not seal its question")
parameter_type("stranger", "|".join(STRANGERS), str)

DUTIES = {"read reports": "reports:read", "send mail": "mail:send", "delete accounts": "accounts:delete"}


def _scope(duties: list[str]) -> str:
    return " ".join(DUTIES[duty] for duty in duties)


@dataclass
class Trip:
    """A person's way to the company's page and back (RFC 7636, 4)."""

    client: Client
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    way_back: str = ""

    @property
    def challenge(self) -> str:
        """The sealed question: the verifier's SHA-256, base64url (RFC 7636, 4.2)."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def back(self) -> dict[str, str]:
        """What the way back carries."""
        from httpx import URL

        return dict(URL(self.way_back).params)


@dataclass
class Company:
    """The company's sign-in page and its program."""

    trip: Trip | None = None
    program: Client | None = None
    granted: Grant | None = None
    refusal: Refused | None = None

    @property
    def the_trip(self) -> Trip:
        """The trip of this scenario."""
        assert self.trip, "there was to be a sign-in page of the company"
        return self.trip


@pytest.fixture
def company() -> Company:
    """The company's side of a scenario."""
    return Company()


async def _at_the_company(person: Person, trip: Trip, auth: AuthPort, **changes: str) -> None:
    asked = {
        "password": person.account.password,
        "client_id": trip.client.id,
        "redirect_uri": OUR_PAGE,
        "state": trip.state,
        "code_challenge": trip.challenge,
    } | changes
    password = asked.pop("password")
    trip.way_back = await person.tries(auth.authorize(person.account.email, password, **asked)) or ""


async def _back(person: Person, trip: Trip, auth: AuthPort, people: People, **changes: str) -> None:
    shown = {"client_id": trip.client.id, "redirect_uri": OUR_PAGE, "code_verifier": trip.verifier} | changes
    grant = await person.tries(auth.exchange_code(trip.back()["code"], **shown))
    if grant is not None:
        await people.keep(person, grant)


@given("{person}'s company has a sign-in page", needs=("auth.oauth_code",))
async def _(name: str, people: People, auth: AuthPort, company: Company) -> None:
    await people.called(name)
    company.trip = Trip(await auth.register_client(OUR_PAGE))


@given("{person} has signed in at the company and is on the way back", needs=("auth.oauth_code",))
@when("{person} signs in at the company", needs=("auth.oauth_code",))
async def _(name: str, people: People, auth: AuthPort, company: Company) -> None:
    await _at_the_company(await people.called(name), company.the_trip, auth)


@when("{person} signs in through the company", needs=("auth.oauth_code",))
async def _(name: str, people: People, auth: AuthPort, company: Company) -> None:
    person = await people.called(name)
    await _at_the_company(person, company.the_trip, auth)
    await _back(person, company.the_trip, auth, people)


@when("{person} signs in through the company with a wrong password", needs=("auth.oauth_code",))
async def _(name: str, people: People, auth: AuthPort, company: Company) -> None:
    await _at_the_company(await people.called(name), company.the_trip, auth, password=WRONG)


@when("{stranger} asks the company to sign {person} in", needs=("auth.oauth_code",))
async def _(who: str, name: str, people: People, auth: AuthPort, company: Company) -> None:
    change = dict(
        zip(
            STRANGERS,
            ({"redirect_uri": OTHER_PAGE}, {"client_id": "nobody"}, {"code_challenge": ""}),
            strict=True,
        )
    )[who]
    await _at_the_company(await people.called(name), company.the_trip, auth, **change)


@when("{person} comes back from the company", needs=("auth.oauth_code",))
async def _(name: str, people: People, auth: AuthPort, company: Company) -> None:
    await _back(await people.called(name), company.the_trip, auth, people)


@when("{person} uses {person}'s way back", needs=("auth.oauth_code",))
async def _(thief: str, _owner: str, people: People, auth: AuthPort, company: Company) -> None:
    await _back(
        await people.called(thief), company.the_trip, auth, people, code_verifier=Trip(company.the_trip.client).verifier
    )


@when("{person}'s way back is used once more", needs=("auth.oauth_code",))
async def _(name: str, people: People, auth: AuthPort, company: Company) -> None:
    person = await people.called(name)
    before = person.grants[person.device]
    await _back(person, company.the_trip, auth, people)
    assert isinstance(person.refusal, Invalid), f"{name}'s way back was to be good once, but was good twice"
    person.refusal, person.grants[person.device] = None, before


@when("{person}'s way back is used for another page", needs=("auth.oauth_code",))
async def _(name: str, people: People, auth: AuthPort, company: Company) -> None:
    await _back(await people.called(name), company.the_trip, auth, people, redirect_uri=OTHER_PAGE)


@then("{person} comes back to the page where the sign-in began", needs=("auth.oauth_code",))
async def _(name: str, people: People, company: Company) -> None:
    person, trip = await people.called(name), company.the_trip
    assert trip.way_back, f"{name} was to come back, but {person.was_told()}"
    assert trip.way_back.startswith(f"{OUR_PAGE}?"), f"{name} was to come back to our page, not to {trip.way_back}"
    assert trip.back()["state"] == trip.state, f"{name} was to come back to the sign-in that began here"


@then("{person} is turned away")
async def _(name: str, people: People) -> None:
    person = await people.called(name)
    assert isinstance(person.refusal, Invalid), f"{name} was to be turned away, but {person.was_told()}"


@given("the nightly report may: {duties}", needs=("auth.client_credentials",))
async def _(duties: list[str], auth: AuthPort, company: Company) -> None:
    company.program = await auth.register_client(None, _scope(duties))


async def _program_signs_in(company: Company, auth: AuthPort, secret: str | None, scope: str) -> None:
    assert company.program, "the nightly report was to be known"
    company.refusal = company.granted = None
    try:
        company.granted = await auth.client_credentials(company.program.id, secret or "", scope)
    except Refused as refusal:
        company.refusal = refusal


@when("the nightly report signs in for: {duties}", needs=("auth.client_credentials",))
async def _(duties: list[str], auth: AuthPort, company: Company) -> None:
    assert company.program, "the nightly report was to be known"
    await _program_signs_in(company, auth, company.program.secret, _scope(duties))


@when("the nightly report signs in with a wrong key", needs=("auth.client_credentials",))
async def _(auth: AuthPort, company: Company) -> None:
    await _program_signs_in(company, auth, WRONG, "")


@then("the nightly report may now: {duties}")
async def _(duties: list[str], auth: AuthPort, company: Company) -> None:
    assert company.granted, f"the nightly report was to be let in, but was told: {company.refusal}"
    assert company.granted.scope == _scope(duties), (
        f"the nightly report was to be allowed {duties}, but got {company.granted.scope!r}"
    )
    claims = await auth.validate(company.granted.access_token)
    assert claims.sub == company.program.id if company.program else False, "the nightly report was to come as itself"


@then("the nightly report is turned away")
async def _(company: Company) -> None:
    assert isinstance(company.refusal, WrongCredentials | Invalid), (
        f"the nightly report was to be turned away, but was granted {company.granted and company.granted.scope!r}"
    )


@then("the nightly report is not greeted as a customer")
async def _(auth: AuthPort, company: Company) -> None:
    assert company.granted, f"the nightly report was to be let in, but was told: {company.refusal}"
    assert company.granted.user is None, "the nightly report was to be nobody's customer"
    assert company.granted.refresh_token is None, "the nightly report was not to stay signed in"
    claims = await auth.validate(company.granted.access_token)
    assert claims.email is None, "the nightly report was to carry no customer's name"
    assert claims.sid is None, "the nightly report was to have no customer's session"
