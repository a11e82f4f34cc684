import pytest

from goldenpath.adapters.agents.mock import MockAgents
from goldenpath.adapters.events.mock import MockEvents
from goldenpath.domain.values import Tier
from goldenpath.ports.adapter import Adapter


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("kind", "service", "needs", "capabilities"),
    [
        (MockAgents, "agents", ("auth", "database", "cache"), {"scripted", "cancel", "restart", "clock"}),
        (MockEvents, "events", ("auth", "agents", "cache"), {"tickets", "resume", "order"}),
    ],
)
async def test_an_adapter_says_what_it_is(kind, service, needs, capabilities):
    adapter = kind()
    assert isinstance(adapter, Adapter)
    assert (adapter.services, adapter.tier, adapter.stand_in) == ((service,), Tier.MOCK, True)
    assert (adapter.needs, adapter.capabilities) == (needs, capabilities)
    assert (await adapter.probe()).up
