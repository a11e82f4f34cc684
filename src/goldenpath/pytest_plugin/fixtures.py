"""The fixtures that scenarios and ordinary tests may ask for: the ports of this scenario, or of this test.

Their names are long on purpose: in somebody's suite no short name is ours (rule 9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from goldenpath.ports.agents import AgentsPort
    from goldenpath.ports.auth import AuthPort
    from goldenpath.ports.cache import CachePort
    from goldenpath.ports.clock import Clock
    from goldenpath.ports.database import DatabasePort
    from goldenpath.ports.events import EventsPort
    from goldenpath.runtime.services import Services


@pytest.fixture
def services(request: pytest.FixtureRequest) -> Services:
    """The services of this scenario or test: ``services.auth``, ``services["billing"]``, ``services.sync.auth``."""
    found: Services | None = getattr(request.node, "services", None)
    return found if found is not None else _of_a_test(request)


def _of_a_test(request: pytest.FixtureRequest) -> Services:
    if not isinstance(request.node, pytest.Function):
        pytest.fail(
            f"the fixture {request.fixturename!r} of Golden Path is for scenarios and test functions; "
            f"{request.node.name!r} is neither",
            pytrace=False,
        )
    from goldenpath.pytest_plugin.plain import PlainTests

    tests = PlainTests.of(request.config)
    # One that was asked for by request.getfixturevalue, by a test that nobody took for ours.
    test = tests.at_work(request.node) or tests.begin(request.node)
    test.arrive(request)
    return test.services


def _port(services: Services, name: str) -> Any:
    if name not in services:
        pytest.skip(f"this project has no service {name!r}")
    return services[name]


@pytest.fixture
def gp_auth(services: Services) -> AuthPort:
    """Signing in and what follows from it, in this scenario."""
    return _port(services, "auth")  # type: ignore[no-any-return]


@pytest.fixture
def gp_events(services: Services) -> EventsPort:
    """Watching the assistant at work, in this scenario."""
    return _port(services, "events")  # type: ignore[no-any-return]


@pytest.fixture
def gp_agents(services: Services) -> AgentsPort:
    """Conversations and runs, in this scenario."""
    return _port(services, "agents")  # type: ignore[no-any-return]


@pytest.fixture
def gp_database(services: Services) -> DatabasePort:
    """What is stored, in this scenario."""
    return _port(services, "database")  # type: ignore[no-any-return]


@pytest.fixture
def gp_cache(services: Services) -> CachePort:
    """What is kept for a while, in this scenario."""
    return _port(services, "cache")  # type: ignore[no-any-return]


@pytest.fixture
def gp_clock(services: Services) -> Clock:
    """The time of this scenario."""
    clock: Any = services.clock
    return clock  # type: ignore[no-any-return]
