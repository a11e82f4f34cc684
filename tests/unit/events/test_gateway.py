import asyncio
import json
from datetime import timedelta

import pytest

from goldenpath.domain.errors import Conflict, Invalid, NotFound, NotSignedIn, ServiceUnavailable
from goldenpath.ports.cache import session_key, ticket_key
from goldenpath.ports.events import SESSION_ENDED, STARTED, Closed, Resume

SALES = "How did our sales do last week?"


def seqs(*connections, run_id):
    return [event.seq for connection in connections for event in connection.events_of(run_id)]


@pytest.mark.asyncio
@pytest.mark.parametrize("token", [None, "", "forged"])
async def test_nobody_comes_in_without_a_good_token(platform, token):
    async with platform() as p:
        with pytest.raises(NotSignedIn):
            await p.events.connect(token)
        assert p.events.windows == []


@pytest.mark.asyncio
async def test_an_ended_session_opens_nothing(platform):
    async with platform() as p:
        token = await p.sign_in()
        await p.desk.end(token)
        for operation in (p.events.connect, p.events.ticket):
            with pytest.raises(NotSignedIn):
                await operation(token)


@pytest.mark.asyncio
async def test_a_window_shows_ones_own_work_only(platform, rules):
    async with platform() as p:
        (_, ada), (_, ben) = await p.watch("ada"), await p.watch("ben")
        of_ada, of_ben = await asyncio.gather(ada.ask(SALES), ben.ask("Hello"))
        rules(await p.story(ada, of_ada.run_id))
        rules(await p.story(ben, of_ben.run_id))
        assert {event.user_id for event in ada.received} == {"user-ada"}
        assert {event.user_id for event in ben.received} == {"user-ben"}


@pytest.mark.asyncio
async def test_every_window_of_a_customer_shows_everything(platform, rules):
    async with platform() as p:
        token, first = await p.watch()
        second, other_device = await p.events.connect(token), await p.events.connect(await p.sign_in())
        started = await first.ask(SALES)
        story = await p.story(first, started.run_id)
        rules(story)
        for window in (second, other_device):
            await window.ending(first.received[-1].run_id)
            assert window.received == first.received


@pytest.mark.asyncio
async def test_a_question_may_be_asked_in_the_window(platform):
    async with platform() as p:
        token, window = await p.watch()
        thread = await p.agents.create_thread(token, "Plans")
        started = await window.ask("Hello", thread.id)
        assert started.thread_id == thread.id
        assert (await window.ending(started.run_id)).thread_id == thread.id
        with pytest.raises(Invalid):
            await window.ask("  ")
        with pytest.raises(NotFound):
            await window.ask("Hello", "never was")


# Tickets


@pytest.mark.asyncio
async def test_a_ticket_opens_its_owners_window_once(platform):
    async with platform() as p:
        ada, ben = await p.sign_in("ada"), await p.sign_in("ben")
        ticket, of_ben = await p.events.ticket(ada), await p.events.ticket(ben)
        assert ticket != of_ben
        assert 59 < await p.cache.ttl(ticket_key(ticket)) <= 60
        window = await p.events.connect(ticket=ticket)
        assert await p.cache.get(ticket_key(ticket)) is None
        started = await window.ask("Hello")
        assert (await window.ending(started.run_id)).user_id == "user-ada"
        for used in (ticket, "made up", ""):
            with pytest.raises(NotSignedIn):
                await p.events.connect(ticket=used)


@pytest.mark.asyncio
async def test_of_two_who_use_a_ticket_one_gets_in(platform):
    async with platform() as p:
        ticket = await p.events.ticket(await p.sign_in())
        tries = await asyncio.gather(*(p.events.connect(ticket=ticket) for _ in range(5)), return_exceptions=True)
        assert sum(not isinstance(one, NotSignedIn) for one in tries) == 1


@pytest.mark.asyncio
async def test_a_ticket_is_good_for_less_than_a_minute_also_where_the_cache_keeps_it(platform):
    async with platform() as p:
        token = await p.sign_in()
        young, old = await p.events.ticket(token), await p.events.ticket(token)
        kept = await p.cache.get(ticket_key(old))
        await p.clock.advance(timedelta(seconds=50))
        assert (await p.events.connect(ticket=young)).is_open
        await p.clock.advance(timedelta(seconds=10))
        await p.cache.set(ticket_key(old), kept)
        with pytest.raises(NotSignedIn):
            await p.events.connect(ticket=old)


@pytest.mark.asyncio
async def test_a_ticket_ends_with_its_session(platform):
    async with platform() as p:
        token = await p.sign_in()
        ticket = await p.events.ticket(token)
        await p.desk.end(token)
        await p.sign_in()
        with pytest.raises(NotSignedIn):
            await p.events.connect(ticket=ticket)


# The end of a session


