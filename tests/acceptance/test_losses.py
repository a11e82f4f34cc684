"""A service that is lost in mid-run: who starts again, on what, and how that is told."""

from __future__ import annotations

import json

import pytest
from kit.story import Story

FEATURE = """
Feature: Charging
  Scenario: Before
    When 1 is charged
  Scenario: Loses it
    When 2 is charged
  Scenario: After
    When 3 is charged
"""

CONFTEST = """
from contextlib import asynccontextmanager
from goldenpath.bdd import when
from goldenpath.domain.errors import NotSeen, ServiceUnavailable
from goldenpath.domain.values import Availability, Tier

STATE = {"up": True}

class Port:
    def __init__(self, tier):
        self.tier = tier

    async def charge(self, amount):
        if self.tier is Tier.REAL and amount >= 2:
            return self.lose(amount)
        return amount

    def lose(self, amount):
        STATE["up"] = False
        raise ServiceUnavailable("billing", "the connection was reset")

class Billing:
    services = ("billing",)
    needs = ()
    capabilities = frozenset()

    def __init__(self, tier):
        self.tier = tier
        self.stand_in = tier is Tier.MOCK

    async def probe(self):
        return Availability(self.stand_in or STATE["up"], "it answers" if STATE["up"] else "nothing listens there")

    async def start(self, context):
        return {"url": "http://127.0.0.1:1"}

    @asynccontextmanager
    async def open(self, context):
        yield {"billing": Port(self.tier)}

def goldenpath_register_adapters(registry):
    registry.register("billing.mock", Billing(Tier.MOCK))
    registry.register("billing.real", Billing(Tier.REAL))

@when("{int} is charged")
async def _(amount, services):
    assert await services.billing.charge(amount) == amount
"""


@pytest.fixture
def shop(project):
    """A project with a service that is lost when 2 or more is charged."""
    project.file("features/one.feature", FEATURE)
    project.file("features/conftest.py", CONFTEST)
    return project


def ends(project):
    """How each attempt ended: scenario, attempt, status, standing, degraded, lost, tiers."""
    lines = (project.root / ".goldenpath/runs/latest/timeline.ndjson").read_text().splitlines()
    records = (json.loads(line) for line in lines)
    return [
        (
            each["scenario"].rpartition("::")[2],
            each["attempt"],
            each["status"],
            each["standing"],
            each["degraded"],
            each["lost"],
            [use["tier"] for use in each["services"]],
        )
        for each in records
        if each["event"] == "scenario_finished"
    ]


def test_in_hybrid_the_scenario_starts_again_on_what_is_left(shop):
    done = shop.run("features", "--mode", "hybrid")
    done.assert_outcomes(passed=3)
    assert ends(shop) == [
        ("Before", 1, "passed", "verified", False, [], ["real"]),
        ("Loses it", 1, "failed", None, False, ["billing"], ["real"]),
        ("Loses it", 2, "passed", "rehearsed", True, [], ["mock"]),
        ("After", 1, "passed", "rehearsed", False, [], ["mock"]),
    ]
    done.stdout.fnmatch_lines(
        [
            "*not taken: real for any service: it was lost in mid-run: the connection was",
            "*mock (stand-in)  1 passed (rehearsed), 1 passed (rehearsed, degraded)",
            "*real             1 passed (verified)",
            "*lost on the way: billing",
        ]
    )
    story = Story(shop.root / ".goldenpath/runs/latest/messages.ndjson")
    assert story.last["success"]


def test_a_mode_that_names_a_tier_falls_no_lower(shop):
    done = shop.run("features", "--service", "billing=real")
    done.assert_outcomes(passed=1, failed=1, skipped=1)
    assert [each[:4] for each in ends(shop)] == [
        ("Before", 1, "passed", "verified"),
        ("Loses it", 1, "failed", None),
        ("After", 1, "skipped", None),
    ]


