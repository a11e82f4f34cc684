"""The features notice when a promise is broken: for each named fault a scenario fails, and its title says what broke.

One process runs a batch of faults one after the other, each as a run of pytest of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from goldenpath.reference import faults
from goldenpath.stack.client import Keeper

ROOT = Path(__file__).parents[2]
TABLE = tomllib.loads(Path(__file__).with_name("faults.toml").read_text("utf-8"))
CAUGHT: dict[str, str] = TABLE["caught"]
BATCHES = {"mock": 12, "local": 4}
ON_SERVERS = sorted(CAUGHT) if os.environ.get("ALL_FAULTS") else sorted(CAUGHT)[::5]
"""The faults that are put into servers, too: with ALL_FAULTS (make faults) every one, else every fifth."""

RUN_BATCH = """
import json, sys, pytest

class Outcomes:
    def __init__(self):
        self.seen = []
    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.failed:
            self.seen.append(report.outcome)

tier = sys.argv[2]
for fault, scenario in json.loads(sys.argv[1]).items():
    outcomes = Outcomes()
    options = ["-q", "--mode", tier, "--fault", fault, "-p", "no:cacheprovider", "--no-header", "--no-summary"]
    silent = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    status = pytest.main([f"features/{scenario}", *options, *silent], plugins=[outcomes])
    print("\\n@@", json.dumps([fault, int(status), outcomes.seen]))
"""


def test_every_fault_is_in_the_table() -> None:
    assert set(faults.every()) == set(CAUGHT) | set(TABLE["unnoticed"])
    assert not set(CAUGHT) & set(TABLE["unnoticed"])
    assert len(CAUGHT) >= 25


@pytest.mark.parametrize(("tier", "batch"), [(tier, batch) for tier, many in BATCHES.items() for batch in range(many)])
def test_a_fault_fails_the_scenario_that_speaks_of_it(tier: str, batch: int, tmp_path: Path) -> None:
    output = tmp_path / "output"
    if tier == "mock":
        _every_fault_is_noticed(tier, batch, output)
        return
    # One PostgreSQL and one Valkey do for all of them: each run has a space of its own, with broken servers in it.
    keeper = Keeper.at(output / "up", None, ("database", "cache"))
    try:
        _every_fault_is_noticed(tier, batch, output)
    finally:
        keeper.stop()


def _every_fault_is_noticed(tier: str, batch: int, output: Path) -> None:
    names = sorted(CAUGHT) if tier == "mock" else ON_SERVERS
    faulty = {name: CAUGHT[name] for name in names[batch :: BATCHES[tier]]}
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "GOLDENPATH_"))}
    done = subprocess.run(
        [sys.executable, "-c", RUN_BATCH, json.dumps(faulty), tier],
        cwd=ROOT,
        env=environment | {"GOLDENPATH_OUTPUT": str(output)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    results = [json.loads(line[3:]) for line in done.stdout.splitlines() if line.startswith("@@ ")]
    assert [fault for fault, _, _ in results] == list(faulty), done.stdout + done.stderr
    unnoticed = {fault: (status, seen) for fault, status, seen in results if status != 1 or "failed" not in seen}
    assert unnoticed == {}, done.stdout
