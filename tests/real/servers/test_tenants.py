"""Whose a request is, what refusals look like, and what faults break."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest

from goldenpath.domain.errors import (
    AccountLocked,
    Conflict,
    Invalid,
    NotFound,
    NotSignedIn,
    Refused,
    ServiceUnavailable,
    WrongCredentials,
)
from goldenpath.reference.clients.control import TENANT, tenant
from goldenpath.reference.servers import errors
from goldenpath.reference.servers.config import ServerConfig
from goldenpath.reference.servers.tenants import NOBODY, Asked, Common, Tenants, asked_for

from .conftest import in_memory, sign_in


@pytest.mark.parametrize(
    ("header", "secret", "expected"),
    [
        (None, "s", NOBODY),
        ("", "s", NOBODY),
        ("s.abc.0", "", NOBODY),
        ("other.abc.0", "s", NOBODY),
        ("ü.abc.0", "s", NOBODY),
        ("s.abc.1.5", "s", Asked("abc", timedelta(seconds=1.5))),
        ("s.a:b*.0", "s", NOBODY),
        ("s..0", "s", NOBODY),
        ("s.abc", "s", Asked("abc", timedelta())),
        ("s.abc.-5", "s", Asked("abc", timedelta())),
        ("s.abc.nan", "s", Asked("abc", timedelta())),
        ("s.abc.inf", "s", Asked("abc", timedelta())),
        ("s.abc.1e300", "s", Asked("abc", timedelta())),
        (tenant("s", "abc", timedelta(minutes=5)), "s", Asked("abc", timedelta(minutes=5))),
    ],
)
def test_a_header_is_heard_with_the_secret_only(header, secret, expected):
    assert asked_for(header, secret) == expected


def tenants() -> Tenants:
    backing = SimpleNamespace(redis=None, in_memory=True, transaction=None)
    return Tenants(Common(ServerConfig("gateway", secret="s"), frozenset({"gateway"}), backing, http=None))


@pytest.mark.asyncio
async def test_time_goes_forward_only_and_for_one_tenant():
    known = tenants()
    one = await known.of("s.one.10")
    assert await known.of("s.one.5") is one
    assert one.clock.offset == timedelta(seconds=10)
    assert (await known.of("s.two.0")).clock.offset == timedelta()
    assert one.headers() == {TENANT: "s.one.10.000000"}
    assert (await known.of(None)).headers() == {}


@pytest.mark.asyncio
async def test_who_has_nothing_at_work_is_forgotten_first():
    known = tenants()
    busy = await known.of("s.busy.0")
    busy.__dict__["gateway"] = SimpleNamespace(windows=["one"])
    idle = await known.of("s.idle.0")
    for number in range(400):
        await known.of(f"s.t{number}.0")
    assert await known.of("s.busy.0") is busy
    assert await known.of("s.idle.0") is not idle


@pytest.mark.parametrize(
    ("error", "status", "code", "headers"),
    [
        (WrongCredentials("no", code="invalid_credentials"), 401, "invalid_credentials", {}),
        (NotSignedIn("no", code="expired"), 401, "expired", {"WWW-Authenticate": 'Bearer error="invalid_token"'}),
        (AccountLocked("no", retry_after=1.2, code="locked"), 429, "locked", {"Retry-After": "2"}),
        (NotFound("no", code="no_run"), 404, "no_run", {}),
        (Invalid("no", code="limit"), 422, "limit", {}),
        (Conflict("no", code="ended"), 409, "ended", {}),
        (Refused("no", code="forbidden"), 403, "forbidden", {}),
        (ServiceUnavailable("cache", "gone"), 503, "unavailable", {}),
    ],
)
def test_each_refusal_has_its_status(error, status, code, headers):
    answer = errors.refusal(error)
    assert (answer.status_code, json.loads(answer.body)["error"]["code"]) == (status, code)
    assert (
        headers.items() <= {name.title().replace("Www", "WWW"): text for name, text in answer.headers.items()}.items()
    )
    assert errors.known(error) is error


def test_what_nobody_foresaw_tells_nothing():
    assert errors.known(ValueError("the password is hush")) is None
    assert b"hush" not in errors.internal().body


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "fault", ["wrong-password-accepted", "thoughts-are-not-told", "a-step-is-shown-twice", "delete-does-nothing"]
)
async def test_a_fault_breaks_its_promise_over_the_wire(tmp_path, fault):
    with in_memory(tmp_path, "--fault", fault) as platform:
        for _ in range(2):  # what a fault remembers of one scenario it forgets in the next
            async with platform.scenario() as here:
                assert await broken(here) == {fault}


async def broken(here) -> set[str]:
    """Which of four promises are broken."""
    found = set()
    account = await here.auth.create_account("ada")
    try:
        await here.auth.login(account.email, "wrong")
        found.add("wrong-password-accepted")
    except WrongCredentials:
        pass
    token = await sign_in(here)
    window = await here.events.connect(token)
    run = await window.ask("How did our sales do last week?")
    await window.ending(run.run_id)
    kinds = [(event.type, event.seq) for event in window.received]
    if not any(kind == "agent_thinking" for kind, _ in kinds):
        found.add("thoughts-are-not-told")
    if len(set(kinds)) < len(kinds):
        found.add("a-step-is-shown-twice")
    await here.auth.logout(token)
    try:
        await here.auth.me(token)
        found.add("delete-does-nothing")
    except NotSignedIn:
        pass
    return found
