"""The legacy JSON report, rendered from the streams of the Cucumber Compatibility Kit."""

import base64
import itertools
import json
from pathlib import Path

import cucumber_compatibility_kit
import pytest

from goldenpath.reports.cucumber_json import render, write

KIT = Path(cucumber_compatibility_kit.__file__).parent / "features"
SAMPLES = sorted(path.name for path in KIT.iterdir() if path.is_dir())
STATUSES = {"passed", "failed", "skipped", "pending", "undefined", "ambiguous", "unknown"}


def stream_of(sample):
    return next((KIT / sample).glob("*.ndjson"))


def rendered(sample):
    return render(stream_of(sample).read_bytes().splitlines(keepends=True))


def said(sample, kind):
    """The messages of one kind in a sample's stream."""
    envelopes = map(json.loads, stream_of(sample).read_text(encoding="utf-8").splitlines())
    return [each[kind] for each in envelopes if kind in each]


def elements(sample):
    return [element for feature in rendered(sample) for element in feature["elements"]]


def element(sample, name):
    return next(each for each in elements(sample) if each["name"] == name)


def steps(sample):
    return [step for each in elements(sample) for step in each["steps"]]


def all_told(each):
    """Every step and hook of an element."""
    around = [*each.get("before", []), *each["steps"], *each.get("after", [])]
    return around + [hook for step in each["steps"] for when in ("before", "after") for hook in step.get(when, [])]


def test_the_kit_is_there():
    assert len(SAMPLES) == 49


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_scenario_that_ran_is_one_element(sample):
    pickles = {pickle["id"]: pickle for pickle in said(sample, "pickle")}
    started = {start["testCaseId"] for start in said(sample, "testCaseStarted")}
    ran = [pickles[case["pickleId"]] for case in said(sample, "testCase") if case["id"] in started]

    assert sorted(each["name"] for each in elements(sample)) == sorted(pickle["name"] for pickle in ran)
    assert sorted(step["name"] for step in steps(sample)) == sorted(
        step["text"] for pickle in ran for step in pickle["steps"]
    )


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_step_and_hook_of_the_last_attempts_has_the_status_of_its_message(sample):
    over = {end["testCaseStartedId"] for end in said(sample, "testCaseFinished") if not end["willBeRetried"]}
    expected = [
        (end["testStepResult"]["status"].lower(), end["testStepResult"]["duration"]["nanos"])
        for end in said(sample, "testStepFinished")
        if end["testCaseStartedId"] in over
    ]

    found = [
        (each["result"]["status"], each["result"]["duration"]) for one in elements(sample) for each in all_told(one)
    ]

    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("sample", SAMPLES)
def test_it_has_the_shape_that_readers_of_the_format_know(sample):
    for feature in rendered(sample):
        assert {"uri", "id", "line", "keyword", "name", "description", "language", "tags", "elements"} == set(feature)
        for each in feature["elements"]:
            assert each["type"] == "scenario"
            assert {"id", "line", "keyword", "name", "description", "tags", "steps"} <= set(each)
            for step in each["steps"]:
                assert {"keyword", "line", "name", "match", "result"} <= set(step)
            for told in all_told(each):
                assert told["result"]["status"] in STATUSES
                assert isinstance(told["result"]["duration"], int)
                assert told["result"]["status"] != "failed" or told["result"]["error_message"]


def test_a_scenario_says_where_it_stands():
    feature = rendered("rules")[0]
    found = element("rules", "No chocolates left")

    assert (feature["id"], feature["keyword"], feature["line"]) == ("usage-of-a-`rule`", "Feature", 1)
    assert (found["keyword"], found["line"]) == ("Example", 25)
    assert found["id"] == "usage-of-a-`rule`;a-sale-cannot-happen-if-there-is-no-stock;no-chocolates-left"
    assert found["tags"] == [{"name": "@some-tag", "line": 22}]


def test_a_row_of_an_outline_has_its_own_line_id_and_tags():
    found = next(each for each in elements("examples-tables") if each["line"] == 20)

    assert found["id"] == "examples-tables;eating-cucumbers;these-are-passing;3"
    assert found["tags"] == [{"name": "@passing", "line": 16}]
    assert found["steps"][0]["name"] == "there are 20 cucumbers"


def test_the_steps_of_backgrounds_come_first_in_each_scenario():
    assert [[step["line"] for step in each["steps"]] for each in elements("rules-backgrounds")] == [
        [8, 9, 10, 14, 15, 18, 19],
        [8, 9, 10, 14, 15, 22, 23],
    ]


