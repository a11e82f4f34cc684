"""What looks green elsewhere and proves nothing: each by a suite that shows it. None of them passes here."""

from __future__ import annotations

import pytest
from kit.story import Story

STEPS = """
import asyncio
import functools
from goldenpath.bdd import given, parsers, step, then, when

@step("all is well")
def _(): pass
"""

ONE = "Scenario: S\n  Given all is well\n  Then it is so\n"

SUITES = {
    "an async step that asserts what is not": (ONE, "@then('it is so')\nasync def _(): assert False", "failed"),
    "an async step behind a partial": (
        ONE,
        "async def check(what): assert what\nthen('it is so')(functools.partial(check, what=False))",
        "failed",
    ),
    "an async step behind a decorator": (
        ONE,
        "def through(f):\n    @functools.wraps(f)\n    def inner(*a, **k): return f(*a, **k)\n    return inner\n"
        "@then('it is so')\n@through\nasync def _(): assert False",
        "failed",
    ),
    "a callable object whose call is async": (
        ONE,
        "class Check:\n    async def __call__(self): assert False\nthen('it is so')(Check())",
        "failed",
    ),
    "a lambda that returns a coroutine": (
        ONE,
        "async def check(): assert False\nthen('it is so')(lambda: check())",
        "failed",
    ),
    "a coroutine that nobody awaited": (
        ONE,
        "async def check(): assert False\n@then('it is so')\nasync def _(): check()",
        "failed",
    ),
    "a coroutine that a fixture holds to the end": (
        ONE,
        "import pytest\n@pytest.fixture\ndef bag(): return {}\n"
        "async def check(): assert False\n@then('it is so')\ndef _(bag): bag['later'] = check()",
        "failed",
    ),
    "an async step that returns a coroutine": (
        ONE,
        "async def check(): assert False\n@then('it is so', target_fixture='x')\nasync def _(): return check()",
        "failed",
    ),
    "a future that is returned": (
        ONE,
        "@then('it is so')\nasync def _(): return asyncio.get_running_loop().create_future()",
        "failed",
    ),
    "an async generator that asserts before it yields": (
        ONE,
        "@then('it is so')\nasync def _():\n    assert False\n    yield",
        "failed",
    ),
    "an async generator that asserts behind its yield": (
        ONE,
        "@then('it is so')\nasync def _():\n    yield\n    assert False",
        "failed",
    ),
    "a generator that asserts behind its yield": (
        ONE,
        "@then('it is so')\ndef _():\n    yield\n    assert False",
        "failed",
    ),
    "a task whose exception nobody saw": (
        ONE,
        "async def check(): assert False\n@then('it is so')\nasync def _():\n    asyncio.ensure_future(check())",
        "failed",
    ),
    "a callback that fails": (
        ONE,
        "def check(): assert False\n@then('it is so')\nasync def _(): asyncio.get_running_loop().call_soon(check)",
        "failed",
    ),
    "two sentences that match": (
        ONE,
        "@then('it is so')\ndef _(): assert False\n@then(parsers.parse('it is {how}'))\ndef _(how): pass",
        "ambiguous",
    ),
    "a sentence that nobody wrote": (ONE, "", "undefined"),
    "an empty scenario": ("Scenario: S\n", "", "empty"),
    "an empty scenario with a background": ("Background:\n  Given all is well\nScenario: S\n", "", "empty"),
    "a scenario whose first keyword is misspelt": ("Scenario: S\n  Gven all is well\n", "", "empty"),
    "an outline without rows": ("Scenario Outline: S\n  Given all is well\n  Examples:\n    | x |\n", "", "empty"),
    "an outline without examples": ("Scenario Outline: S\n  Given all is <x>\n", "", "empty"),
}


@pytest.mark.parametrize("suite", SUITES)
def test_it_does_not_pass(project, suite):
    scenario, steps, status = SUITES[suite]
    project.file("features/one.feature", f"Feature: F\n{scenario}")
    project.file("features/conftest.py", f"{STEPS}{steps}\n")
    result = project.run("-W", "ignore")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    folder = project.root / ".goldenpath/runs/latest"
    assert f'"status":"{status}"' in (folder / "timeline.ndjson").read_text("utf-8").replace('": "', '":"')
    assert Story(folder / "messages.ndjson").last["success"] is (status == "empty")


@pytest.mark.parametrize(
    "text",
    [
        "Feature: F\n  Scenario: S\n    Given all is well\n    Thn it is not\n",
        "Feature: F\n  Scenaro: S\n    Given all is well\n",
        "Feature: F\n  Scenario: S\n  Scenario Outlin: T\n    Given all is well\n",
        "Feature: F\n  Scenario: S\n    given all is well\n",
    ],
)
def test_a_misspelt_keyword_is_no_success(project, text):
    project.file("features/one.feature", text)
    project.file("features/conftest.py", STEPS)
    assert project.run().ret not in {pytest.ExitCode.OK, pytest.ExitCode.INTERNAL_ERROR}


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "Feature: F\n", "Feature: F\n  Rule: R\n"])
def test_a_file_with_nothing_to_run_is_told_and_no_success(project, text):
    project.file("features/one.feature", text)
    project.file("features/conftest.py", STEPS)
    result = project.run("-rs")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["*so it proves nothing*"])


def test_of_two_scenarios_with_one_name_both_run(project):
    project.file(
        "features/one.feature",
        "Feature: F\n  Scenario: S\n    Given it is not so\n  Scenario: S\n    Given all is well\n",
    )
    project.file("features/conftest.py", f"{STEPS}@step('it is not so')\ndef _(): assert False\n")
    project.run().assert_outcomes(passed=1, failed=1)
    story = Story(project.root / ".goldenpath/runs/latest/messages.ndjson")
    assert story.outcomes == {"S": ["FAILED", "PASSED"]}


@pytest.mark.parametrize("scenario", ["Scenario: S\n    Given nobody knows", "Scenario: S", "Scenario Outline: S"])
def test_a_promise_fails_nothing_and_is_no_success(project, scenario):
    project.file("features/one.feature", f"Feature: F\n  @planned\n  {scenario}\n")
    result = project.run("-v")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["*PLANNED*", "*1 planned*"])
    project.file("features/two.feature", "Feature: G\n  Scenario: T\n    Given all is well\n")
    project.file("features/conftest.py", STEPS)
    result = project.run()
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes() == {"passed": 1, "planned": 1}
