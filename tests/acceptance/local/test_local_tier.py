"""Our own features on real servers: all of them, on nothing but what was asked for, and nothing is left."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from acceptance.local.conftest import LocalRun

SERVICES = {"auth", "events", "agents", "database", "cache"}


def used(run):
    """The tiers that answered each service in the whole run."""
    return {(use["service"], use["tier"]) for end in run.ends for use in end["services"]}


def test_every_scenario_passes_on_local_servers_and_none_on_a_mock(local):
    on_servers = executed(local, "local")
    assert {each["status"] for each in local.ends} == {"passed"}
    assert {each["standing"] for each in local.ends} == {"verified"}
    assert used(local) == {(service, "local") for service in SERVICES}
    assert {each["tier"] for each in local.records if each["event"] == "observation"} == {"local"}
    assert not (local.root / ".goldenpath/servers").exists() or not list((local.root / ".goldenpath/servers").iterdir())
    # The same steps and the same assertions are executed on mocks, scenario by scenario.
    assert executed(local, "mock") == on_servers
    assert len(on_servers) > 150
    assert all(steps for steps, _ in on_servers.values())
    assert sum(len(asserts) for _, asserts in on_servers.values()) > 150


def executed(run, mode):
    """What each scenario executed in a mode: its steps with what became of them, and its assertions by line."""
    seen = run.root / f"asserts-{mode}"
    seen.mkdir()
    here = str(Path(__file__).parent)
    status = run.run(
        "--mode", mode, "-n", "2", "-p", "asserts_seen", GOLDENPATH_TEST_ASSERTS=str(seen), PYTHONPATH=here
    )
    assert status == 0, run.said[-3000:]
    asserts = {}
    for each in seen.iterdir():
        asserts |= json.loads(each.read_text())
    steps = {}
    for each in (each for each in run.records if each["event"] == "step_finished"):
        steps.setdefault(each["scenario"], []).append((each["text"], each["status"]))
    return {scenario: (done, asserts.get(scenario, [])) for scenario, done in steps.items()}


def test_without_the_word_of_the_settings_the_platform_is_a_stand_in(local):
    (local.root / "goldenpath.toml").unlink()
    assert local.run("--mode", "local", "--tags", "@golden_path") == 0, local.said[-3000:]
    assert {each["standing"] for each in local.ends} == {"rehearsed"}


@pytest.mark.parametrize("service", ["database", "cache", "events", "auth", "agents"])
def test_a_server_that_is_killed_in_mid_run_is_lost_and_told(local, service):
    local.start("--mode", "hybrid", "--tags", "@high")
    local.wait_for(8)
    local.kill(service)
    status = local.end()
    ends = local.ends
    lost = [each for each in ends if each["lost"]]
    assert lost, local.said[-3000:]
    assert service in {name for each in lost for name in each["lost"]}
    # What is critical is not proved on a stand-in when it has lost the real thing; all else goes on.
    failed = {each["scenario"] for each in ends if each["status"] == "failed" and not each["lost"]}
    degraded = {each["scenario"] for each in ends if each["degraded"]}
    assert not failed, local.said[-5000:]
    critical = {each["scenario"] for each in lost} - degraded
    assert status == (1 if critical else 0)
    # No record is lost: each scenario that was collected has an end.
    started = {each["scenario"] for each in local.records if each["event"] == "scenario_started"}
    assert {each["scenario"] for each in ends} == started
    assert len(started) > 40
    # Nothing says that it ran on what was dead.
    for each in ends[ends.index(lost[-1]) + 1 :]:
        assert (service, "local") not in {(use["service"], use["tier"]) for use in each["services"]}


def test_a_mode_that_names_the_tier_falls_no_lower_when_a_server_is_killed(local):
    local.start("--mode", "local", "--tags", "@high")
    local.wait_for(8)
    local.kill("database")
    assert local.end() == 1
    assert {tier for _, tier in used(local)} == {"local"}
    assert {each["status"] for each in local.ends[-20:]} == {"skipped"}


def test_a_run_that_is_killed_leaves_nothing_running(local):
    local.start("--mode", "local")
    local.wait_for(5)
    local.process.kill()
    local.process.wait()


def test_ctrl_c_ends_the_servers_too(local):
    local.start("--mode", "local")
    local.wait_for(5)
    local.process.send_signal(signal.SIGINT)
    # The interpreter may be between two tests of pytest's, and ends by the signal itself.
    assert local.end() in {2, -signal.SIGINT}


@pytest.mark.parametrize("folders", [4, 1], ids=["each in its own folder", "all in one folder"])
def test_four_runs_at_once_do_not_meet(local, tmp_path, folders):
    runs = []
    for number in range(4):
        root = tmp_path / f"run{number % folders}"
        root.mkdir(exist_ok=True)
        runs.append(LocalRun(root, name=f"said{number}", mark=local.mark))
    for run in runs:
        run.start("--mode", "local", "--tags", "@golden_path")
    assert [run.end() for run in runs] == [0] * 4, "".join(run.said[-2000:] for run in runs)
    ends = {run.said.rstrip().splitlines()[-1].partition(" in ")[0] for run in runs}
    assert len(ends) == 1, ends
    assert "passed" in ends.pop()
