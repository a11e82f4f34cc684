"""The messages of a run, however it was asked for and however it ended: each stream is whole."""

from __future__ import annotations

import json

import pytest
from kit.story import Story

LATEST = ".goldenpath/runs/latest/messages.ndjson"
BAD = "Ada spends too much"


def told(project, *, fully: bool = False) -> Story:
    """What the last run says."""
    return Story(project.root / LATEST, fully=fully)


@pytest.mark.parametrize(
    ("args", "ran"),
    [
        ((), 4),
        (("-x",), 2),
        (("--maxfail=2",), 4),
        (("-k", "Many"), 2),
        (("-p", "no:randomly", "-p", "no:cacheprovider"), 4),
        (("--tags=@quick",), 1),
        (("--order", "reverse", "-x"), 3),
        (("--deselect", "features/purse.feature::Ada spends too much"), 3),
        (("features/purse.feature::Ada spends too much",), 1),
        (("-p", "no:terminal"), 4),
        (("-s", "-vv", "--durations=3"), 4),
    ],
)
def test_each_scenario_that_ran_is_told_once(purse, args, ran):
    purse.run(*args)
    story = told(purse)
    assert sum(map(len, story.outcomes.values())) == ran
    assert len(story.all("pickle")) == 4
    assert story.last["success"] is (BAD not in story.outcomes)


def test_what_failed_last_is_told_alone(purse):
    purse.run()
    purse.run("--lf")
    assert told(purse).outcomes == {BAD: ["PASSED PASSED FAILED"]}
    purse.run("--ff")
    assert next(iter(told(purse).outcomes)) == BAD


@pytest.mark.parametrize(
    "args",
    [("-n", "2"), ("-n", "2", "--dist", "loadfile"), ("-n", "2", "--dist", "each", "-p", "no:terminal")],
)
def test_workers_tell_of_one_run(purse, args):
    """With --dist each every worker runs all: each scenario twice, and told once."""
    purse.file("features/other.feature", "Feature: Other\n  Scenario: Alone\n    Given Ada has 1 coins\n")
    result = purse.run_apart(*args)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    story = told(purse, fully=True)
    assert story.outcomes == {
        "Ada spends": ["PASSED PASSED PASSED"],
        BAD: ["PASSED PASSED FAILED"],
        "Many spend": ["PASSED PASSED PASSED"] * 2,
        "Alone": ["PASSED"],
    }
    assert story.last["success"] is False


def test_a_feature_that_does_not_parse_is_told_and_stops_nobody(purse):
    purse.file("features/red.feature", "Feature: Red\n  Scenario: S\n    Given it\n    nonsense\n")
    purse.run()
    story = told(purse, fully=True)
    assert [each["source"]["uri"] for each in story.all("parseError")] == ["features/red.feature"]
    assert sum(map(len, story.outcomes.values())) == 4
    purse.run("-k", "Many")
    assert told(purse).last["success"] is False


@pytest.mark.parametrize("args", [(), ("-n", "1")])
def test_a_feature_that_does_not_parse_is_told_where_it_is_alone(project, args):
    project.file("features/red.feature", "Feature: Red\n  Scenario: S\n    Given it\n    nonsense\n")
    (project.run_apart if args else project.run)(*args)
    story = told(project)
    assert len(story.all("parseError")) == 1
    assert story.last["success"] is False


STEPS = """
import asyncio, os, signal, sys, time
import json

import pytest
from goldenpath.bdd import *

@step("all is well")
def _(): pass

@step("it fails")
def _(): assert False

@step("it skips")
def _(): pytest.skip("not today")

@step("it is pending")
def _(): pending("soon")

@step("it is two{word}")
def _(how): pass

@step("it is twofold")
def _(): pass
"""


def test_every_status_and_every_way_around_the_steps(project):
    project.file(
        "features/ends.feature",
        """
        Feature: Ends
          @skip
          Scenario: Skipped by a mark
            Given all is well
          Scenario: Skipped in a step
            Given it skips
            Then all is well
          Scenario: Pending
            Given it is pending
            Then all is well
          Scenario: Undefined
            Given all is well
            Then nobody knows
            And nobody ever will
            And all is well
          Scenario: Ambiguous
            Given it is twofold
          Scenario: A fixture of a step fails
            Given a broken fixture
          Scenario: The end fails
            Given its end fails
          @xfail
          Scenario: Expected
            Given it fails
          @xfail
          Scenario: Not expected
            Given all is well
          Scenario: Expected in a step
            Given it is expected to fail
          Scenario: Needs what is not there
            Given it needs much
          Scenario: Empty
          @planned
          Scenario: Planned
            Given nobody knows
          @planned
          Scenario: Planned and empty
          Scenario Outline: No rows
            Given <x>
        """,
    )
    project.file(
        "features/conftest.py",
        STEPS
        + """
@pytest.fixture
def broken():
    raise OSError("no disk")

@pytest.fixture
def ending():
    yield
    raise OSError("no disk at the end")

@given("a broken fixture")
def _(broken): pass

@given("its end fails")
def _(ending): pass

@given("it is expected to fail")
def _(): pytest.xfail("known")

@given("it needs much", needs="auth.telepathy")
def _(): assert False
""",
    )
    project.ini("xfail_strict = false\n")
    project.run("-rA")
    story = told(project, fully=True)
    assert story.outcomes == {
        "Skipped by a mark": ["SKIPPED"],
        "Skipped in a step": ["SKIPPED SKIPPED"],
        "Pending": ["PENDING SKIPPED"],
        "Undefined": ["PASSED UNDEFINED UNDEFINED SKIPPED"],
        "Ambiguous": ["AMBIGUOUS"],
        "A fixture of a step fails": ["FAILED"],
        "The end fails": ["PASSED FAILED"],
        "Expected": ["FAILED"],
        "Not expected": ["PASSED"],
        "Expected in a step": ["FAILED"],
        "Needs what is not there": ["SKIPPED"],
        "Empty": [""],
        "No rows": [""],
    }
    assert story.last["success"] is False
    assert len(story.all("suggestion")) == 2


