"""What steps and hooks say in the messages of a run, however odd it is."""

from __future__ import annotations

import base64
import json

import pytest
from kit.story import Story

STEPS = """
import asyncio, base64, pathlib
import pytest
from goldenpath.bdd import *

@step("all is well")
def _(): pass

@step("it fails")
def _(): assert False
"""


def told(project, *, fully: bool = False) -> Story:
    """What the last run says."""
    return Story(project.root / ".goldenpath/runs/latest/messages.ndjson", fully=fully)


@pytest.fixture
def suite(project):
    """A project with these scenarios and, besides two sentences, this Python."""

    def made(scenarios: str, python: str = ""):
        project.file("features/one.feature", f"Feature: F\n{scenarios}\n")
        project.file("features/conftest.py", STEPS + python)
        return project

    return made


ONE = "  Scenario: S\n    Given all is well\n"


@pytest.mark.parametrize(
    ("hook", "statuses", "status"),
    [
        ("@before_scenario\ndef _(): assert False", "FAILED SKIPPED", 1),
        ("@before_scenario\ndef _(): pytest.skip('no')", "SKIPPED SKIPPED", 5),
        ("@before_scenario\ndef _(): pending()", "PENDING SKIPPED", 1),
        ("@before_scenario\nasync def _(): raise OSError('no')", "FAILED SKIPPED", 1),
        ("@after_scenario\ndef _(): assert False", "PASSED FAILED", 1),
        ("@after_scenario\ndef _(): pytest.skip('no')", "PASSED SKIPPED", 0),
        ("@after_scenario\ndef _(): pending()", "PASSED PENDING", 1),
        ("@before_step\ndef _(): assert False", "FAILED", 1),
        ("@before_step\ndef _(): pytest.skip('no')", "SKIPPED", 5),
        ("@after_step\ndef _(): assert False", "FAILED", 1),
        ("@after_step\ndef _(): pending()", "PENDING", 1),
        ("@before_scenario\ndef _(nothing_like_it): pass", "FAILED SKIPPED", 1),
        ("@before_scenario\ndef _(): yield", "FAILED SKIPPED", 1),
        ("@before_scenario('@other')\ndef _(): assert False", "PASSED", 0),
    ],
)
def test_hooks_around_scenarios_and_steps(suite, hook, statuses, status):
    project = suite(ONE, hook)
    assert project.run().ret == status
    story = told(project)
    assert story.outcomes == {"S": [statuses]}
    assert story.last["success"] is (status != 1)


BROKEN = """
class Broken(Exception):
    def __str__(self): raise RuntimeError
"""


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("assert False", "FAILED"),
        ("raise Broken", "FAILED"),
        ("pytest.skip('not today')", "SKIPPED"),
        ("pytest.fail('no')", "FAILED"),
        ("pending('soon')", "PENDING"),
        ("raise SystemExit(3)", "FAILED"),
    ],
)
@pytest.mark.parametrize("when", ["before_run", "after_run"])
def test_hooks_around_the_run(suite, when, body, status):
    project = suite(ONE, f"{BROKEN}\n@{when}\ndef _(): {body}\n@{when}(name='second')\nasync def _(): log('here')\n")
    result = project.run()
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    story = told(project, fully=body == "assert False")
    assert sorted(each["result"]["status"] for each in story.all("testRunHookFinished")) == sorted([status, "PASSED"])
    assert [body for _, body in story.attachments] == ["here"]
    good = status == "SKIPPED"
    assert story.last["success"] is good
    assert result.ret == (0 if good else 1)
    assert bool(story.outcomes) is (good or when == "after_run")


def test_attachments_from_everywhere(suite):
    project = suite(
        "  Scenario: S\n    Given it attaches\n    And it attaches in the background\n    Then all is well\n",
        """
@before_run
def _(): log("before run")

@before_scenario
def _(): log("before scenario")

@before_step
def _(step): log(f"before {step.text}")

@after_step
async def _(): log("after step")

@after_scenario
def _(): attach(b"\\x89PNG", "image/png", file_name="a.png")

@step("it attaches")
async def _():
    attach("text")
    attach({"a": 1})
    link("https://example.org")
    yield
    log("at the end")

@step("it attaches in the background")
async def _():
    async def later():
        log("in the background")
    await asyncio.create_task(later())
""",
    )
    project.run().assert_outcomes(passed=1)
    story = told(project, fully=True)
    assert [body for kind, body in story.attachments if "log" in kind] == [
        "before run",
        "before scenario",
        "before it attaches",
        "after step",
        "before it attaches in the background",
        "in the background",
        "after step",
        "before all is well",
        "after step",
        "at the end",
    ]
    assert [kind for kind, _ in story.attachments if "log" not in kind] == [
        "text/plain",
        "application/json",
        "text/uri-list",
        "image/png",
    ]


