"""Every port over real servers: the same promises, the same errors, the scenario's own time and keys."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from goldenpath.adapters.auth.local import LocalAuth
from goldenpath.adapters.platform import wiring
from goldenpath.domain.errors import (
    AccountLocked,
    Conflict,
    Invalid,
    NotFound,
    NotSignedIn,
    ServiceUnavailable,
    WrongCredentials,
)
from goldenpath.domain.values import Tier
from goldenpath.ports.adapter import Adapter, OpenContext
from goldenpath.ports.cache import session_key
from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.ports.events import COMPLETED, FAILED, SESSION_ENDED, TOOL_STARTED, Resume

SLOW = "Read all our contracts"


async def _signed_in(on, name="ada"):
    account = await on.auth.create_account(name)
    return (await on.auth.login(account.email, account.password)).access_token


def test_they_are_local_and_only_the_platform_stands_in(tier):
    for service, adapter in tier.adapters.items():
        assert isinstance(adapter, Adapter)
        seen = asyncio.run(adapter.probe())
        assert (adapter.tier, seen.up, seen.to_start) == (Tier.LOCAL, True, True)
        assert adapter.stand_in is (service in {"auth", "events", "agents"})
        assert getattr(adapter, "is_reference", False) is adapter.stand_in


def test_no_address_names_a_password_to_a_process_list(tier):
    assert tier.addresses["auth"]["secret"] == tier.addresses["events"]["secret"]
    assert tier.addresses["auth"]["secret"] not in tier.addresses["auth"]["url"]


@pytest.mark.asyncio
async def test_signing_in_and_all_that_follows(tier):
    async with tier.scenario() as on:
        account = await on.auth.create_account("Ada", ("chat", "read"))
        with pytest.raises(WrongCredentials):
            await on.auth.login(account.email, "wrong")
        grant = await on.auth.login(account.email, account.password, "phone")
        assert grant.user == account.user == await on.auth.me(grant.access_token)
        claims = await on.auth.validate(grant.access_token)
        assert (claims.sub, claims.permissions) == (account.user.id, ("chat", "read"))
        (session,) = await on.auth.sessions(grant.access_token)
        assert (session.device, session.current, session.id) == ("phone", True, claims.sid)
        renewed = await on.auth.refresh(grant.refresh_token)
        with pytest.raises(NotSignedIn):
            await on.auth.refresh(grant.refresh_token)
        with pytest.raises(NotSignedIn):
            await on.auth.me(renewed.access_token)
        with pytest.raises(NotSignedIn):
            await on.auth.me("no token at all")


@pytest.mark.asyncio
async def test_sessions_end_for_every_service_and_socket(tier):
    async with tier.scenario() as on:
        account = await on.auth.create_account("ada")
        first, second = [(await on.auth.login(account.email, account.password)).access_token for _ in range(2)]
        window = await on.events.connect(first)
        other = (await on.auth.validate(first)).sid
        with pytest.raises(NotFound):
            await on.auth.end_session(second, "../me")
        await on.auth.end_session(second, other)
        assert (await window.closed()).code == SESSION_ENDED
        with pytest.raises(NotSignedIn):
            await on.agents.threads(first)
        await on.auth.logout(second)
        with pytest.raises(NotSignedIn):
            await on.events.connect(second)


@pytest.mark.asyncio
async def test_programs_sign_in_by_oauth(tier):
    async with tier.scenario() as on:
        known = await on.auth.register_client(None, "report read")
        granted = await on.auth.client_credentials(known.id, known.secret, "report")
        assert (granted.user, granted.refresh_token, granted.scope) == (None, None, "report")
        with pytest.raises(WrongCredentials):
            await on.auth.client_credentials(known.id, "wrong")
        with pytest.raises(Invalid):
            await on.auth.client_credentials(known.id, known.secret, "everything")
        with pytest.raises(Invalid):
            await on.auth.register_client("no address")
        assert (await on.auth.discovery())["token_endpoint"]
        assert (await on.auth.jwks())["keys"][0]["kty"] == "RSA"


@pytest.mark.asyncio
async def test_a_code_is_exchanged_once(tier):
    challenge, verifier = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    async with tier.scenario() as on:
        account = await on.auth.create_account("ada")
        app = await on.auth.register_client("https://app.test/back")
        asked = {"client_id": app.id, "redirect_uri": "https://app.test/back"}
        back = await on.auth.authorize(account.email, account.password, state="s", code_challenge=challenge, **asked)
        code = back.partition("code=")[2].partition("&")[0]
        granted = await on.auth.exchange_code(code, code_verifier=verifier, **asked)
        assert granted.user == account.user
        with pytest.raises(Invalid):
            await on.auth.exchange_code(code, code_verifier=verifier, **asked)


@pytest.mark.asyncio
async def test_time_moves_for_one_scenario_and_in_every_server(tier):
    async with tier.scenario() as on, tier.scenario() as other:
        account = await on.auth.create_account("ada")
        grant = await on.auth.login(account.email, account.password)
        theirs = await _signed_in(other, "ben")
        ticket = await on.events.ticket(grant.access_token)
        await on.clock.advance(timedelta(seconds=grant.expires_in + 1))
        with pytest.raises(NotSignedIn):
            await on.agents.threads(grant.access_token)
        with pytest.raises(NotSignedIn):
            await on.events.connect(ticket=ticket)
        assert (await on.auth.refresh(grant.refresh_token)).user == account.user
        assert await other.agents.threads(theirs)


@pytest.mark.asyncio
async def test_an_account_opens_again_when_its_time_is_over(tier):
    async with tier.scenario() as on:
        account = await on.auth.create_account("ada")
        for _ in range(5):
            with pytest.raises(WrongCredentials):
                await on.auth.login(account.email, "wrong")
        with pytest.raises(AccountLocked) as locked:
            await on.auth.login(account.email, account.password)
        assert 890 <= locked.value.retry_after <= 900
        await on.clock.advance(timedelta(minutes=15, seconds=1))
        assert await on.auth.login(account.email, account.password)


@pytest.mark.asyncio
async def test_conversations_and_runs(tier):
    async with tier.scenario() as on:
        token = await _signed_in(on)
        first = await on.agents.create_thread(token, "Plans", "key")
        assert await on.agents.create_thread(token, "Plans", "key") == first
        started = await on.agents.start(token, "Hello", first.id)
        run = await on.agents.finished(token, started.run_id)
        assert (run.status, started.thread_id) == ("completed", first.id)
        assert [each.role for each in await on.agents.messages(token, first.id)] == ["user", "assistant"]
        await on.agents.create_thread(token, "More")
        page = await on.agents.threads(token, limit=1)
        rest = await on.agents.threads(token, after=page.next)
        assert [each.title for each in (*page.threads, *rest.threads)] == ["More", "Plans"]
        with pytest.raises(Conflict):
            await on.agents.cancel(token, started.run_id)
        for wrong in (
            on.agents.start(token, " "),
            on.agents.threads(token, limit=0),
            on.agents.create_thread(token, ""),
        ):
            with pytest.raises(Invalid):
                await wrong
        with pytest.raises(NotFound):
            await on.agents.thread(await _signed_in(on, "ben"), first.id)


@pytest.mark.asyncio
async def test_what_is_told_is_what_was_saved_where_it_lies(tier):
    async with tier.scenario() as on:
        token = await _signed_in(on)
        window = await on.events.connect(token)
        started = await window.ask("Hello")
        told = await window.ending(started.run_id)
        owner = (await on.auth.validate(token)).sub
        row = await on.database.run(owner, started.run_id)
        assert (told.type, row.answer) == (COMPLETED, told.data["answer"])
        assert [event.seq for event in window.received] == list(range(1, len(window.received) + 1))
        with pytest.raises(Invalid):
            await window.ask("")


@pytest.mark.asyncio
async def test_who_comes_back_gets_what_was_missed(tier):
    async with tier.scenario() as on:
        token = await _signed_in(on)
        window = await on.events.connect(token)
        started = await window.ask(SLOW)
        seen = await window.seen(TOOL_STARTED)
        await window.drop()
        assert (await window.closed()).code == 1006
        again = await on.events.connect(token, resume=Resume(started.run_id, seen.seq))
        await again.ending(started.run_id)
        assert again.received[0].seq == seen.seq + 1
        with pytest.raises(NotFound):
            await on.events.connect(await _signed_in(on, "ben"), resume=Resume(started.run_id, 0))


@pytest.mark.asyncio
async def test_a_ticket_opens_one_connection(tier):
    async with tier.scenario() as on:
        ticket = await on.events.ticket(await _signed_in(on))
        window = await on.events.connect(ticket=ticket)
        await window.close()
        assert (await window.closed()).code == 1000
        for wrong in ({"ticket": ticket}, {}, {"access_token": "x"}):
            with pytest.raises(NotSignedIn):
                await on.events.connect(**wrong)


@pytest.mark.asyncio
async def test_the_cache_shows_the_scenarios_own_keys(tier):
    async with tier.scenario() as on, tier.scenario() as other:
        token = await _signed_in(on)
        key = session_key((await on.auth.validate(token)).sid)
        assert await on.cache.get(key)
        assert await other.cache.get(key) is None


@pytest.mark.asyncio
async def test_a_crash_is_a_crash_and_what_it_cut_short_is_told(tier):
    async with tier.scenario() as on:
        token = await _signed_in(on)
        window = await on.events.connect(token)
        started = await window.ask(SLOW)
        await window.seen(TOOL_STARTED)
        await on.agents.crash()
        with pytest.raises(ServiceUnavailable) as lost:
            await on.agents.threads(token)
        assert lost.value.service == "agents"
        await on.agents.restart()
        ending = await window.ending(started.run_id)
        assert (ending.type, ending.data["error"]["code"]) == (FAILED, "interrupted")
        assert (await on.agents.run(token, started.run_id)).error == "interrupted"


@pytest.mark.asyncio
async def test_a_crash_that_nobody_mended_is_mended_for_the_next(tier):
    async with tier.scenario() as on:
        await on.agents.crash()
    async with tier.scenario() as on:
        assert (await on.agents.threads(await _signed_in(on))).threads == ()


def test_nothing_of_a_scenario_outlives_it(tier):
    async def scenario():
        async with tier.scenario() as on:
            token = await _signed_in(on)
            await on.events.connect(token)
            async with on.cache.subscribe("a"):
                await on.agents.start(token, "Hello")
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(scenario()) == set()
    assert asyncio.run(scenario()) == set()


def test_a_fault_reaches_the_servers(start_tier):
    broken = start_tier("refresh-token-works-twice")

    async def scenario():
        async with broken.scenario() as on:
            account = await on.auth.create_account("ada")
            grant = await on.auth.login(account.email, account.password)
            assert await on.auth.refresh(grant.refresh_token)
            assert await on.auth.refresh(grant.refresh_token)

    asyncio.run(scenario())


def test_what_has_no_address_cannot_be_wired():
    with pytest.raises(ServiceUnavailable, match="it needs cache at an address"):
        wiring("auth", ("database", "cache"), {"database": {"url": "postgresql://x"}, "cache": {}})


@pytest.mark.asyncio
async def test_what_was_not_started_is_lost():
    context = OpenContext("a scenario", ScenarioClock(), SeededIds("x"))
    with pytest.raises(ServiceUnavailable, match="not started"):
        await LocalAuth().open(context).__aenter__()