@pytest.mark.parametrize(
    ("scenario", "status", "success"),
    [
        ("@skip\nScenario: S\n Given all is well", 5, True),
        ("@planned\nScenario: S\n Given nobody knows", 5, True),
        ("@planned\nScenario: S", 5, True),
        ("Scenario: S", 1, True),
        ("Scenario: S\n Given it skips", 5, True),
        ("@xfail\nScenario: S\n Given it fails", 0, False),
        ("@xfail\nScenario: S\n Given nobody knows", 0, False),
        ("Scenario: S\n Given it is pending", 1, False),
        ("Scenario: S\n Given it is twofold", 1, False),
        ("Scenario: S\n Given nobody knows", 1, False),
        ("Scenario: S\n Given all is well", 0, True),
    ],
)
def test_success_is_cucumbers_and_the_exit_status_pytests(project, scenario, status, success):
    project.file("features/one.feature", f"Feature: F\n{scenario}\n")
    project.file("features/conftest.py", STEPS)
    result = project.run()
    assert (result.ret, told(project).last["success"]) == (status, success)


@pytest.mark.parametrize("args", [(), ("-n", "2")])
def test_features_of_several_roots_that_have_one_path_are_told_apart(project, args):
    for root, sentence in (("bank", "it fails"), ("shop", "all is well")):
        text = f"Feature: Log in\n  Scenario: S\n    Given {sentence}\n  Scenario: Empty\n"
        project.file(f"{root}/features/in.feature", text)
    project.file("shop/features/out.feature", "Feature: Log out\n  Scenario: T\n    Given all is well\n")
    project.file("conftest.py", STEPS)
    (project.run_apart if args else project.run)(*args)
    story = told(project)
    assert sorted(story.outcomes["S"]) == ["FAILED", "PASSED"]
    assert story.outcomes["T"] == ["PASSED"]
    assert len(story.outcomes["Empty"]) == 2
    timeline = (project.root / ".goldenpath/runs/latest/timeline.ndjson").read_text("utf-8")
    assert '"counts":{"empty":2,"failed":1,"passed":2}' in timeline.replace(": ", ":").replace(", ", ",")
    for scenario_id in ("bank/features/in.feature::S", "shop/features/in.feature::S", "out.feature::T"):
        assert f'"{scenario_id}"' in timeline
    project.run("shop")
    assert told(project).outcomes == {"S": ["PASSED"], "T": ["PASSED"], "Empty": [""]}


def test_a_file_that_is_collected_twice_is_told_once(project):
    project.file("features/one.feature", "Feature: F\n  Scenario: S\n    Given all is well\n")
    project.file("features/conftest.py", STEPS)
    project.run("--keep-duplicates", "features/one.feature", "features/one.feature").assert_outcomes(passed=2)
    assert told(project).outcomes == {"S": ["PASSED"]}


def test_an_error_outside_of_steps_and_hooks_ends_the_stream(purse):
    purse.file(
        "conftest.py",
        """
        def pytest_runtest_logfinish(nodeid):
            if "too much" in nodeid:
                raise RuntimeError("the plugin broke")
        """,
    )
    assert purse.run().ret == pytest.ExitCode.INTERNAL_ERROR
    story = told(purse, fully=True)
    assert sum(map(len, story.outcomes.values())) == 2
    assert story.last["success"] is False
    assert story.last["exception"]["type"] == "RuntimeError"
    assert story.last["exception"]["message"] == story.last["message"] == "the plugin broke"


@pytest.mark.parametrize("args", [(), ("-n", "2")])
def test_an_error_within_pytests_own_hooks_leaves_no_case_open(purse, args):
    purse.file(
        "conftest.py",
        """
        def pytest_runtest_teardown(item):
            if "too much" in item.name:
                raise RuntimeError("the teardown broke")
        """,
    )
    (purse.run_apart if args else purse.run)(*args)
    story = told(purse)
    assert sum(map(len, story.outcomes.values())) == 4
    assert story.last["success"] is False