def test_hooks_stand_around_the_steps():
    failed = element("hooks", "No tags and a failed step")

    assert [hook["match"]["location"] for hook in failed["before"]] == ["samples/hooks/hooks.ts:3"]
    assert [hook["result"]["status"] for hook in failed["after"]] == ["passed"]
    assert [step["result"]["status"] for step in failed["steps"]] == ["failed"]


def test_hooks_of_steps_stand_at_their_step():
    lines = hooked_steps("BEFORE_TEST_STEP", "AFTER_TEST_STEP")

    [step] = render(lines)[0]["elements"][0]["steps"]

    assert [hook["match"]["location"] for hook in step["before"]] == ["samples/hooks-attachment/hooks-attachment.ts:4"]
    assert [hook["match"]["location"] for hook in step["after"]] == ["samples/hooks-attachment/hooks-attachment.ts:12"]


def hooked_steps(before, after):
    """A sample's stream whose hooks around the scenario stand around its only step."""
    text = stream_of("hooks-attachment").read_text(encoding="utf-8")
    return text.replace("BEFORE_TEST_CASE", before).replace("AFTER_TEST_CASE", after).encode().splitlines()


def test_doc_strings_stand_below_their_steps():
    assert [step["doc_string"] for step in steps("doc-strings")] == [
        {"line": 9, "value": "Here is some content\nAnd some more on another line"},
        {"line": 18, "value": "Here is some content\nAnd some more on another line"},
        {"line": 27, "value": '{\n  "foo": "bar"\n}', "content_type": "application/json"},
    ]


def test_data_tables_stand_below_their_steps():
    assert steps("data-tables")[0]["rows"] == [{"cells": ["a", "b"]}, {"cells": ["1", "2"]}]


def test_what_was_attached_is_embedded_and_what_was_logged_is_output():
    text = element("attachments", "Strings can be attached with a media type")["steps"][0]["embeddings"]
    pdf = element("attachments", "Attaching PDFs with a different filename")["steps"][0]["embeddings"]

    assert [(each["mime_type"], base64.b64decode(each["data"])) for each in text] == [
        ("application/octet-stream", b"hello")
    ]
    assert [(each["name"], base64.b64decode(each["data"])[:4]) for each in pdf] == [("renamed.pdf", b"%PDF")]
    assert element("attachments", "Log text")["steps"][0]["output"] == ["hello"]


def test_an_argument_says_what_it_matched_and_where():
    assert steps("parameter-types")[0]["match"] == {
        "location": "samples/parameter-types/parameter-types.ts:19",
        "arguments": [{"val": "LHR-CDG", "offset": 0}],
    }


@pytest.mark.parametrize("sample", ["ambiguous", "undefined"])
def test_what_nobody_or_several_answer_has_no_place(sample):
    unanswered = [step for step in steps(sample) if step["result"]["status"] == sample]

    assert unanswered
    assert all(step["match"] == {} for step in unanswered)


def test_an_error_is_told_once():
    [step] = [step for step in steps("retry") if step["result"]["status"] == "failed"]

    assert step["result"]["error_message"].count("Exception in step") == 1


def test_workers_may_have_written_in_any_order():
    """As the streams of two workers are mixed: each attempt whole, the later ones first."""
    lines = stream_of("all-statuses").read_bytes().splitlines()
    starts = [index for index, line in enumerate(lines) if b'"testCaseStarted":' in line] + [len(lines) - 1]
    attempts = [lines[start:end] for start, end in itertools.pairwise(starts)]
    mixed = [*lines[: starts[0]], *itertools.chain(*reversed(attempts)), lines[-1]]

    told, again = render(lines), render(mixed)

    assert len(told[0]["elements"]) == 6
    assert again == told


def test_a_run_that_broke_off_tells_every_step():
    lines = stream_of("all-statuses").read_bytes().splitlines()
    first_end = next(index for index, line in enumerate(lines) if b"testStepFinished" in line)

    [feature] = render(lines[:first_end])

    assert [step["result"]["status"] for each in feature["elements"] for step in each["steps"]] == ["unknown"] * 3


def test_it_is_written_as_json(tmp_path):
    write(stream_of("markdown"), tmp_path / "report.json")

    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == rendered("markdown")


def test_a_scenario_that_never_began_tells_its_steps():
    envelopes = map(json.loads, stream_of("minimal").read_text(encoding="utf-8").splitlines())
    kept = [each for each in envelopes if not {"testStepStarted", "testStepFinished"} & each.keys()]
    for each in kept:
        each.get("testCase", {})["testSteps"] = []

    [feature] = render(json.dumps(each).encode() for each in kept)

    assert [step["result"]["status"] for step in feature["elements"][0]["steps"]] == ["skipped"]
