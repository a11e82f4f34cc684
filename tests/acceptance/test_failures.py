"""What a failed scenario says."""

from __future__ import annotations

import pytest

FEATURE = """
Feature: Asking

  Scenario: No answer
    Given Ada is here
    Then Ada reads one answer
    And all is well

  Scenario: Values
    Then the values are equal

  Scenario: A reason
    Then there is a reason

  Scenario: A secret
    Given Ada is here
    Then her password is known
"""

STEPS = """
import asyncio
from goldenpath.bdd import given, then
from goldenpath.domain.errors import NotSeen

@given("{word} is here", target_fixture="account")
async def _(name, gp_auth):
    return await gp_auth.create_account(name)

@then("{word} reads one answer")
async def _(name):
    await waits()

async def waits():
    await asyncio.sleep(0)
    raise NotSeen("the answer", 5, "the assistant had only started")

@then("all is well")
def _(): pass

@then("the values are equal")
def _():
    found = [1, 2]
    assert found == [1, 3]

@then("there is a reason")
async def _():
    assert 1 == 2, "one is not two"

@then("her password is known")
def _(account):
    print("said aloud:", account.password)
    with open("password", "w") as file:
        file.write(account.password)
    assert {"some": "other thing", "b": account.password} == {}
"""


@pytest.fixture
def asking(project):
    project.file("features/asking.feature", FEATURE)
    project.file("features/conftest.py", STEPS)
    return project


def test_the_story_of_a_failure(asking):
    result = asking.run("-k", "answer")
    result.assert_outcomes(failed=1, deselected=3)
    lines = result.outlines
    first = lines.index("Ada reads one answer: after 5 s the assistant had only started")
    assert lines[first - 1].strip("_ ") == "Scenario: No answer"
    assert lines[first + 1 : first + 11] == [
        "",
        "features/asking.feature:5  Scenario: No answer",
        "  done       Given Ada is here",
        "  failed     Then Ada reads one answer",
        "  not run    And all is well",
        "",
        "E   NotSeen: waited for the answer; after 5 s the assistant had only started",
        "features/conftest.py:15",
        "",
        "Seen so far:",
    ]
    assert lines[first + 11].startswith("  auth.create_account")
    assert all(len(line) <= 80 for line in lines[first : first + 12] if not line.startswith("E "))
    result.stdout.no_fnmatch_line("*raise NotSeen*")


def test_the_short_summary_says_the_sentence(asking):
    asking.run("-k", "not secret").stdout.fnmatch_lines(
        [
            "FAILED features/asking.feature::No answer - Ada reads one answer: after 5 s*",
            "FAILED features/asking.feature::Values - the values are equal: not so",
            "FAILED features/asking.feature::A reason - there is a reason: one is not two",
        ]
    )


def test_the_assertion_shows_its_values(asking):
    result = asking.run("-k", "Values")
    result.stdout.fnmatch_lines(["E   assert [[]1, 2[]] == [[]1, 3[]]", "E     At index 1 diff: 2 != 3"])


def test_python_is_shown_from_the_step_on_if_asked_for(asking):
    result = asking.run("-v", "-k", "answer")
    result.stdout.fnmatch_lines(["    @then(*reads one answer*)", ">       await waits()", ">       raise NotSeen(*"])
    result.stdout.no_fnmatch_line("*pytest_plugin*")
    result.stdout.no_fnmatch_line("*runtime*loop.py*")
    asking.run("--full-trace", "-k", "answer").stdout.fnmatch_lines(["*stepping.py*"])


def test_no_secret_is_told(asking):
    for args in ([], ["-vv", "--showlocals", "--junitxml=report.xml", "-rA"]):
        result = asking.run("-k", "secret", *args)
        password = (asking.root / "password").read_text(encoding="utf-8")
        result.stdout.fnmatch_lines(["*<password *>*"])
        text = result.stdout.str() + "".join(
            path.read_text(encoding="utf-8") for path in asking.root.rglob("*") if path.suffix in {".xml", ".ndjson"}
        )
        assert password not in text
        assert password[-6:] not in text


def test_what_is_wrong_although_all_steps_pass(project):
    project.file("goldenpath.toml", 'mode = "mock"\ntags = { sign_in = "auth" }\n')
    project.file(
        "features/one.feature",
        """
        Feature: Hollow green
          @sign_in
          Scenario: Proves nothing
            Given nothing happens
          @sign_in
          Scenario: Proves something
            Given somebody is here
          Scenario: Leaves a task
            Given a task fails
        """,
    )
    project.file(
        "features/conftest.py",
        """
        import asyncio
        from goldenpath.bdd import given

        @given("nothing happens")
        def _(): pass

        @given("somebody is here")
        async def _(services):
            await services.auth.create_account("Ada")

        @given("a task fails")
        async def _():
            async def fail():
                raise LookupError("far away")
            asyncio.create_task(fail())
            await asyncio.sleep(0.01)
        """,
    )
    result = project.run()
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "it proved nothing: it is tagged @sign_in, and none of its steps used auth",
            "a task that a step had started failed, and nobody saw it: LookupError: far*",
        ]
    )