def test_a_conftest_that_is_broken_is_no_success(purse):
    purse.file("features/shop/conftest.py", "import nothing_like_it\n")
    purse.file("features/shop/red.feature", "Feature: Red\n  Scenario: S\n    Given Ada has 5 coins\n")
    result = purse.run()
    assert result.ret != pytest.ExitCode.OK
    for stream in purse.root.glob(".goldenpath/runs/2*/messages.ndjson"):
        assert Story(stream).last["success"] is False


def test_fixtures_that_are_there_for_every_scenario(project):
    project.file(
        "features/one.feature",
        "Feature: F\n  Scenario: S\n    Given all is well\n  Scenario: T\n    Given all is well\n",
    )
    project.file(
        "features/conftest.py",
        STEPS
        + """
@pytest.fixture(autouse=True, params=["one", "two", "three"])
def number(request):
    if (request.node.scenario.name, request.param) == ("S", "two"):
        raise OSError("no second one")
    yield
    if (request.node.scenario.name, request.param) == ("T", "three"):
        raise OSError("it does not end")
""",
    )
    project.run().assert_outcomes(passed=5, errors=2)
    story = told(project, fully=True)
    assert sorted(story.outcomes["S"]) == ["FAILED SKIPPED", "PASSED", "PASSED"]
    assert sorted(story.outcomes["T"]) == ["PASSED", "PASSED", "PASSED FAILED"]
    assert story.messages == ["OSError: no second one", "OSError: it does not end"]


def test_a_copy_goes_where_it_was_asked_for(purse):
    purse.run("--messages", "out/of/the/way.ndjson")
    assert (purse.root / "out/of/the/way.ndjson").read_bytes() == (purse.root / LATEST).read_bytes()


def test_a_copy_that_cannot_be_written_is_an_error(purse):
    (purse.root / "out").mkdir()
    result = purse.run("-k", "Many", "--messages", "out")
    assert result.ret != pytest.ExitCode.OK
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    told(purse)
    purse.file("in-the-way", "")
    result = purse.run("-k", "Many", "--messages", "in-the-way/m.ndjson")
    assert result.ret != pytest.ExitCode.OK
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


def order_of(project, *args: str) -> list[str]:
    """The scenarios in the order in which they began."""
    (project.run_apart if "-n" in args else project.run)(*args)
    story = told(project)
    started = sorted(story.all("testCaseStarted"), key=lambda each: tuple(each["timestamp"].values()))
    return [each["testCaseId"] for each in started]


def test_one_seed_gives_one_order_also_in_workers(project):
    scenarios = "".join(f"  Scenario: S{number}\n    Given all is well\n" for number in range(8))
    project.file("features/one.feature", f"Feature: F\n{scenarios}")
    project.file("features/conftest.py", STEPS)
    defined = order_of(project)
    shuffled = order_of(project, "--order", "random:7")
    assert shuffled != defined
    assert sorted(shuffled) == sorted(defined)
    assert order_of(project, "--order", "random:7", "-n", "1") == shuffled
    assert order_of(project, "--order", "reverse") == defined[::-1]


def test_every_choice_among_ambiguous_sentences_is_told(project):
    project.file("goldenpath.toml", 'ambiguous = "first"\n')
    project.file(
        "features/one.feature",
        "Feature: F\n  Scenario: S\n    Given it is twofold\n  Scenario: T\n    Given it is twofold\n",
    )
    project.file("features/conftest.py", STEPS)
    result = project.run()
    result.assert_outcomes(passed=2)
    said = " ".join(result.stdout.str().split())
    for line in (3, 5):
        assert f"ambiguous, and the first was taken: features/one.feature:{line} took features/conftest.py" in said
    assert told(project).last["success"] is True


def test_a_service_that_was_used_is_told_with_its_tier(project):
    project.file("features/one.feature", "Feature: F\n  Scenario: S\n    Given Ada signs in\n    Then all is well\n")
    project.file(
        "features/conftest.py",
        STEPS
        + """
@step("Ada signs in")
async def _(services):
    await services.auth.create_account("Ada")
""",
    )
    project.run("--mode", "mock")
    ((kind, body),) = told(project, fully=True).attachments
    assert kind == "application/json"
    assert {"service": "auth", "tier": "mock", "stand_in": True} in json.loads(body)


@pytest.mark.parametrize("scenario", ["@planned\nScenario: S", "@skip\nScenario: S\n Given all is well"])
def test_workers_that_executed_nothing_are_no_success(project, scenario):
    project.file("features/one.feature", f"Feature: F\n{scenario}\n")
    project.file("features/conftest.py", STEPS)
    assert project.run_apart("-n", "1").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    told(project)


@pytest.mark.parametrize("when", ["before_run", "after_run"])
def test_a_hook_of_a_run_that_fails_in_workers_fails_the_run(purse, when):
    purse.file("conftest.py", f"from goldenpath.bdd import {when}\n\n@{when}\ndef _(): assert False\n")
    result = purse.run_apart("-n", "2", "-k", "Many")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    story = told(purse)
    assert story.last["success"] is False
    assert {each["result"]["status"] for each in story.all("testRunHookFinished")} == {"FAILED"}
    assert len(story.outcomes) == (0 if when == "before_run" else 1)
