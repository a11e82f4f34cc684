"""A run's messages, from the parts of its processes."""

from __future__ import annotations

import json

import pytest
from kit.story import Story

from goldenpath.gherkin.messages import id_of
from goldenpath.reports import messages
from goldenpath.reports.messages import AttemptRecord, Result
from goldenpath.reports.messages import TestStep as Step
from goldenpath.store.streams import MessageParts, assemble

RUN = "run"


def pickle(name: str) -> bytes:
    step = {"id": f"{id_of(name)}-0", "text": "all is well", "astNodeIds": []}
    told = {
        "id": id_of(name),
        "uri": "a.feature",
        "name": name,
        "language": "en",
        "astNodeIds": [],
        "tags": [],
        "steps": [step],
    }
    return messages.line({"pickle": told})


def attempt(name: str, status: str = "PASSED", number: int = 1, *, again: bool = False) -> AttemptRecord:
    steps = [Step("", f"{id_of(name)}-0")]
    return AttemptRecord(name, id_of(name), number, steps, [Result(status)], 1, 2, again)


def lost(name: str, number: int = 1):
    """What the timeline knows of an attempt whose process was gone before its end."""
    return {"scenario": name, "attempt": number}


class Process:
    """One process of a run, by hand."""

    def __init__(self, folder, worker="main", names=("S", "T")):
        folder.mkdir(exist_ok=True)
        self.parts = MessageParts(folder, worker)
        self.parts.write("static", messages.meta())
        self.parts.write("static", messages.line({"source": SOURCE}))
        self.parts.write("static", messages.line({"gherkinDocument": {"uri": "a.feature", "comments": []}}))
        for name in names:
            self.parts.write("static", pickle(name))
        self.parts.write("begun", messages.run_started(RUN))

    def ran(self, *records: AttemptRecord):
        for record in records:
            if record.number == 1:
                self.parts.write("cases", messages.test_case(record, RUN))
            self.parts.write("attempts", messages.attempt(record))
        self.parts.flush()
        return self


SOURCE = {"uri": "a.feature", "data": "", "mediaType": "text/x.cucumber.gherkin+plain"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "parts"


def told(folder, *unfinished, success=True, **last) -> Story:
    whole = folder.parent / "messages.ndjson"
    assemble(folder, whole, unfinished, {"success": success, **last})
    return Story(whole)


def test_one_process(folder):
    Process(folder).ran(attempt("S"), attempt("T")).parts.close()
    story = told(folder)
    assert story.outcomes == {"S": ["PASSED"], "T": ["PASSED"]}
    assert story.last["success"] is True


def test_without_parts_there_is_no_stream(folder):
    folder.mkdir()
    assemble(folder, folder.parent / "messages.ndjson", (), {"success": True})
    assert not (folder.parent / "messages.ndjson").exists()


def test_what_processes_say_alike_is_told_once(folder):
    Process(folder, "gw0").ran(attempt("S")).parts.close()
    Process(folder, "gw1").ran(attempt("T")).parts.close()
    story = told(folder)
    assert story.outcomes == {"S": ["PASSED"], "T": ["PASSED"]}
    assert len(story.all("source")) == len(story.all("testRunStarted")) == 1


def test_a_case_that_two_processes_ran_is_told_by_the_first(folder):
    Process(folder, "gw0").ran(attempt("S")).parts.close()
    Process(folder, "gw1").ran(attempt("S", "FAILED"), attempt("T")).parts.close()
    assert told(folder).outcomes == {"S": ["PASSED"], "T": ["PASSED"]}


def test_an_attempt_that_was_begun_gets_an_end(folder):
    Process(folder).ran(attempt("S")).parts.close()
    story = told(folder, lost("T"))
    assert story.outcomes == {"S": ["PASSED"], "T": ["UNKNOWN"]}
    assert story.last["success"] is False


def test_a_later_attempt_that_was_begun_gets_an_end(folder):
    Process(folder).ran(attempt("S", "FAILED", again=True)).parts.close()
    assert told(folder, lost("S", 2)).outcomes == {"S": ["FAILED", "UNKNOWN"]}


def test_a_scenario_that_fixtures_multiply_is_found_by_its_own_id(folder):
    Process(folder).ran().parts.close()
    assert told(folder, lost("S[one]"), lost("S[two]")).outcomes == {"S": ["UNKNOWN", "UNKNOWN"]}


def test_what_has_no_pickle_has_no_case(folder):
    Process(folder).ran(attempt("S")).parts.close()
    assert told(folder, lost("nobody knows it")).outcomes == {"S": ["PASSED"]}


@pytest.mark.parametrize("cut", range(1, 700, 37))
def test_an_attempt_that_was_cut_short_anywhere_is_left_out(folder, cut):
    Process(folder).ran(attempt("S"), attempt("T")).parts.close()
    part = folder / "main.attempts.messages"
    whole = part.read_bytes()
    part.write_bytes(whole[:-cut])
    story = told(folder, success=False)
    assert story.outcomes.get("S", ["PASSED"]) == ["PASSED"]
    assert "T" not in story.outcomes


def test_an_attempt_that_was_cut_between_lines_is_left_out(folder):
    Process(folder).ran(attempt("S"), attempt("T")).parts.close()
    part = folder / "main.attempts.messages"
    part.write_bytes(b"".join(part.read_bytes().splitlines(keepends=True)[:-1]))
    assert told(folder, success=False).outcomes == {"S": ["PASSED"]}


def test_one_process_that_knows_of_no_success_is_enough(folder):
    Process(folder, "gw0").ran(attempt("S", "FAILED")).parts.close()
    spoilt = Process(folder, "gw1").ran(attempt("T"))
    spoilt.parts.spoil()
    spoilt.parts.close()
    assert told(folder).last["success"] is False


def test_the_last_message_says_what_ended_the_run(folder):
    Process(folder).ran(attempt("S")).parts.close()
    error = {"type": "E", "message": "m", "stackTrace": "t"}
    last = told(folder, success=False, message="m", exception=error).last
    assert (last["message"], last["exception"]) == ("m", error)


def test_secrets_are_masked_as_they_are_written(folder):
    process = Process(folder)
    process.parts.write("ended", messages.line({"message": "s3cret"}))
    process.parts.flush(lambda text: text.replace("s3cret", "<password 1>"))
    process.parts.close()
    assert json.loads((folder / "main.ended.messages").read_text("utf-8")) == {"message": "<password 1>"}


def test_a_secret_that_is_a_word_of_the_format_masks_what_people_wrote_alone(folder):
    parts = Process(folder).parts
    record = attempt("S", "FAILED")
    record.results = [Result("FAILED", message="FAILED with the message that nobody knows")]
    parts.write("attempts", messages.attempt(record))
    parts.flush(lambda text: text.replace("FAILED", "<password 1>").replace("message", "<password 2>"))
    parts.close()
    lines = [json.loads(line) for line in (folder / "main.attempts.messages").read_bytes().splitlines()]
    (finished,) = [line["testStepFinished"] for line in lines if "testStepFinished" in line]
    assert finished["testStepResult"]["status"] == "FAILED"
    assert finished["testStepResult"]["message"] == "<password 1> with the <password 2> that nobody knows"
