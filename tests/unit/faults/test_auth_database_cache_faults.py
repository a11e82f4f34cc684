"""Each named fault of auth, database and cache breaks what it says: its port answers otherwise than promised."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import URL

from goldenpath.adapters.auth.mock import MockAuth
from goldenpath.adapters.cache.mock import MockCache
from goldenpath.adapters.database.mock import MockDatabase
from goldenpath.domain.errors import Refused
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.ports.database import MessageRow, RunRow, ThreadRow, UserRow
from goldenpath.reference import faults

SERVICES = {"auth", "database", "cache"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = "https://app.example.com/back"
VERIFIER = "v" * 43


@dataclass
class Opened:
    auth: Any
    database: Any
    cache: Any
    clock: ScenarioClock

    async def pass_minutes(self, minutes):
        await self.clock.advance(timedelta(minutes=minutes))

    async def sign_in(self, name="Ada", device="laptop"):
        account = await self.auth.create_account(name, ("chat", "read"))
        return account, await self.auth.login(account.email, account.password, device)

    async def two_devices(self):
        account, laptop = await self.sign_in()
        return laptop, await self.auth.login(account.email, account.password, "phone")


@asynccontextmanager
async def opened(fault):
    clock, ids, ports = ScenarioClock(), SeededIds("seed"), {}
    async with AsyncExitStack() as stack:
        for adapter in (MockDatabase(), MockCache(), MockAuth()):
            context = OpenContext("a scenario", clock, ids, ports, fault=fault)
            ports |= await stack.enter_async_context(adapter.open(context))
        yield Opened(ports["auth"], ports["database"], ports["cache"], clock)


async def _told(operation: Awaitable[Any]) -> str:
    """What is told: ``yes``, or the refusal."""
    try:
        await operation
    except Refused as refused:
        return type(refused).__name__
    return "yes"


# --- auth: each probe gives what a user notices


async def password(o):
    account = await o.auth.create_account("Ada")
    return await _told(o.auth.login(account.email, "wrong"))


async def stranger(o):
    return await _told(o.auth.login("nobody@example.com", "wrong"))


async def _lock(o, email):
    for _ in range(5):
        await _told(o.auth.login(email, "wrong"))


async def lockout(o):
    account = await o.auth.create_account("Ada")
    await _lock(o, account.email)
    return await _told(o.auth.login(account.email, account.password))


async def end_of_lockout(o):
    account = await o.auth.create_account("Ada")
    await _lock(o, account.email)
    await o.pass_minutes(16)
    return await _told(o.auth.login(account.email, account.password))


async def lockout_of_another(o):
    account = await o.auth.create_account("Ada")
    await _lock(o, "ben@example.com")
    return await _told(o.auth.login(account.email, account.password))


async def forgiven_failures(o):
    account = await o.auth.create_account("Ada")
    for password in (*["wrong"] * 4, account.password, "wrong"):
        await _told(o.auth.login(account.email, password))
    return await _told(o.auth.login(account.email, account.password))


async def second_refresh(o):
    _, grant = await o.sign_in()
    await o.auth.refresh(grant.refresh_token)
    return await _told(o.auth.refresh(grant.refresh_token))


async def family_after_reuse(o):
    _, grant = await o.sign_in()
    newest = await o.auth.refresh(grant.refresh_token)
    await _told(o.auth.refresh(grant.refresh_token))
    return await _told(o.auth.refresh(newest.refresh_token))


async def after_logout(o):
    laptop, phone = await o.two_devices()
    await o.auth.logout(laptop.access_token)
    return await _told(o.auth.me(laptop.access_token)), await _told(o.auth.me(phone.access_token))


async def after_end_session(o):
    laptop, phone = await o.two_devices()
    await o.auth.end_session(laptop.access_token, (await o.auth.validate(phone.access_token)).sid)
    return await _told(o.auth.me(laptop.access_token)), await _told(o.auth.me(phone.access_token))


async def end_of_anothers_session(o):
    (_, hers), (_, his) = await o.sign_in("Ada"), await o.sign_in("Ben")
    return await _told(o.auth.end_session(his.access_token, (await o.auth.validate(hers.access_token)).sid))


async def devices(o):
    laptop, _ = await o.two_devices()
    return [session.device for session in await o.auth.sessions(laptop.access_token)]


async def announced_end(o):
    _, grant = await o.sign_in()
    sid = (await o.auth.validate(grant.access_token)).sid
    async with o.cache.subscribe(f"session-ended:{sid}") as ended:
        await o.auth.logout(grant.access_token)
        return await ended.get(0.1) is not None


def token_after(minutes):
    async def token(o):
        _, grant = await o.sign_in()
        await o.pass_minutes(minutes)
        return await _told(o.auth.validate(grant.access_token))

    return token


def _forged(token, algorithm):
    header, claims, _ = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(header + "==")) | {"alg": algorithm}
    return f"{base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b'=').decode()}.{claims}.AAAA"


def forged_token(algorithm):
    async def forged(o):
        _, grant = await o.sign_in()
        return await _told(o.auth.validate(_forged(grant.access_token, algorithm)))

    return forged


async def permissions(o):
    _, grant = await o.sign_in()
    user, claims = await o.auth.me(grant.access_token), await o.auth.validate(grant.access_token)
    return user.permissions, claims.permissions


async def whose_token(o):
    (_, hers), (ben, his) = await o.sign_in("Ada"), await o.sign_in("Ben")
    await o.auth.validate(hers.access_token)
    return (await o.auth.validate(his.access_token)).sub == ben.user.id


def exchange(*, minutes=0, times=1, verifier=VERIFIER):
    async def exchanged(o):
        account, client = await o.auth.create_account("Ada"), await o.auth.register_client(PAGE)
        code = URL(await _authorize(o, account, client, PAGE)).params["code"]
        await o.pass_minutes(minutes)
        shown = {"client_id": client.id, "redirect_uri": PAGE, "code_verifier": verifier}
        return [await _told(o.auth.exchange_code(code, **shown)) for _ in range(times)]

    return exchanged


def _authorize(o, account, client, page):
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    asked = {"client_id": client.id, "redirect_uri": page, "state": "s", "code_challenge": challenge}
    return o.auth.authorize(account.email, account.password, **asked)


async def redirect(o):
    account, client = await o.auth.create_account("Ada"), await o.auth.register_client(PAGE)
    return await _told(_authorize(o, account, client, "https://elsewhere.example.net/"))


async def program_secret(o):
    client = await o.auth.register_client(None, "a")
    return await _told(o.auth.client_credentials(client.id, "wrong"))


async def program_scope(o):
    client = await o.auth.register_client(None, "a")
    return await _told(o.auth.client_credentials(client.id, client.secret, "a b"))


# --- database


def _thread(number, owner="ada", **changes):
    at = NOON + timedelta(minutes=number)
    return ThreadRow(**{"id": f"t{number}", "owner_id": owner, "title": f"{number:02}", "idempotency_key": None}
                     | {"created_at": at, "last_activity_at": at} | changes)  # fmt: skip


async def _furnish(o, threads=3):
    for name in ("ada", "ben"):
        await o.database.add_user(UserRow(name, f"{name}@example.com", "hash", (), NOON))
    for number in range(threads):
        await o.database.add_thread(_thread(number))
    await o.database.add_thread(_thread(50, "ben"))


async def _ask(o, *, end=True):
    at = NOON + timedelta(hours=1)
    run = RunRow("r", "t0", "ada", "Hello", "running", None, None, at, None)
    await o.database.add_run(run, MessageRow("q", "t0", "r", "user", "Hello", at))
    if end:
        answer = MessageRow("a", "t0", "r", "assistant", "Hi", at)
        await o.database.finish_run("r", status="completed", error=None, finished_at=at, answer=answer)


async def listed(o):
    await _furnish(o, 12)
    first = await o.database.threads("ada", limit=8)
    rest = await o.database.threads("ada", limit=8, before=(first[-1].last_activity_at, first[-1].id))
    return [row.id for row in (*first, *rest)]


async def listed_for_ben(o):
    await _furnish(o)
    return [row.id for row in await o.database.threads("ben")]


async def listed_after_activity(o):
    await _furnish(o)
    await _ask(o)
    return [row.id for row in await o.database.threads("ada")]


async def read_by_another(o):
    await _furnish(o)
    await _ask(o)
    return await o.database.thread("ben", "t0"), await o.database.messages("ben", "t0")


async def conversation(o):
    await _furnish(o)
    await _ask(o)
    return [row.content for row in await o.database.messages("ada", "t0")]


async def run_status(o):
    await _furnish(o)
    await _ask(o)
    return [(await o.database.run("ada", "r")).status, *(row.status for row in await o.database.runs("ada"))]


async def long_title(o):
    await _furnish(o)
    return await _told(o.database.add_thread(_thread(20, title="x" * 201)))


async def second_use_of_a_key(o):
    await _furnish(o)
    await o.database.add_thread(_thread(20, idempotency_key="k"))
    return await _told(o.database.add_thread(_thread(21, idempotency_key="k")))


async def zones(o):
    await _furnish(o)
    await _ask(o)
    rows = [
        await o.database.thread("ada", "t0"),
        *await o.database.threads("ada"),
        *await o.database.messages("ada", "t0"),
    ]
    return {row.created_at.tzinfo is not None for row in rows}


async def email_in_capitals(o):
    await _furnish(o)
    return await o.database.user_by_email("ADA@example.com") is not None


# --- cache


async def lifetime_passed(o):
    await o.cache.set("k", "v", 60)
    await o.cache.add("l", "v", 60)
    await o.cache.increment("m", ttl=60)
    await o.pass_minutes(2)
    return [await o.cache.get(key) for key in "klm"]


async def lifetime_told(o):
    await o.cache.set("k", "v", 60)
    return round(await o.cache.ttl("k"))


async def lifetime_after_increment(o):
    await o.cache.increment("n", ttl=60)
    await o.cache.increment("n")
    return round(await o.cache.ttl("n") or 0)


async def added_twice(o):
    await o.cache.add("k", "first")
    return await o.cache.add("k", "second"), await o.cache.get("k")


async def taken_twice(o):
    await o.cache.set("k", "v")
    return await o.cache.take("k"), await o.cache.take("k")


async def deleted(o):
    await o.cache.set("k", "v")
    return await o.cache.delete("k"), await o.cache.get("k")


async def set_twice(o):
    await o.cache.set("k", "first")
    await o.cache.set("k", "second")
    return await o.cache.get("k")


async def heard(o):
    async with o.cache.subscribe("a") as subscription:
        await o.cache.publish("a", "x")
        return await subscription.get(0.1)


async def lifetime_of_nothing(o):
    return await _told(o.cache.ttl("none"))


PROMISES: dict[str, tuple[Callable[[Opened], Awaitable[object]], object]] = {
    "wrong-password-accepted": (password, "WrongCredentials"),
    "unknown-user-told-apart": (stranger, "WrongCredentials"),
    "lockout-missing": (lockout, "AccountLocked"),
    "lockout-never-ends": (end_of_lockout, "yes"),
    "lockout-hits-everybody": (lockout_of_another, "yes"),
    "success-keeps-failures": (forgiven_failures, "yes"),
    "refresh-token-works-twice": (second_refresh, "NotSignedIn"),
    "reuse-keeps-the-family": (family_after_reuse, "NotSignedIn"),
    "session-survives-logout": (after_logout, ("NotSignedIn", "yes")),
    "logout-ends-every-session": (after_logout, ("NotSignedIn", "yes")),
    "end-session-ends-all": (after_end_session, ("yes", "NotSignedIn")),
    "end-session-ends-none": (after_end_session, ("yes", "NotSignedIn")),
    "anybody-ends-sessions": (end_of_anothers_session, "NotFound"),
    "sessions-list-shows-one": (devices, ["laptop", "phone"]),
    "session-end-not-announced": (announced_end, True),
    "token-lives-an-hour": (token_after(30), "NotSignedIn"),
    "five-minutes-of-leeway": (token_after(16), "NotSignedIn"),
    "expired-token-accepted": (token_after(120), "NotSignedIn"),
    "unsigned-token-accepted": (forged_token("none"), "NotSignedIn"),
    "forged-token-accepted": (forged_token("RS256"), "NotSignedIn"),
    "permissions-lost": (permissions, (("chat", "read"), ("chat", "read"))),
    "validate-says-another-user": (whose_token, True),
    "code-works-twice": (exchange(times=2), ["yes", "Invalid"]),
    "code-never-expires": (exchange(minutes=2), ["Invalid"]),
    "verifier-ignored": (exchange(verifier="w" * 43), ["Invalid"]),
    "any-redirect-accepted": (redirect, "Invalid"),
    "client-secret-ignored": (program_secret, "WrongCredentials"),
    "scope-escalates": (program_scope, "Invalid"),
    "threads-by-title": (listed, [f"t{number}" for number in reversed(range(12))]),
    "threads-capped": (listed, [f"t{number}" for number in reversed(range(12))]),
    "threads-leak": (listed_for_ben, ["t50"]),
    "anybodys-thread-readable": (read_by_another, (None, ())),
    "activity-not-moved": (listed_after_activity, ["t0", "t2", "t1"]),
    "answer-not-stored": (conversation, ["Hello", "Hi"]),
    "messages-in-wrong-order": (conversation, ["Hello", "Hi"]),
    "run-stays-running": (run_status, ["completed", "completed"]),
    "long-title-accepted": (long_title, "Invalid"),
    "idempotency-key-ignored": (second_use_of_a_key, "Conflict"),
    "zone-lost": (zones, {True}),
    "email-letter-case-matters": (email_in_capitals, True),
    "ttl-ignored": (lifetime_passed, [None, None, None]),
    "ttl-in-milliseconds": (lifetime_told, 60),
    "lifetimes-too-short": (lifetime_told, 60),
    "increment-drops-ttl": (lifetime_after_increment, 60),
    "add-overwrites": (added_twice, (False, "first")),
    "take-leaves-the-value": (taken_twice, ("v", None)),
    "delete-does-nothing": (deleted, (True, None)),
    "set-keeps-the-old-value": (set_twice, "second"),
    "messages-between-services-lost": (heard, "x"),
    "missing-key-has-lifetime": (lifetime_of_nothing, "NotFound"),
}
"""For each fault: how to look, and what is seen where the promise holds."""


def _seen(look, fault):
    async def scenario():
        async with opened(fault) as o:
            return await look(o)

    return asyncio.run(scenario())


@pytest.mark.parametrize("name", PROMISES)
def test_a_fault_breaks_its_promise(name):
    look, promised = PROMISES[name]
    assert _seen(look, None) == promised
    assert _seen(look, name) != promised


def test_every_fault_is_looked_at():
    assert {fault.name for fault in faults.every().values() if fault.service in SERVICES} == set(PROMISES)


@pytest.mark.parametrize("name", [name for name in PROMISES if not name.startswith("lifetimes")])
def test_with_a_fault_the_service_still_opens_and_signs_in(name):
    async def signs_in(o):
        account, grant = await o.sign_in()
        return grant.user.id == account.user.id

    assert _seen(signs_in, name)