SECRETS = """
@step("a secret is shown")
def _(services):
    attach('it is Xy7"kk\\\\late and ' + "plainlate99")
    attach(b"bytes with plainlate99", "text/plain")
    attach(b"\\xff\\xfe plainlate99", "image/png")
    attach({"password": "hunter-in-json"})
    log("Authorization: Bearer abcdefghijklmnop")

@step("it is learnt")
async def _(services):
    for secret in ('Xy7"kk\\\\late', "plainlate99"):
        try:
            await services.auth.login("ada@example.org", secret)
        except Exception as error:
            log(f"{type(error).__name__} of {secret}")

@step("a secret fails")
def _():
    raise ValueError("token=abcdefgh12345678")
"""


def test_secrets_are_masked_in_attachments_and_messages_also_when_they_are_learnt_later(suite):
    project = suite(
        "  Scenario: S\n    Given a secret is shown\n    When it is learnt\n    Then a secret fails\n", SECRETS
    )
    project.run("--mode", "mock")
    story = told(project)
    assert story.outcomes == {"S": ["PASSED PASSED FAILED"]}
    bodies = [
        base64.b64decode(each["body"]).decode("latin-1") if each["contentEncoding"] == "BASE64" else each["body"]
        for each in story.all("attachment")
    ]
    texts = json.dumps([each for each in bodies if "PNG" not in each and "\xff" not in each]) + story.text
    for secret in ("plainlate99", "kk", "hunter-in-json", "abcdefghijklmnop", "abcdefgh12345678"):
        assert secret not in texts, secret
    assert "<password" in texts


HOSTILE = """
ODD = "nul \\0, half \\ud800, red \\x1b[31m, line \\u2028, bell \\a, <script>alert(1)</script>, \\U0001f600"

@step(parsers.re("odd things in (?P<what>.+)"))
def _(what):
    attach(ODD)
    log(ODD)
    attach(ODD.encode("utf-8", "surrogatepass"), "text/plain", file_name=ODD)
    link(ODD, ODD)
    attach("x" * 3_000_000)
    attach("")
    attach({ODD: ODD})

@step("an odd error")
def _(): raise ValueError(ODD * 100)

@step(parsers.parse("a table of {what}"))
def _(what, datatable): assert datatable == what, ODD
"""


def test_hostile_text(suite):
    project = suite(
        """
  Scenario: S <b>&amp; \u2028 \U0001f600
    Given odd things in "quotes" \\ and \u2028 and <script>
    Then an odd error

  Scenario: T
    Given a table of {braces} %s \\n
      | \\| | <i> | \U0001f600 | \\n |
    Then all is well
""",
        HOSTILE,
    )
    project.run()
    story = told(project, fully=True)
    assert list(story.outcomes.values()) == [["PASSED FAILED"], ["FAILED SKIPPED"]]
    assert len(story.attachments) == 7


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_step_that_ends_the_process_fails_like_any_other(suite, kind):
    project = suite(
        "  Scenario: S\n    Given it leaves\n    Then all is well\n  Scenario: T\n    Given all is well\n",
        f"@step('it leaves')\n{kind} _(): raise SystemExit(0)\n@after_scenario\ndef _(): log('after')\n",
    )
    project.run_apart("-p", "no:hypothesispytest").assert_outcomes(passed=1, failed=1)
    story = told(project)
    assert story.outcomes == {"S": ["FAILED SKIPPED PASSED"], "T": ["PASSED PASSED"]}
    assert [body for _, body in story.attachments] == ["after", "after"]


@pytest.mark.parametrize("args", [(), ("-n", "1")])
def test_half_a_surrogate_pair_in_an_error_breaks_no_run(suite, args):
    project = suite(
        "  Scenario: S\n    Given it is odd\n  Scenario: T\n    Given all is well\n",
        "@step('it is odd')\ndef _(): raise ValueError('half \\ud800')\n",
    )
    run = project.run_apart if args else project.run
    run("-v", *args).assert_outcomes(passed=1, failed=1)
    assert told(project).outcomes == {"S": ["FAILED"], "T": ["PASSED"]}
