"""A project in a folder of its own, on which pytest is run as its users run it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from textwrap import dedent

import cucumber_expressions.expression
import cucumber_tag_expressions
import fakeredis
import gherkin.parser
import pytest
from kit import lifecycle, streams

import goldenpath.pytest_plugin.collection
import goldenpath.pytest_plugin.definitions
import goldenpath.pytest_plugin.running
import goldenpath.pytest_plugin.stepping
import goldenpath.reference.storage.memory
import goldenpath.reference.storage.redis
import goldenpath.reports.terminal
import goldenpath.runtime.session
from goldenpath.reference import faults
from goldenpath.reference.signing import process_signer
from goldenpath.resolution import Registry

# Imported once for all: the harness forgets what a run within it has imported.
KEPT = (cucumber_expressions.expression, cucumber_tag_expressions, gherkin.parser, goldenpath, Registry.installed())
KEPT += (faults.every(), process_signer().jwks(), fakeredis)

STEPS = """
from goldenpath.bdd import given, parsers, then, when

@given("{word} has {int} coins", target_fixture="purse")
def _(name, coins):
    return {"name": name, "coins": coins}

@when("she spends {int}")
async def _(coins, purse):
    purse["coins"] -= coins

@then("{int} coins are left")
def _(coins, purse):
    assert purse["coins"] == coins
"""

PURSE = """
@shop
Feature: Purse

  @quick
  Scenario: Ada spends
    Given Ada has 5 coins
    When she spends 2
    Then 3 coins are left

  Scenario: Ada spends too much
    Given Ada has 5 coins
    When she spends 2
    Then 4 coins are left

  Scenario Outline: Many spend
    Given Bob has <had> coins
    When she spends <spent>
    Then <left> coins are left

    Examples:
      | had | spent | left |
      | 1   | 1     | 0    |
      | 9   | 4     | 5    |
"""


class Project:
    """A project of somebody's; ``run`` runs pytest in it, in this process."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.root: Path = pytester.path
        self.file("pytest.ini", "[pytest]\nasyncio_default_fixture_loop_scope = function\n")

    def file(self, path: str, text: str) -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return target

    def ini(self, text: str) -> None:
        """Add lines to the settings of pytest."""
        with (self.root / "pytest.ini").open("a", encoding="utf-8") as ini:
            ini.write(dedent(text).lstrip("\n"))

    def run(self, *args: str) -> pytest.RunResult:
        """Run it in this process; without hypothesis, whose plugin imports it anew at the end of each run."""
        return self.pytester.runpytest_inprocess("-p", "no:hypothesispytest", *args)

    def run_apart(self, *args: str) -> pytest.RunResult:
        """Run it in a process of its own."""
        return self.pytester.runpytest_subprocess(*args)

    def ids(self, *args: str) -> list[str]:
        """The node ids that pytest collects."""
        return [line for line in self.run("--collect-only", "-q", *args).outlines if "::" in line]


@pytest.fixture(autouse=True)
def _at_a_desk(monkeypatch):
    """What these tests say is said of somebody's desk, wherever they run; those about a build server say so."""
    monkeypatch.delenv("CI", raising=False)


@pytest.fixture(autouse=True)
def _with_its_own_parameter_types(monkeypatch):
    """A run in this process defines parameter types for the whole of it: the next one is not to know them."""
    # its package has a function of that name
    module = import_module("goldenpath.bdd.parameter_types")
    monkeypatch.setattr(module, "_defined", {})
    monkeypatch.setattr(module, "_registry", [])


@pytest.fixture
def project(pytester: pytest.Pytester) -> Iterator[Project]:
    """An empty project. Whatever a test does with it, the messages of its runs are sound."""
    yield (project := Project(pytester))
    for stream in project.root.glob("**/runs/*/messages.ndjson"):
        envelopes = streams.read(stream)
        problems = lifecycle.problems(envelopes) + streams.changed(envelopes)
        assert not problems, "\n".join([f"{stream}:", *problems[:20]])


@pytest.fixture
def purse(project: Project) -> Project:
    """A project with one feature, of whose four scenarios one fails, and its sentences in a conftest."""
    project.file("features/purse.feature", PURSE)
    project.file("features/conftest.py", STEPS)
    return project