@pytest.mark.asyncio
async def test_the_end_of_a_session_closes_its_windows_and_no_other(platform):
    async with platform() as p:
        laptop, first = await p.watch()
        second = await p.events.connect(laptop)
        _, phone = await p.watch()
        _, ben = await p.watch("ben")
        await p.desk.end(laptop)
        for window in (first, second):
            assert (await window.closed()).code == SESSION_ENDED
            with pytest.raises(Conflict):
                await window.ask("Hello")
        for window in (phone, ben):
            started = await window.ask("Hello")
            await window.ending(started.run_id)
            assert window.is_open
        assert first.received == ()


@pytest.mark.asyncio
async def test_a_session_that_ends_while_a_window_opens_is_not_missed(platform):
    async with platform() as p:
        token = await p.sign_in()
        admit = p.events.admit

        async def ends_meanwhile(given):
            claims = await admit(given)
            await p.cache.delete(session_key(claims.sid))
            p.events.admit = admit
            return claims

        p.events.admit = ends_meanwhile
        with pytest.raises(NotSignedIn):
            await p.events.connect(token)
        assert p.events.windows == []
        assert await p.cache.publish("events:user-ada", "x") == 0


# Coming back


@pytest.mark.asyncio
@pytest.mark.parametrize("ended", [False, True])
async def test_who_comes_back_gets_what_was_missed_once_in_order(platform, rules, ended):
    async with platform() as p:
        token, before = await p.watch()
        earlier = await before.ask("Hello")
        await before.ending(earlier.run_id)
        started = await before.ask(SALES)
        await before.seen(STARTED, run_id=started.run_id)
        await before.drop()
        if ended:
            await p.agents.finished(token, started.run_id)
        last = seqs(before, run_id=started.run_id)[-1]
        after = await p.events.connect(token, resume=Resume(started.run_id, last))
        await p.story(after, started.run_id)
        rules([*before.events_of(started.run_id), *after.events_of(started.run_id)])
        assert after.events_of(earlier.run_id) == ()


@pytest.mark.asyncio
async def test_an_event_told_while_a_window_opens_comes_once(platform):
    async with platform() as p:
        token, before = await p.watch()
        started = await before.ask(SALES)
        missed = p.events.missed

        async def slow(window, resume):
            await p.agents.finished(token, started.run_id)
            return await missed(window, resume)

        p.events.missed = slow
        after = await p.events.connect(token, resume=Resume(started.run_id, 0))
        story = await p.story(after, started.run_id)
        assert [event.seq for event in story] == [1, 2, 3, 4, 5]


@pytest.mark.asyncio
async def test_who_has_seen_everything_gets_nothing_more(platform):
    async with platform() as p:
        token, before = await p.watch()
        started = await before.ask("Hello")
        ending = await before.ending(started.run_id)
        after = await p.events.connect(token, resume=Resume(started.run_id, ending.seq))
        assert await p.story(after, (await after.ask("Hello")).run_id)
        assert after.events_of(started.run_id) == ()


@pytest.mark.asyncio
async def test_nobody_comes_back_to_anothers_or_an_unknown_run(platform):
    async with platform() as p:
        (_, window), ben = await p.watch("ada"), await p.sign_in("ben")
        started = await window.ask("Hello")
        for run_id in (started.run_id, "never was"):
            with pytest.raises(NotFound):
                await p.events.connect(ben, resume=Resume(run_id, 0))
        with pytest.raises(Invalid):
            await p.events.connect(ben, resume=Resume(started.run_id, -1))
        assert len(p.events.windows) == 1


# The end of a connection


@pytest.mark.asyncio
@pytest.mark.parametrize(("end", "code"), [("close", 1000), ("drop", 1006)])
async def test_nothing_comes_after_the_end(platform, end, code):
    async with platform() as p:
        token, window = await p.watch()
        await getattr(window, end)()
        await getattr(window, end)()
        assert (await window.closed()).code == code
        await p.answered(token, "Hello")
        assert window.received == ()
        assert await p.cache.publish("events:user-ada", json.dumps({})) == 0
        with pytest.raises(Conflict):
            await window.ask("Hello")


@pytest.mark.asyncio
async def test_nothing_outlives_the_gateway(platform):
    async with platform() as p:
        _, window = await p.watch()
        await p.watch("ben")
    assert await window.closed() == Closed(1001, "the gateway ends")
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.asyncio
async def test_a_connection_that_breaks_is_ended_and_its_error_not_lost(platform):
    async with platform() as p:
        _, window = await p.watch()
        await p.cache.publish("events:user-ada", '{"event_id": "no envelope"}')
        assert (await window.closed()).code == 1011
        with pytest.raises(KeyError):
            await p.events.close()


@pytest.mark.asyncio
async def test_a_cache_that_is_lost_opens_nothing(platform):
    async with platform() as p:
        token = await p.sign_in()

        def lost(*channels):
            raise ServiceUnavailable("cache", "gone")

        subscribe, p.cache.subscribe = p.cache.subscribe, lost
        with pytest.raises(ServiceUnavailable):
            await p.events.connect(token)
        p.cache.subscribe = subscribe
        assert (await p.events.connect(token)).is_open
