"""Messages of attempts and of the run, line by line."""

from __future__ import annotations

import json

import pytest
from kit import streams

from goldenpath.domain.attaching import Attachment
from goldenpath.gherkin.messages import id_of
from goldenpath.reports import messages
from goldenpath.reports.messages import AttemptRecord, Result
from goldenpath.reports.messages import TestStep as Step


def read(lines: bytes):
    assert lines.endswith(b"\n")
    return [json.loads(line) for line in lines.decode().split("\n")[:-1]]


def record(*results: Result, number: int = 1, again: bool = False) -> AttemptRecord:
    """An attempt at a scenario of which each step had one of these results."""
    steps = [Step("", f"pickle-{place}", ["d1"], [[]]) for place, _ in enumerate(results)]
    return AttemptRecord("a.feature::S", "pickle", number, steps, list(results), 1_000_000_001, 2_000_000_000, again)


def test_an_attempt_from_its_start_to_its_end():
    lines = read(messages.attempt(record(Result("PASSED", 1_500_000_000, 250_000_000), number=2, again=True)))
    case = f"{id_of('a.feature::S')}-case"
    started = f"{id_of('a.feature::S')}-2"
    of_step = {"testCaseStartedId": started, "testStepId": f"{case}-0"}
    result = {"status": "PASSED", "duration": {"seconds": 0, "nanos": 250_000_000}}
    assert lines == [
        {
            "testCaseStarted": {
                "id": started,
                "testCaseId": case,
                "attempt": 1,
                "timestamp": {"seconds": 1, "nanos": 1},
            }
        },
        {"testStepStarted": {**of_step, "timestamp": {"seconds": 1, "nanos": 500_000_000}}},
        {
            "testStepFinished": {
                **of_step,
                "testStepResult": result,
                "timestamp": {"seconds": 1, "nanos": 750_000_000},
            }
        },
        {
            "testCaseFinished": {
                "testCaseStartedId": started,
                "timestamp": {"seconds": 2, "nanos": 0},
                "willBeRetried": True,
            }
        },
    ]
    assert not streams.changed(lines)


def test_what_a_step_has_to_say_is_between_its_start_and_its_end():
    result = Result(
        "FAILED",
        1,
        2,
        "it broke",
        ("OSError", "no disk", "at line 1\nOSError: no disk"),
        [Attachment("body", "IDENTITY", "text/plain", "a.txt"), Attachment("aGk=", "BASE64", "image/png")],
        ["@given('x')"],
    )
    lines = read(messages.attempt(record(result)))
    assert [next(iter(line)) for line in lines[1:-1]] == [
        "testStepStarted",
        "attachment",
        "attachment",
        "suggestion",
        "testStepFinished",
    ]
    assert lines[2]["attachment"]["fileName"] == "a.txt"
    assert "fileName" not in lines[3]["attachment"]
    assert lines[4]["suggestion"]["snippets"] == [{"language": "python", "code": "@given('x')"}]
    told = lines[5]["testStepFinished"]["testStepResult"]
    assert told["message"] == "it broke"
    assert told["exception"] == {
        "type": "OSError",
        "message": "no disk",
        "stackTrace": "at line 1\nOSError: no disk",
    }
    assert not streams.changed(lines)


def test_a_test_case_names_hooks_and_what_answers_its_steps():
    plan = AttemptRecord("a.feature::S", "pickle", 1)
    plan.steps = [Step("hook"), Step("", "pickle-0", ["d1", "d2"], [[], []]), Step("", "pickle-1")]
    (line,) = read(messages.test_case(plan, "run"))
    case = f"{id_of('a.feature::S')}-case"
    assert line["testCase"]["testSteps"] == [
        {"id": f"{case}-0", "hookId": "hook"},
        {
            "id": f"{case}-1",
            "pickleStepId": "pickle-0",
            "stepDefinitionIds": ["d1", "d2"],
            "stepMatchArgumentsLists": [{"stepMatchArguments": []}, {"stepMatchArguments": []}],
        },
        {"id": f"{case}-2", "pickleStepId": "pickle-1", "stepDefinitionIds": [], "stepMatchArgumentsLists": []},
    ]
    assert not streams.changed([line])


def test_a_hook_of_the_run():
    result = Result("FAILED", 5, 1, "it broke", attachments=[Attachment("x", "IDENTITY", "text/plain")])
    lines = read(messages.run_hook("hook", "started", "run", result))
    assert [next(iter(line)) for line in lines] == ["testRunHookStarted", "attachment", "testRunHookFinished"]
    assert lines[1]["attachment"]["testRunHookStartedId"] == "started"
    assert not streams.changed(lines)


@pytest.mark.parametrize(
    "text", ["half \ud800", "nul \0", "line\nand\r\u2028", '"quoted" \\', "\x1b[31m", "\U0001f600"]
)
def test_any_text_is_one_line_and_comes_back(text):
    assert read(messages.line({"x": text})) == [{"x": text}]
    (_, _, finished, _) = read(messages.attempt(record(Result("FAILED", 1, 1, text, (text, text, text)))))
    assert finished["testStepFinished"]["testStepResult"]["message"] == text


def test_who_writes():
    (meta,) = read(messages.meta())
    assert meta["meta"]["implementation"]["name"] == "goldenpath"
    assert not streams.changed([meta])


def test_places_are_relative_to_the_root(tmp_path):
    inside = str(tmp_path / "steps" / "a.py")
    assert messages.source_reference(inside, 3, str(tmp_path)) == {"uri": "steps/a.py", "location": {"line": 3}}
    outside = messages.source_reference(str(tmp_path / "b.py"), 0, str(tmp_path / "root"))
    assert outside == {"uri": (tmp_path / "b.py").as_posix()}
    assert messages.source_reference("", 0, str(tmp_path)) == {"uri": ""}


def test_the_worst_status():
    assert messages.worst(["PASSED", "UNDEFINED", "SKIPPED"]) == "UNDEFINED"
    assert messages.worst(["FAILED", "AMBIGUOUS"]) == "FAILED"
    assert messages.worst([]) == "PASSED"
