"""Results for Allure, rendered from the streams of the Cucumber Compatibility Kit."""

import json
from pathlib import Path

import cucumber_compatibility_kit
import pytest

from goldenpath.reports.allure import render, write

KIT = Path(cucumber_compatibility_kit.__file__).parent / "features"
SAMPLES = sorted(path.name for path in KIT.iterdir() if path.is_dir())


def stream_of(sample):
    return next((KIT / sample).glob("*.ndjson"))


def lines_of(sample):
    return stream_of(sample).read_bytes().splitlines(keepends=True)


def results_in(files, kind="result"):
    found = [json.loads(content) for name, content in files if name.endswith(f"-{kind}.json")]
    return sorted(found, key=lambda each: each.get("start", 0))


def results(sample, kind="result"):
    return results_in(render(lines_of(sample)), kind)


def result(sample, name):
    return next(each for each in results(sample) if each["name"] == name)


def said(sample, kind):
    envelopes = map(json.loads, lines_of(sample))
    return [each[kind] for each in envelopes if kind in each]


def labels(told, name):
    return [label["value"] for label in told["labels"] if label["name"] == name]


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_attempt_is_a_result_and_every_file_has_a_name_of_its_own(sample):
    files = list(render(lines_of(sample)))

    assert len(results_in(files)) == len(said(sample, "testCaseStarted"))
    assert len({name for name, _ in files}) == len(files)


@pytest.mark.parametrize("sample", SAMPLES)
def test_attachments_lead_to_files(sample):
    files = dict(render(lines_of(sample)))
    found = [
        json.loads(content) for name, content in files.items() if name.endswith(".json") and "attachment" not in name
    ]
    steps = [step for each in found for part in ("steps", "befores", "afters") for step in each.get(part, [])]

    sources = {attached["source"] for step in steps for attached in step.get("attachments", [])}

    assert sources == {name for name in files if "-attachment" in name}


@pytest.mark.parametrize("sample", SAMPLES)
def test_nothing_passes_but_what_passed(sample):
    ends = said(sample, "testStepFinished")
    for start in said(sample, "testCaseStarted"):
        of_attempt = [end["testStepResult"]["status"] for end in ends if end["testCaseStartedId"] == start["id"]]
        at = start["timestamp"]["nanos"] // 1_000_000
        [told] = [each for each in results(sample) if each["start"] == at]

        assert (told["status"] == "passed") == (set(of_attempt) == {"PASSED"})


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("Passing", "passed"),
        ("Failing", "broken"),
        ("Pending", "broken"),
        ("Skipped", "skipped"),
        ("Undefined", "broken"),
        ("Ambiguous", "broken"),
    ],
)
def test_a_scenario_has_the_status_of_its_worst_step(name, status):
    told = result("all-statuses", name)

    assert told["status"] == status
    assert [step["status"] for step in told["steps"]] == [
        "passed",
        status,
        "skipped" if name != "Passing" else "passed",
    ]


def test_an_assertion_that_fails_is_a_failure():
    lines = [line.replace(b'"type":"Error"', b'"type":"AssertionError"') for line in lines_of("retry")]

    assert [each["status"] for each in results_in(render(lines))].count("failed") == 6


def test_retries_share_their_history_and_what_passes_late_is_flaky():
    told = [each for each in results("retry") if "up to the --retry limit" in each["name"]]

    assert len({each["historyId"] for each in told}) == 1
    assert [each["status"] for each in told] == ["broken", "broken", "passed"]
    assert [each.get("statusDetails", {}).get("flaky", False) for each in told] == [False, False, True]


def test_rows_of_an_outline_have_histories_and_parameters_of_their_own():
    told = [each for each in results("examples-tables") if each["name"] == "Eating cucumbers"]

    assert len(told) == len({each["historyId"] for each in told}) == 4
    assert told[0]["parameters"] == [
        {"name": "start", "value": "12"},
        {"name": "eat", "value": "5"},
        {"name": "left", "value": "7"},
    ]
    assert labels(told[0], "tag") == ["passing"]


def test_hooks_stand_around_the_result():
    [container] = results("hooks-attachment", "container")
    [told] = results("hooks-attachment")

    assert container["children"] == [told["uuid"]]
    assert [len(container[part]) for part in ("befores", "afters")] == [1, 1]
    assert container["befores"][0]["attachments"][0]["type"] == "image/svg+xml"


def test_a_rule_is_a_story():
    told = result("rules", "No chocolates left")

    assert labels(told, "feature") == ["Usage of a `Rule`"]
    assert labels(told, "story") == ["a sale cannot happen if there is no stock"]


def test_a_tag_may_be_a_label():
    lines = [line.replace(b'"name":"@some-tag"', b'"name":"@allure.label.owner:ann"') for line in lines_of("rules")]

    [told] = [each for each in results_in(render(lines)) if each["name"] == "No chocolates left"]

    assert labels(told, "owner") == ["ann"]
    assert labels(told, "tag") == []


def test_links_are_links():
    told = result("attachments", "Attaching URIs")

    assert told["links"] == [{"type": "link", "name": "https://cucumber.io", "url": "https://cucumber.io"}]


def test_what_stands_below_a_step_is_attached_to_it():
    files = dict(render(lines_of("data-tables")))
    [told] = results_in(files.items())

    [table] = told["steps"][0]["attachments"]

    assert table["type"] == "text/csv"
    assert files[table["source"]].split() == [b"a,b", b"1,2"]


def test_a_run_that_broke_off_is_unknown():
    lines = lines_of("minimal")
    begun = next(index for index, line in enumerate(lines) if b"testStepStarted" in line)

    [told] = results_in(render(lines[: begun + 1]))

    assert (told["status"], told["stage"]) == ("unknown", "interrupted")
    assert [step["status"] for step in told["steps"]] == ["unknown"]


def test_a_scenario_without_steps_proves_nothing():
    assert [each["status"] for each in results("empty")] == ["broken"]


def test_results_are_written_beside_those_that_are_there(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "older-result.json").write_text("{}", encoding="utf-8")

    write(stream_of("minimal"), tmp_path / "results")

    assert len(list((tmp_path / "results").glob("*-result.json"))) == 2


def without_steps(sample):
    """A sample's stream whose scenario was skipped before any of its steps was planned."""
    envelopes = [
        each for each in map(json.loads, lines_of(sample)) if not {"testStepStarted", "testStepFinished"} & each.keys()
    ]
    for each in envelopes:
        each.get("testCase", {})["testSteps"] = []
    return [json.dumps(each).encode() for each in envelopes]


def test_a_scenario_that_never_began_is_skipped():
    assert [each["status"] for each in results_in(render(without_steps("minimal")))] == ["skipped"]


@pytest.mark.parametrize("sample", ["undefined", "ambiguous"])
def test_what_is_broken_says_why(sample):
    broken = [each for each in results(sample) if each["status"] == "broken"]

    assert broken
    assert all(each["statusDetails"]["message"] for each in broken)
