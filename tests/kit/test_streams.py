"""What ``streams.check`` says of sound streams (the kit's own) and of each kind of broken one."""

from __future__ import annotations

import copy
import json

import pytest
from kit import lifecycle, streams
from kit.samples import SAMPLES

KIT = {sample.name: streams.read(sample.expected) for sample in SAMPLES}


@pytest.fixture
def _node():
    """Skip at a desk without node or its packages; in CI there is no such excuse."""
    missing = streams.without_node()
    if missing and streams.in_ci():
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


def written(path, stream):
    path.write_text("".join(f"{json.dumps(envelope)}\n" for envelope in stream), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", KIT)
def test_the_streams_of_the_kit_are_sound(name):
    assert lifecycle.problems(KIT[name]) == []
    assert streams.changed(KIT[name]) == []


@pytest.mark.usefixtures("_node")
@pytest.mark.parametrize("name", ["all-statuses", "attachments", "global-hooks-attachments", "retry"])
def test_the_streams_of_the_kit_pass_the_whole_check(name):
    streams.check(next(sample.expected for sample in SAMPLES if sample.name == name))


def broken(name, break_):
    """A stream of the kit after ``break_(stream)``, which may return another one."""
    stream = copy.deepcopy(KIT[name])
    return break_(stream) or stream


def indexes(stream, kind):
    return [number for number, envelope in enumerate(stream) if kind in envelope]


def without(kind, which=0):
    """Leave out the ``which``-th message of this kind."""

    def break_(stream):
        del stream[indexes(stream, kind)[which]]

    return break_


def twice(kind, which=0):
    """Have the ``which``-th message of this kind twice in a row."""

    def break_(stream):
        number = indexes(stream, kind)[which]
        stream.insert(number, stream[number])

    return break_


def later(kind, which=0, by=1):
    """Have the ``which``-th message of this kind later than it came."""

    def break_(stream):
        number = indexes(stream, kind)[which]
        stream.insert(number + by, stream.pop(number))

    return break_


def said(kind, key, value, which=0):
    """Have the ``which``-th message of this kind say something else."""

    def break_(stream):
        stream[indexes(stream, kind)[which]][kind][key] = value

    return break_


def fewer_steps(stream):
    del stream[indexes(stream, "testStepStarted")[1]]
    del stream[indexes(stream, "testStepFinished")[1]]


def no_second_attempt(stream):
    start = indexes(stream, "testCaseStarted")[2]
    del stream[start : start + 4]


def two_in_one(stream):
    stream[-1]["meta"] = {}


def more_after_the_end(stream):
    stream.append({"attachment": {"body": "", "mediaType": "text/plain", "contentEncoding": "IDENTITY"}})


@pytest.mark.parametrize(
    ("name", "break_", "problem"),
    [
        ("minimal", without("meta"), "source comes where the meta should be"),
        ("minimal", without("meta"), "the stream has 0 meta"),
        ("minimal", twice("meta"), "the stream has 2 meta"),
        ("minimal", without("testRunStarted"), "testCase comes before the start of the run"),
        ("minimal", without("testRunStarted"), "the stream has 0 testRunStarted"),
        ("minimal", twice("testRunStarted"), "the testRunStarted 5 is there twice"),
        ("minimal", without("testRunFinished"), "the stream has 0 testRunFinished"),
        ("minimal", twice("testRunFinished"), "testRunFinished comes after the end of the run"),
        ("minimal", more_after_the_end, "attachment comes after the end of the run"),
        ("minimal", later("testCaseFinished"), "testCaseFinished comes after the end of the run"),
        ("minimal", two_in_one, "has 2 things in it"),
        ("minimal", without("pickle"), "the testCase refers to the pickle 3, which is not there"),
        ("minimal", twice("pickle"), "the pickle 3 is there twice"),
        ("minimal", without("gherkinDocument"), "the pickle refers to the astNode"),
        ("minimal", without("stepDefinition"), "the testCase refers to the stepDefinition 4"),
        ("minimal", later("testCase"), "the testCaseStarted refers to the testCase 6"),
        ("minimal", without("testCase"), "the testCaseStarted refers to the testCase 6"),
        ("minimal", without("testCaseStarted"), "refers to the testCaseStarted 8"),
        ("minimal", without("testCaseFinished"), "attempt 8 was never finished"),
        ("minimal", twice("testCaseFinished"), "attempt 8 is finished already"),
        ("minimal", without("testStepStarted"), "the step 7 finishes, and did not start"),
        ("minimal", twice("testStepStarted"), "the step 7 starts before 7 is finished"),
        ("minimal", without("testStepFinished"), "the step 7 was never finished"),
        ("minimal", later("testStepFinished"), "attempt 8 is finished already"),
        ("minimal", said("testStepFinished", "testStepId", "99"), "refers to the testStep 99"),
        ("minimal", said("testCaseFinished", "willBeRetried", True), "attempt 8 was to be retried, and was not"),
        ("rules", fewer_steps, "the attempt ran the steps ['41', '43', '44'], the test case has"),
        ("retry", said("testCaseStarted", "attempt", 1), "attempt 1 at the test case 21 comes after none"),
        ("retry", said("testCaseStarted", "attempt", 2, which=2), "attempt 2 at the test case 23 comes after 0"),
        ("retry", said("testCaseStarted", "attempt", 0, which=2), "attempt 0 at the test case 23 comes after 0"),
        ("retry", said("testCaseFinished", "willBeRetried", False, which=1), "or not to be retried"),
        ("retry", no_second_attempt, "attempt 30 was to be retried, and was not"),
        ("retry", said("testRunFinished", "success", True), "says that it succeeded, and did not"),
        ("undefined", said("testRunFinished", "success", True), "says that it succeeded, and did not"),
        ("ambiguous", said("testRunFinished", "success", True), "says that it succeeded, and did not"),
        ("pending", said("testRunFinished", "success", True), "says that it succeeded, and did not"),
        ("test-run-exception", said("testRunFinished", "success", True), "says that it succeeded, and did not"),
        ("global-hooks-afterall-error", said("testRunFinished", "success", True), "says that it succeeded"),
        ("global-hooks", without("testRunHookFinished"), "the run hook 15 was never finished"),
        ("global-hooks", twice("testRunHookFinished"), "the run hook 15 is finished already"),
        ("global-hooks", without("hook"), "refers to the hook 8"),
        ("global-hooks-attachments", later("attachment"), "for the run hook 8, which is finished"),
        ("attachments", later("attachment"), "for the step 42, which is not running"),
        ("attachments", later("attachment", by=2), "attempt 57 is finished already"),
        ("undefined", said("suggestion", "pickleStepId", "99"), "refers to the pickleStep 99"),
    ],
)
def test_the_life_cycle_sees(name, break_, problem):
    assert problem in "\n".join(lifecycle.problems(broken(name, break_)))


MAY_REPEAT = {"attachment", "undefinedParameterType"}
MAY_LACK = {*MAY_REPEAT, "hook", "parameterType", "stepDefinition", "suggestion"}
"""What nothing need refer to."""


@pytest.mark.parametrize("name", KIT)
def test_no_message_may_come_twice(name):
    for number, envelope in enumerate(KIT[name]):
        if MAY_REPEAT.isdisjoint(envelope):
            assert lifecycle.problems([*KIT[name][: number + 1], *KIT[name][number:]]) != [], envelope


@pytest.mark.parametrize("name", sorted({*KIT} - {"global-hooks-beforeall-error", "test-run-exception"}))
def test_no_message_of_a_run_that_ran_may_be_left_out(name):
    for number, envelope in enumerate(KIT[name]):
        if MAY_LACK.isdisjoint(envelope):
            assert lifecycle.problems(KIT[name][:number] + KIT[name][number + 1 :]) != [], envelope


def test_what_cannot_be_read_is_no_message():
    assert streams.changed([{"testStepFinished": {"testStepId": 3}}]) != []
    assert streams.changed([{"testRunStarted": {**KIT["minimal"][5]["testRunStarted"], "extra": 1}}]) != []


@pytest.mark.parametrize("text", ["[]\n", '{"meta": {}}', "{\n"])
def test_a_file_has_one_message_a_line(tmp_path, text):
    (tmp_path / "messages.ndjson").write_text(text, encoding="utf-8")
    with pytest.raises((AssertionError, json.JSONDecodeError)):
        streams.read(tmp_path / "messages.ndjson")


@pytest.mark.usefixtures("_node")
def test_the_schema_sees_what_is_missing_and_what_is_too_much():
    envelope = copy.deepcopy(KIT["minimal"][-1])
    envelope["testRunFinished"]["colour"] = "green"
    del envelope["testRunFinished"]["success"]
    assert sorted(streams.against_schema([envelope])) == [
        "message 1: $.testRunFinished: 'success' is a required property",
        "message 1: $.testRunFinished: Additional properties are not allowed ('colour' was unexpected)",
    ]


@pytest.mark.usefixtures("_node")
def test_the_report_is_not_shown_of_an_id_that_leads_nowhere(tmp_path):
    assert streams.not_shown(written(tmp_path / "sound.ndjson", KIT["minimal"])) == []
    (problem,) = streams.not_shown(written(tmp_path / "broken.ndjson", broken("minimal", without("pickle"))))
    assert "No Pickle found" in problem


def test_the_check_fails_with_every_problem(tmp_path):
    stream = broken("minimal", without("testCaseFinished"))
    stream[-1]["testRunFinished"]["colour"] = "green"
    with pytest.raises(AssertionError, match=r"(?s)attempt 8 was never finished.*colour"):
        streams.check(written(tmp_path / "broken.ndjson", stream))


def test_in_ci_node_must_be_there(tmp_path, monkeypatch):
    path = written(tmp_path / "sound.ndjson", KIT["minimal"])
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    streams.check(path)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(AssertionError, match="there is no node on this machine"):
        streams.check(path)
