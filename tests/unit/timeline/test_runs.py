"""The run's folder: what is written when, how parts are joined, and what becomes of a run whose writer is gone."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest

from goldenpath.domain.redaction import Redactor
from goldenpath.domain.timeline import RunFinished, RunStarted, ScenarioFinished, ScenarioStarted, ServiceResolved
from goldenpath.reports.schema import schema
from goldenpath.runtime.timeline import Bus, TimelineWriter
from goldenpath.store import runs
from goldenpath.store.runs import RunFolder, latest, new_run_id, read

BEGIN = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def at(second):
    return (BEGIN + timedelta(seconds=second)).isoformat(timespec="microseconds")


def started(second, scenario, worker="main", attempt=1):
    return ScenarioStarted(
        at=at(second),
        worker=worker,
        scenario=scenario,
        attempt=attempt,
        feature="F",
        rule=None,
        name="n",
        uri="f",
        line=1,
    )


def finished(second, scenario, status="passed", worker="main", attempt=1):
    return ScenarioFinished(
        at=at(second), worker=worker, scenario=scenario, attempt=attempt, status=status, standing=None, seconds=1.0
    )


def resolved(second, worker="main"):
    return ServiceResolved(
        at=at(second), worker=worker, service="auth", adapter="auth.mock", tier="mock", stand_in=True, reason="r"
    )


def ended(second=60, status="finished", exit_status=0):
    return RunFinished(at=at(second), run="r", status=status, exit_status=exit_status, seconds=60.0)


class Writer:
    """One process of a run, by hand."""

    def __init__(self, output, run_id="r1", worker="main"):
        self.folder = RunFolder(output, run_id, worker)
        self.redactor = Redactor()
        self.lines = TimelineWriter(self.folder, self.redactor)
        if self.lines.open():
            self.folder.begin(RunStarted(at=at(0), worker=worker, run=run_id, mode="mock"))

    def writes(self, *events):
        for event in events:
            self.lines.write(event)
        self.lines.flush()
        return self


@pytest.fixture
def output(tmp_path):
    return tmp_path / ".goldenpath"


def told(run):
    return [(each["event"], each.get("scenario") or each.get("status")) for each in read(run / "timeline.ndjson")]


def test_a_secret_that_is_also_a_word_of_the_record_is_masked_in_texts_only(output):
    writer = Writer(output)
    for secret in ("basket", "passed", "message"):
        writer.redactor.mark(secret, "password")
    last = finished(2, "basket.feature::Paid")
    writer.writes(started(1, "basket.feature::Paid"), replace(last, message="no basket passed: basketball \ud800"))
    writer.lines.close()
    first, second = list(read(writer.folder.timeline))[-2:]
    assert (first["scenario"], second["scenario"]) == ("basket.feature::Paid",) * 2
    assert (second["status"], second["message"]) == ("passed", "no <password 1> <password 2>: basketball \ud800")


def test_ids_sort_by_time_and_differ():
    ids = [new_run_id(BEGIN + timedelta(milliseconds=5 * number)) for number in range(20)]
    assert ids == sorted(ids)
    assert len({new_run_id(BEGIN) for _ in range(50)}) == 50


def test_a_writer_that_is_not_opened_writes_nothing(output):
    TimelineWriter(RunFolder(output, "r1"), Redactor()).close()
    assert not output.exists()


def test_lines_are_there_as_soon_as_they_are_flushed(output):
    writer = Writer(output).writes(started(1, "a"))
    assert told(output / "runs" / "r1") == [("run_started", None), ("scenario_started", "a")]
    writer.lines.write(finished(2, "a"))
    assert len(told(output / "runs" / "r1")) == 2
    writer.lines.close()
    assert len(told(output / "runs" / "r1")) == 3


def test_nothing_of_it_belongs_to_the_projects_history(output):
    Writer(output).lines.close()
    assert (output / ".gitignore").read_text() == "*\n"


def test_latest_points_to_the_newest_run(output):
    for run_id in ("r1", "r2"):
        writer = Writer(output, run_id)
        writer.lines.close()
        writer.folder.join(ended())
    assert (output / "runs" / "latest" / "timeline.ndjson").is_file()
    assert latest(output) == (output / "runs" / "r2").resolve()


def test_where_links_are_refused_latest_is_a_file_with_the_name(output, monkeypatch):
    def refuse(self, *_, **__):
        raise OSError("no links here")

    monkeypatch.setattr(runs.Path, "symlink_to", refuse)
    for run_id in ("r1", "r2"):
        Writer(output, run_id).lines.close()
    assert (output / "runs" / "latest").read_text() == "r2"
    assert latest(output) == (output / "runs" / "r2").resolve()


def test_there_is_no_latest_before_the_first_run(output):
    assert latest(output) is None


def test_parts_of_workers_are_joined_in_the_order_of_time_and_each_in_its_own(output):
    first, second = Writer(output, worker="gw0"), Writer(output, worker="gw1")
    first.writes(resolved(1, "gw0"), started(2, "a", "gw0"), finished(5, "a", worker="gw0"))
    second.writes(resolved(1, "gw1"), started(3, "b", "gw1"), finished(4, "b", "failed", "gw1"))
    first.lines.close()
    second.lines.close()
    RunFolder(output, "r1").join(ended())
    assert told(output / "runs" / "r1") == [
        ("run_started", None),
        ("service_resolved", None),
        ("scenario_started", "a"),
        ("scenario_started", "b"),
        ("scenario_finished", "b"),
        ("scenario_finished", "a"),
        ("run_finished", "finished"),
    ]
    assert [each.name for each in (output / "runs" / "r1").iterdir()] == ["timeline.ndjson"]
    *_, last = read(output / "runs" / "r1" / "timeline.ndjson")
    assert last["counts"] == {"failed": 1, "passed": 1}
    assert last["seconds"] == 60


def test_every_line_fits_the_schema(output):
    writer = Writer(output).writes(resolved(1), started(2, "a"), finished(3, "a"))
    writer.lines.close()
    writer.folder.join(ended())
    for record in read(output / "runs" / "r1" / "timeline.ndjson"):
        jsonschema.validate(record, schema())


def test_counts_go_by_the_last_attempt(output):
    writer = Writer(output).writes(finished(1, "a", "failed"), finished(2, "a", attempt=2), finished(3, "b", "skipped"))
    writer.lines.close()
    writer.folder.join(ended())
    *_, last = read(output / "runs" / "r1" / "timeline.ndjson")
    assert last["counts"] == {"flaky": 1, "skipped": 1}


def test_an_attempt_without_an_end_gets_one_and_is_not_called_passed(output):
    worker = Writer(output, worker="gw0").writes(started(1, "a", "gw0"), finished(2, "a", worker="gw0"))
    worker.writes(started(3, "b", "gw0"))
    worker.lines.close()
    RunFolder(output, "r1").join(ended(10))
    *_, lost, last = read(output / "runs" / "r1" / "timeline.ndjson")
    assert (lost["scenario"], lost["status"], lost["worker"], lost["seconds"]) == ("b", "unknown", "gw0", 7.0)
    assert last["counts"] == {"passed": 1, "unknown": 1}


def test_a_line_that_was_cut_short_is_left_out(output):
    writer = Writer(output).writes(started(1, "a"))
    with writer.folder.part.open("a") as part:
        part.write('{"event": "scenario_fin')
    writer.lines.close()
    writer.folder.join(ended())
    assert [event for event, _ in told(output / "runs" / "r1")] == [
        "run_started",
        "scenario_started",
        "scenario_finished",
        "run_finished",
    ]


def test_a_timeline_of_one_process_is_ended_in_place_and_says_what_a_copy_would(tmp_path):
    events = [
        started(1, "a"),
        finished(2, "a"),
        started(3, "b \ud800"),
        finished(4, "b \ud800", "failed"),
        started(5, "c"),
    ]
    folders = []
    for name in ("in place", "anew"):
        writer = Writer(tmp_path / name).writes(*events)
        writer.lines.close()
        folders.append(writer.folder)
    (folders[1].parts / "gw0.ndjson").touch()  # a second part, with nothing in it
    before = folders[0].timeline.read_bytes()
    inode = folders[0].timeline.stat().st_ino
    for folder in folders:
        folder.join(ended())
    told = [folder.timeline.read_bytes() for folder in folders]
    assert told[0] == told[1]
    assert told[0].startswith(before)
    assert folders[0].timeline.stat().st_ino == inode
    assert [each["event"] for each in read(folders[0].timeline)][-2:] == ["scenario_finished", "run_finished"]
    assert list(read(folders[0].timeline, "scenario_finished", "run_finished"))[-1]["counts"] == {
        "failed": 1,
        "passed": 1,
        "unknown": 1,
    }


def test_a_secret_that_was_learnt_late_is_masked_in_lines_that_wait(output):
    writer = Writer(output)
    writer.lines.write(replace(finished(1, "a"), message="with s3cret-77"))
    writer.redactor.value("s3cret-77", "token")
    writer.lines.close()
    assert "s3cret-77" not in writer.folder.timeline.read_text()


_DIES = """
import os, sys, pathlib
sys.path[:0] = {path!r}
from goldenpath.domain.redaction import Redactor
from goldenpath.domain.timeline import RunStarted, ScenarioStarted
from goldenpath.runtime.timeline import TimelineWriter
from goldenpath.store.runs import RunFolder