def test_what_cannot_run_any_more_is_a_failure_on_a_build_server(shop):
    shop.run("features", "--service", "billing=real", "--ci").assert_outcomes(passed=1, failed=2)


def test_what_is_critical_is_not_proved_on_a_stand_in_after_a_loss(shop):
    shop.file("features/one.feature", FEATURE.replace("  Scenario: Loses", "  @critical\n  Scenario: Loses"))
    done = shop.run("features", "--mode", "hybrid")
    done.assert_outcomes(passed=2, failed=1)
    assert ends(shop)[1] == ("Loses it", 1, "failed", None, False, ["billing"], ["real"])


def test_a_failed_assertion_is_tried_nowhere_else(shop):
    wrong = CONFTEST.replace('raise ServiceUnavailable("billing", "the connection was reset")', "return amount + 1")
    shop.file("features/conftest.py", wrong)
    done = shop.run("features", "--mode", "hybrid")
    done.assert_outcomes(passed=1, failed=2)
    assert [each[1] for each in ends(shop)] == [1, 1, 1]
    assert all(not each[5] for each in ends(shop))


def test_a_wait_that_saw_nothing_is_a_loss_only_where_the_service_is_gone(shop):
    nothing = 'raise NotSeen("the receipt", 5, "nothing had come")'
    gone = CONFTEST.replace('raise ServiceUnavailable("billing", "the connection was reset")', nothing)
    shop.file("features/conftest.py", gone)
    shop.run("features", "--mode", "hybrid").assert_outcomes(passed=3)
    assert ends(shop)[1][5] == ["billing"]
    shop.file("features/conftest.py", gone.replace('STATE["up"] = False', "pass"))
    shop.run("features", "--mode", "hybrid").assert_outcomes(passed=1, failed=2)
    assert all(not each[5] for each in ends(shop))


def test_two_workers_each_find_out(shop):
    done = shop.run("features", "--mode", "hybrid", "-n", "2")
    done.assert_outcomes(passed=3)
    assert {each[0]: each[2] for each in ends(shop) if each[1] == 2 or each[0] == "Before"}["Before"] == "passed"
    assert all(each[2] == "passed" for each in ends(shop) if not each[5])


@pytest.mark.parametrize(
    "wrong",
    [
        "try:\n        await services.billing.charge(amount)\n"
        "    except Exception as error:\n        raise AssertionError(1) from error",
        "raise ExceptionGroup('both', [AssertionError(1), ServiceUnavailable('billing', 'gone')])",
    ],
)
def test_a_failed_assertion_is_never_tried_elsewhere_whatever_was_lost(shop, wrong):
    text = CONFTEST.replace("assert await services.billing.charge(amount) == amount", wrong)
    shop.file("features/conftest.py", text)
    done = shop.run("features", "--mode", "hybrid", "-k", "Loses")
    done.assert_outcomes(failed=1)
    assert [each[1] for each in ends(shop)] == [1]


def test_what_is_critical_fails_when_its_service_was_lost_before(shop):
    shop.file("features/one.feature", FEATURE.replace("  Scenario: After", "  @critical @billing\n  Scenario: After"))
    shop.file("goldenpath.toml", '[tags]\nbilling = "billing"\n')
    done = shop.run("features", "--mode", "hybrid")
    done.assert_outcomes(passed=2, failed=1)
    assert [each[2] for each in ends(shop) if each[0] == "After"] == ["failed"]
    done.stdout.fnmatch_lines(["*billing is lost, and nothing less may answer*"])


def test_who_swallows_a_loss_has_not_passed(shop):
    swallows = "try:\n        await services.billing.charge(amount)\n    except Exception:\n        pass"
    text = CONFTEST.replace("assert await services.billing.charge(amount) == amount", swallows)
    shop.file("features/conftest.py", text)
    done = shop.run("features", "--mode", "hybrid", "-k", "Loses")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*billing was lost whenever it was asked, and it passed all the same*"])
