"""The servers as their users reach them, in memory and over real PostgreSQL and Valkey."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from goldenpath.domain.errors import AccountLocked, Conflict, Invalid, NotFound, NotSignedIn, WrongCredentials
from goldenpath.ports.events import COMPLETED, SESSION_ENDED, Resume

from .conftest import sign_in


@pytest.mark.asyncio
async def test_a_question_is_answered_watched_and_saved(platform):
    async with platform.scenario() as here:
        token = await sign_in(here)
        window = await here.events.connect(token)
        started = await window.ask("How did our sales do last week?")
        ending = await window.ending(started.run_id)
        events = window.events_of(started.run_id)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert ending.type == COMPLETED
        said = await here.agents.messages(token, started.thread_id)
        assert [message.role for message in said] == ["user", "assistant"]
        assert said[-1].content == ending.data["answer"]
        assert (await here.agents.finished(token, started.run_id)).answer == ending.data["answer"]


@pytest.mark.asyncio
async def test_who_comes_back_gets_what_was_missed_and_nobody_else_does(platform):
    async with platform.scenario() as here:
        token, stranger = await sign_in(here), await sign_in(here, "bob")
        started = await here.agents.start(token, "How did our sales do last week?")
        await here.agents.finished(token, started.run_id)
        window = await here.events.connect(token, resume=Resume(started.run_id, 2))
        await window.ending(started.run_id)
        assert window.received[0].seq == 3
        with pytest.raises(NotFound):
            await here.events.connect(stranger, resume=Resume(started.run_id, 0))
        with pytest.raises(Invalid):
            await here.events.connect(token, resume=Resume(started.run_id, -1))


@pytest.mark.asyncio
async def test_a_bad_token_is_refused_before_the_socket_is_accepted(platform):
    async with platform.scenario() as here:
        for refused in ({"access_token": "forged"}, {"ticket": "nobody's"}, {}):
            with pytest.raises(NotSignedIn):
                await here.events.connect(**refused)


@pytest.mark.asyncio
async def test_a_ticket_opens_one_window(platform):
    async with platform.scenario() as here:
        ticket = await here.events.ticket(await sign_in(here))
        await here.events.connect(ticket=ticket)
        with pytest.raises(NotSignedIn):
            await here.events.connect(ticket=ticket)


@pytest.mark.asyncio
async def test_windows_close_when_their_session_ends(platform):
    async with platform.scenario() as here:
        token = await sign_in(here)
        window = await here.events.connect(token)
        await here.auth.logout(token)
        assert (await window.closed()).code == SESSION_ENDED
        with pytest.raises(NotSignedIn):
            await here.agents.threads(token)


@pytest.mark.asyncio
async def test_refusals_over_a_window_are_those_of_the_port(platform):
    async with platform.scenario() as here:
        window = await here.events.connect(await sign_in(here))
        with pytest.raises(Invalid, match="there is no question"):
            await window.ask("  ")
        with pytest.raises(NotFound):
            await window.ask("hello", "no-such-thread")
        with pytest.raises(Invalid):
            await window.ask("half a \ud800 letter")
        started = await window.ask("hello")
        await window.ending(started.run_id)


@pytest.mark.asyncio
async def test_passwords_lock_and_time_opens(platform):
    async with platform.scenario() as here:
        account = await here.auth.create_account("ada")
        for _ in range(5):
            with pytest.raises(WrongCredentials):
                await here.auth.login(account.email, "half a \ud800 letter")
        with pytest.raises(AccountLocked) as locked:
            await here.auth.login(account.email, account.password)
        assert 0 < locked.value.retry_after <= 900


@pytest.mark.asyncio
async def test_work_can_be_stopped_once(platform):
    async with platform.scenario() as here:
        token = await sign_in(here)
        started = await here.agents.start(token, "How did our sales do last week?")
        try:
            await here.agents.cancel(token, started.run_id)
        except Conflict:
            expected = None  # it was faster
        else:
            expected = "cancelled"
        assert (await here.agents.finished(token, started.run_id)).error == expected
        with pytest.raises(Conflict):
            await here.agents.cancel(token, started.run_id)


@pytest.mark.asyncio
async def test_scenarios_are_kept_apart(platform):
    async with platform.scenario() as one, platform.scenario() as other:
        token = await sign_in(one)
        assert (await one.auth.validate(token)).token_type == "access"
        with pytest.raises(NotSignedIn):
            await other.auth.validate(token)
        with pytest.raises(NotSignedIn):
            await other.events.connect(token)


@pytest.mark.asyncio
async def test_time_is_moved_for_one_scenario_everywhere(platform):
    async with platform.scenario() as here, platform.scenario() as other:
        token, theirs = await sign_in(here), await sign_in(other)
        here.ahead = 901
        for control in here.control.values():
            await control.clock(here.key, timedelta(seconds=901))
        with pytest.raises(NotSignedIn):
            await here.agents.threads(token)
        with pytest.raises(NotSignedIn):
            await here.events.connect(token)
        assert (await other.auth.validate(theirs)).sub

        fresh = await sign_in(here)
        window = await here.events.connect(fresh)
        started = await window.ask("hello")
        ending = await window.ending(started.run_id)
        # The run has the time of who asked, from one server to the next.
        assert ending.timestamp - datetime.now(UTC) > timedelta(seconds=800)


@pytest.mark.asyncio
async def test_without_the_secret_nobody_is_kept_apart_or_in_control(platform):
    async with platform.scenario() as here:
        token = await sign_in(here)
        url = here.urls["auth"]
        forged = {"X-Goldenpath-Scenario": f"wrong.{here.key}.0"}
        answer = await here.client.post(f"{url}/auth/validate", json={"token": token}, headers=forged)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "session_ended")
        for headers in ({}, {"X-Goldenpath-Secret": "wrong"}):
            answer = await here.client.post(f"{url}/control/accounts", json={"name": "eve"}, headers=headers)
            assert answer.status_code == 404


@pytest.mark.asyncio
async def test_many_windows_get_all_events_in_order(platform):
    async with platform.scenario() as here:
        token = await sign_in(here)
        windows = [await here.events.connect(token) for _ in range(5)]
        runs = [await windows[0].ask(f"Question {number}") for number in range(10)]
        for window in windows:
            for run in runs:
                await window.ending(run.run_id)
                events = window.events_of(run.run_id)
                assert [event.seq for event in events] == list(range(1, len(events) + 1))


@pytest.mark.asyncio
async def test_all_is_ready(platform):
    async with platform.scenario() as here:
        for name, url in here.urls.items():
            for path in ("/health", "/ready"):
                answer = await here.client.get(url + path)
                assert answer.status_code == 200, (name, answer.text)
            assert set(answer.json()["checks"].values()) == {"ok"}


@pytest.mark.asyncio
async def test_a_client_that_says_goodbye_is_forgotten(platform):
    async with platform.scenario() as here:
        token = await sign_in(here)
        window, other = await here.events.connect(token), await here.events.connect(token)
        await window.close()
        await asyncio.gather(other.drop(), here.agents.start(token, "hello"))
        again = await here.events.connect(token)
        started = await again.ask("hello")
        await again.ending(started.run_id)