output = pathlib.Path({output!r})
for worker in {workers!r}:
    folder = RunFolder(output, "died", worker)
    writer = TimelineWriter(folder, Redactor())
    if writer.open():
        folder.begin(RunStarted(at={begin!r}, worker=worker, run="died", mode="mock"))
    writer.write(ScenarioStarted(at={then!r}, worker=worker, scenario="of " + worker, attempt=1, feature="F", rule=None,
                                 name="n", uri="f", line=1))
    writer.flush()
    keep = globals().setdefault("keep", [])
    keep.append(writer)
os._exit(9)
"""


@pytest.mark.parametrize("workers", [["main"], ["gw0", "gw1"]])
def test_a_run_whose_writers_are_gone_is_closed_by_whoever_opens_next(output, workers):
    code = _DIES.format(path=sys.path, output=str(output), workers=workers, begin=at(0), then=at(1))
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    died = output / "runs" / "died"
    assert ("run_finished", "interrupted") not in told(died)

    Writer(output, "next").lines.close()
    assert told(died) == [
        ("run_started", None),
        *(("scenario_started", f"of {worker}") for worker in workers),
        *(("scenario_finished", f"of {worker}") for worker in workers),
        ("run_finished", "interrupted"),
    ]
    *_, last = read(died / "timeline.ndjson")
    assert last["counts"] == {"unknown": len(workers)}
    assert last["exit_status"] is None
    assert not (died / "parts").exists()


def test_a_run_that_is_still_on_is_left_alone(output):
    running = Writer(output, "r1").writes(started(1, "a"))
    Writer(output, "r2").lines.close()
    assert told(output / "runs" / "r1")[-1] == ("scenario_started", "a")
    running.writes(finished(2, "a"))
    running.lines.close()
    running.folder.join(ended())
    assert told(output / "runs" / "r1")[-1] == ("run_finished", "finished")


def test_a_run_that_somebody_closed_too_early_gets_its_true_end(output):
    worker = Writer(output, worker="gw0").writes(started(1, "a", "gw0"), finished(2, "a", worker="gw0"))
    worker.lines.close()
    assert runs.close_abandoned(output, but="another") == ["r1"]
    RunFolder(output, "r1").join(ended(exit_status=1))
    ends = [each for each in read(output / "runs" / "r1" / "timeline.ndjson") if each["event"] == "run_finished"]
    assert [(each["status"], each["exit_status"]) for each in ends] == [("finished", 1)]


def test_a_run_that_is_ended_is_not_joined_again(output):
    writer = Writer(output).writes(started(1, "a"), finished(2, "a"))
    writer.lines.close()
    writer.folder.join(ended())
    before = told(output / "runs" / "r1")
    (output / "runs" / "r1" / "parts").mkdir()
    (output / "runs" / "r1" / "parts" / "gw0.ndjson").write_text(json.dumps(started(1, "b").as_record()) + "\n")
    assert runs.close_abandoned(output, but="another") == []
    assert told(output / "runs" / "r1") == before


def test_the_bus_tells_every_listener_in_order():
    heard = []
    bus = Bus()
    bus.listen(lambda event: heard.append(("first", event)))
    bus.listen(lambda event: heard.append(("second", event)))
    event = started(1, "a")
    bus.emit(event)
    assert heard == [("first", event), ("second", event)]
