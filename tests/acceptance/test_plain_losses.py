"""An ordinary test that loses a service starts again on what is left, in hybrid only; a failed assertion never does."""

from __future__ import annotations

import json

import pytest

ADAPTERS = """
from contextlib import asynccontextmanager

import pytest

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.domain.values import Availability, Tier


class Port:
    def __init__(self, tier):
        self.tier = tier

    async def charge(self, amount):
        if self.tier is Tier.REAL and amount > 1:
            raise ServiceUnavailable("billing", "the connection was reset")
        return str(self.tier)


class Billing:
    services = ("billing",)
    needs = ()
    capabilities = frozenset()

    def __init__(self, tier):
        self.tier = tier
        self.stand_in = tier is Tier.MOCK

    async def probe(self):
        return Availability(True, "it answers")

    async def start(self, context):
        return {"url": "http://127.0.0.1:1"}

    @asynccontextmanager
    async def open(self, context):
        yield {"billing": Port(self.tier)}


def goldenpath_register_adapters(registry):
    registry.register("billing.mock", Billing(Tier.MOCK))
    registry.register("billing.real", Billing(Tier.REAL))


@pytest.fixture
def made():
    return []
"""
TESTS = {
    "sync": """
        def test_loses(services, made):
            assert made == []
            made.append(1)
            assert services.sync["billing"].charge(2) == "mock"
    """,
    "async": """
        async def test_loses(services, made):
            assert made == []
            made.append(1)
            assert await services["billing"].charge(2) == "mock"
    """,
    "class": """
        from goldenpath import ServiceIndependentIntegrationTest

        class TestLoses(ServiceIndependentIntegrationTest):
            async def test_loses(self):
                assert not hasattr(self, "made")
                self.made = 1
                assert await self.services["billing"].charge(2) == "mock"
    """,
}


def ends(project) -> list[tuple]:
    lines = (project.root / ".goldenpath/runs/latest/timeline.ndjson").read_text("utf-8").splitlines()
    finished = [each for each in map(json.loads, lines) if each["event"] == "scenario_finished"]
    return [(each["attempt"], each["status"], each["standing"], each["degraded"], each["lost"]) for each in finished]


@pytest.mark.parametrize("kind", TESTS)
@pytest.mark.parametrize("args", [("-p", "no:asyncio"), ("--asyncio-mode=auto",)])
def test_in_hybrid_a_test_starts_again_on_what_is_left(project, kind, args):
    project.file("conftest.py", ADAPTERS)
    project.file("test_one.py", TESTS[kind])
    result = project.run("--mode", "hybrid", *args)
    result.assert_outcomes(passed=1)
    assert ends(project) == [(1, "failed", None, False, ["billing"]), (2, "passed", "rehearsed", True, [])]
    result.stdout.fnmatch_lines(["*mock (stand-in)  1 passed (rehearsed, degraded)"])


@pytest.mark.parametrize(
    ("mark", "args"), [("", ["--service=billing=real"]), ("@pytest.mark.critical", ["--mode", "hybrid"])]
)
def test_what_asked_for_the_real_thing_fails(project, mark, args):
    project.file("conftest.py", ADAPTERS)
    project.file(
        "test_one.py",
        f"import pytest\n\n{mark}\ndef test_loses(services):\n    services.sync['billing'].charge(2)\n",
    )
    project.run(*args).assert_outcomes(failed=1)
    assert [each[:2] for each in ends(project)] == [(1, "failed")]


def test_a_failed_assertion_is_tried_once(project):
    project.file("conftest.py", ADAPTERS)
    project.file("test_one.py", "def test_fails(services):\n    assert services.sync['billing'].charge(1) == 'mock'\n")
    project.run("--mode", "hybrid").assert_outcomes(failed=1)
    assert ends(project) == [(1, "failed", None, False, [])]
