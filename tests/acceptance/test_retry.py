"""``--retry``: what passed only on a later attempt is flaky, wherever that is told."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from kit.story import Story

FEATURE = """
Feature: F
  @wobbly
  Scenario: Wobbles
    Given all is well
    When it fails 1 times
    Then all is well
  Scenario: Wobbles, and nobody said so
    When it fails 1 times
  @wobbly
  Scenario: Never passes
    When it fails 9 times
  @wobbly
  Scenario: Undefined
    Given nobody knows
  Scenario: Passes
    Given all is well
"""

STEPS = """
import os, pathlib
import pytest
from goldenpath.bdd import *

@step("all is well")
def _(): pass

def count(name):
    path = pathlib.Path(f"count-{name}")
    path.write_text(str(number := int(path.read_text()) + 1 if path.exists() else 1))
    return number

@step("it fails {int} times")
def _(times, request):
    assert count(request.node.name) > times
"""


def told(project) -> Story:
    """What the last run says."""
    return Story(project.root / ".goldenpath/runs/latest/messages.ndjson")


@pytest.fixture
def wobbly(project):
    """A project with scenarios that fail a number of times."""
    project.file("features/one.feature", FEATURE)
    project.file("features/conftest.py", STEPS)
    return project


OUTCOMES = {
    "Wobbles": ["PASSED FAILED SKIPPED", "PASSED PASSED PASSED"],
    "Wobbles, and nobody said so": ["FAILED"],
    "Never passes": ["FAILED", "FAILED", "FAILED"],
    "Undefined": ["UNDEFINED"],
    "Passes": ["PASSED"],
}


@pytest.mark.parametrize("args", [(), ("-n", "2")])
def test_only_what_the_tags_allow_is_tried_again(wobbly, args):
    run = wobbly.run_apart if args else wobbly.run
    result = run("--retry", "2", "--retry-tags=@wobbly", "--junitxml=report.xml", *args)
    result.assert_outcomes(passed=1, failed=4)
    story = told(wobbly)
    assert story.outcomes == OUTCOMES
    assert story.last["success"] is False
    cases = {case.get("name"): case for case in ElementTree.parse(wobbly.root / "report.xml").iter("testcase")}
    assert len(cases) == 5
    assert [name for name, case in cases.items() if case.find("failure") is None] == ["Passes"]
    assert "flaky" in cases["Wobbles"].find("failure").get("message")


def test_flaky_fails_the_run_unless_that_is_allowed_and_is_never_a_success(wobbly):
    args = ("-k", "(Wobbles or Passes) and not nobody and not Never", "--retry", "1")
    result = wobbly.run(*args)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert told(wobbly).last["success"] is True  # Cucumber's word for it
    (wobbly.root / "count-Wobbles").unlink()
    result = wobbly.run(*args, "--allow-flaky")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*1 passed, 1 flaky*"])
    assert result.parseoutcomes()["passed"] == 1
    timeline = (wobbly.root / ".goldenpath/runs/latest/timeline.ndjson").read_text("utf-8")
    assert '"flaky":1' in timeline.replace(" ", "")


AROUND = """
@pytest.fixture(autouse=True)
def around(request):
    number = count("around")
    if request.node.name == "Breaks before" and number % 2:
        raise OSError("no disk")
    yield
    if request.node.name == "Breaks behind" and number % 2:
        raise OSError("no disk")
    if request.node.name == "Breaks behind, later":
        assert number % 2, "later"

@step("it fails at first")
def _(): assert count("first") > 1
"""


@pytest.mark.parametrize(
    ("scenario", "outcomes", "status"),
    [
        ("Scenario: Breaks before\n    Given all is well", ["FAILED SKIPPED", "PASSED PASSED"], 1),
        ("Scenario: Breaks behind\n    Given all is well", ["PASSED FAILED", "PASSED PASSED"], 1),
        ("Scenario: Breaks behind, later\n    Given it fails at first", ["FAILED", "FAILED"], 1),
    ],
)
def test_every_attempt_has_the_steps_of_the_test_case(project, scenario, outcomes, status):
    project.file("features/one.feature", f"Feature: F\n  {scenario}\n")
    project.file("features/conftest.py", STEPS + AROUND)
    assert project.run("--retry", "1").ret == status
    assert list(told(project).outcomes.values()) == [outcomes]


def test_a_background_task_that_fails_at_the_very_end_is_tried_again_too(project):
    project.file("features/one.feature", "Feature: F\n  Scenario: S\n    Given a task that fails as it is stopped\n")
    project.file(
        "features/conftest.py",
        STEPS
        + """
import asyncio

@step("a task that fails as it is stopped")
async def _():
    async def forever():
        try:
            await asyncio.sleep(60)
        finally:
            if count("task") == 1:
                raise OSError("at the very end")
    asyncio.create_task(forever())
    await asyncio.sleep(0)
""",
    )
    assert project.run().ret == pytest.ExitCode.TESTS_FAILED
    story = told(project)
    assert story.outcomes == {"S": ["PASSED FAILED"]}
    assert story.last["success"] is False
    (project.root / "count-task").unlink()
    assert project.run("--retry", "1").ret == pytest.ExitCode.TESTS_FAILED
    assert told(project).outcomes == {"S": ["PASSED FAILED", "PASSED PASSED"]}


def test_attempts_that_another_plugin_makes_are_attempts_too(wobbly):
    """As pytest-rerunfailures does it."""
    wobbly.file(
        "conftest.py",
        """
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            for number in range(2):
                reports = runtestprotocol(item, nextitem=nextitem, log=False)
                if not any(report.failed for report in reports):
                    break
                item._initrequest()
            for report in reports:
                item.ihook.pytest_runtest_logreport(report=report)
            return True
        """,
    )
    wobbly.run().assert_outcomes(passed=3, failed=2)
    assert told(wobbly).outcomes == {
        "Wobbles": OUTCOMES["Wobbles"],
        "Wobbles, and nobody said so": ["FAILED", "PASSED"],
        "Never passes": ["FAILED", "FAILED"],
        "Undefined": ["UNDEFINED", "UNDEFINED"],
        "Passes": ["PASSED"],
    }
