"""Reports in the formats of others."""

import json

import pytest

STUBS = """
from pytest_bdd import given, scenarios

scenarios("theirs.feature")

@given("a stub")
def _():
    pass
"""

LISTENER = """
def pytest_bdd_after_scenario(scenario):
    pass
"""

# Writes the report when the stream is whole.
ODD = """
Feature: Odd

  Scenario: Known
    Given Ada has 5 coins

  Scenario: Unknown
    Given Ada has 5 coins
    When nobody says how
    Then nobody knows
"""


@pytest.fixture
def mixed(purse):
    """Features of ours beside one that a test module binds, and somebody who hears pytest-bdd's hooks."""
    purse.file("features/odd.feature", ODD)
    purse.file("tests/theirs.feature", "Feature: Theirs\n  Scenario: Of a stub\n    Given a stub\n")
    purse.file("tests/test_theirs.py", STUBS)
    purse.file("conftest.py", LISTENER)
    return purse


def reported(project, *args):
    """What the report tells: the statuses of all steps, by feature and scenario, in order."""
    project.run("--cucumber-json=report.json", *args)
    features = json.loads((project.root / "report.json").read_text(encoding="utf-8"))
    return [
        (feature["name"], scenario["name"], [step["result"]["status"] for step in scenario["steps"]])
        for feature in features
        for scenario in feature["elements"]
    ]


OURS = [
    ("Odd", "Known", ["passed"]),
    ("Odd", "Unknown", ["passed", "undefined", "undefined"]),
    ("Purse", "Ada spends", ["passed", "passed", "passed"]),
    ("Purse", "Ada spends too much", ["passed", "passed", "failed"]),
    ("Purse", "Many spend", ["passed", "passed", "passed"]),
    ("Purse", "Many spend", ["passed", "passed", "passed"]),
]
THEIRS = [("Theirs", "Of a stub", ["passed"])]


def test_each_scenario_is_reported_once_whoever_ran_it(mixed):
    assert reported(mixed, "features", "tests") == THEIRS + OURS


def test_workers_report_all_scenarios_and_steps(mixed):
    assert reported(mixed, "-n2", "features") == OURS


def test_a_run_that_ends_early_reports_what_ran(mixed):
    assert reported(mixed, "-x", "features/purse.feature") == OURS[2:4]


def test_the_report_of_a_run_without_features_is_pytest_bdds(mixed):
    assert reported(mixed, "tests") == THEIRS


def test_nothing_is_written_where_nothing_was_asked_for(mixed):
    mixed.run("features")

    assert list(mixed.root.glob("*.json")) == []


def test_who_hears_the_hooks_finds_the_row_where_pytest_bdd_has_it(purse):
    purse.file("conftest.py", ROWS)

    purse.run("features").assert_outcomes(passed=3, failed=1)

    rows = json.loads((purse.root / "rows.json").read_text(encoding="utf-8"))
    assert rows == [None, None, {"had": "1", "spent": "1", "left": "0"}, {"had": "9", "spent": "4", "left": "5"}]


def test_features_in_markdown_are_told_by_the_hooks_too(purse):
    purse.file("features/purse.feature.md", "# Feature: M\n\n## Scenario: In Markdown\n\n* Given Ada has 5 coins\n")
    purse.file("conftest.py", 'def pytest_bdd_before_scenario(scenario):\n    print("told of", scenario.name)\n')

    result = purse.run("-s", "features/purse.feature.md")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*told of In Markdown*"])


ROWS = """
import json
from pathlib import Path

rows = []

def pytest_bdd_before_scenario(request):
    rows.append(getattr(request.node, "callspec", None) and request.node.callspec.params["_pytest_bdd_example"])

def pytest_unconfigure():
    Path("rows.json").write_text(json.dumps(rows))
"""
