"""All five services of the mock tier together, as a scenario opens them."""

from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest

from goldenpath.adapters.agents.mock import MockAgents
from goldenpath.adapters.auth.mock import MockAuth
from goldenpath.adapters.cache.mock import MockCache
from goldenpath.adapters.database.mock import MockDatabase
from goldenpath.adapters.events.mock import MockEvents
from goldenpath.domain.errors import NotSignedIn
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.ports.events import SESSION_ENDED


@asynccontextmanager
async def everything():
    clock, ids, ports = ScenarioClock(), SeededIds("test"), {}
    async with AsyncExitStack() as stack:
        for adapter in (MockDatabase(), MockCache(), MockAuth(), MockAgents(), MockEvents()):
            needed = {service: ports[service] for service in adapter.needs}
            ports |= await stack.enter_async_context(adapter.open(OpenContext("test", clock, ids, needed)))
        yield ports | {"clock": clock}


@pytest.mark.asyncio
async def test_the_golden_path(rules):
    async with everything() as ports:
        auth, events, agents = ports["auth"], ports["events"], ports["agents"]
        account = await auth.create_account("ada")
        laptop = await auth.login(account.email, account.password, "laptop")
        phone = await auth.login(account.email, account.password, "phone")
        window = await events.connect(ticket=await events.ticket(laptop.access_token))
        other = await events.connect(phone.access_token)
        started = await window.ask("How did our sales do last week?")
        await window.ending(started.run_id)
        rules(list(window.received))
        ticket = await events.ticket(laptop.access_token)
        await auth.logout(laptop.access_token)
        assert (await window.closed()).code == SESSION_ENDED
        for operation in (events.connect(laptop.access_token), events.connect(ticket=ticket)):
            with pytest.raises(NotSignedIn):
                await operation
        with pytest.raises(NotSignedIn):
            await agents.start(laptop.access_token, "Hello")
        assert len(await agents.messages(phone.access_token, started.thread_id)) == 2
        assert other.is_open


@pytest.mark.asyncio
async def test_a_ticket_does_not_outlive_its_token():
    async with everything() as ports:
        auth, events = ports["auth"], ports["events"]
        account = await auth.create_account("ada")
        grant = await auth.login(account.email, account.password)
        await ports["clock"].advance(timedelta(seconds=grant.expires_in - 30))
        ticket = await events.ticket(grant.access_token)
        await ports["clock"].advance(timedelta(seconds=31))
        with pytest.raises(NotSignedIn):
            await events.connect(ticket=ticket)
        renewed = await auth.refresh(grant.refresh_token)
        assert (await events.connect(renewed.access_token)).is_open
