"""What the end of a run tells besides failures: also where it ran in workers, where it would be lost first."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

WORKERS = [(), ("-n", "2")]


@pytest.mark.parametrize("workers", WORKERS, ids=["alone", "workers"])
def test_every_use_of_the_first_sentence_is_told(project, workers):
    project.file("goldenpath.toml", 'ambiguous = "first"\n')
    project.file("features/two.feature", "Feature: Two\n  Scenario: S\n    Given it runs\n")
    project.file(
        "features/conftest.py",
        """
        from goldenpath.bdd import given

        @given("it runs")
        def _(): pass

        @given("it {word}")
        def _(what): pass
        """,
    )
    result = project.run_apart(*workers)
    result.assert_outcomes(passed=1)
    told = " ".join(result.stdout.str().split())
    assert "ambiguous, and the first was taken: features/two.feature:3 took features/conftest.py:" in told


@pytest.mark.parametrize("workers", WORKERS, ids=["alone", "workers"])
def test_a_hook_that_fails_after_the_run_fails_the_run(purse, workers):
    purse.file(
        "features/conftest.py",
        (purse.root / "features/conftest.py").read_text(encoding="utf-8")
        + '\nfrom goldenpath.bdd import after_run\n\n@after_run\ndef _(): assert False, "not tidy"\n',
    )
    result = purse.run_apart("--tags=@quick", *workers)
    result.assert_outcomes(passed=1, deselected=0 if workers else 3)
    result.stdout.fnmatch_lines(["a hook after the run failed: *not tidy"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_drawn_order_is_told_and_can_be_had_again(purse):
    first = purse.run("--order", "random", "-v")
    (seed,) = re.findall(r"--order=(random:\d+) gives it again", first.stdout.str())
    assert ran(purse.run(f"--order={seed}", "-v")) == ran(first)


def ran(result):
    """The scenarios in the order in which they ran."""
    return [line.split(" [")[0] for line in result.outlines if re.search(r"(PASSED|FAILED) +\[", line)]


def test_what_may_be_flaky_tells_how_it_failed_before(project):
    project.file("features/flaky.feature", "Feature: F\n  Scenario: Mostly\n    Given it mostly runs\n")
    project.file(
        "features/conftest.py",
        """
        from goldenpath.bdd import given

        TRIES = []

        @given("it mostly runs")
        def _():
            TRIES.append(1)
            assert len(TRIES) % 2 == 0, "no answer"
        """,
    )
    result = project.run("--retry", "1", "--allow-flaky")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["features/flaky.feature::Mostly", "*attempt 1: it mostly runs: no answer"])
    assert project.run("--retry", "1").ret == pytest.ExitCode.TESTS_FAILED


def test_a_report_may_go_into_a_folder_that_is_not_there_yet(purse):
    purse.run("--cucumber-json=new/folder/report.json")
    assert json.loads((purse.root / "new/folder/report.json").read_text(encoding="utf-8"))


def test_a_report_is_written_from_where_pytest_was_started(purse):
    (purse.root / "elsewhere").mkdir()
    command = [sys.executable, "-m", "pytest", "../features", "--messages", "out/m.ndjson", "--allure=allure"]
    subprocess.run(command, cwd=purse.root / "elsewhere", capture_output=True, timeout=120, check=False)
    assert (purse.root / "elsewhere/out/m.ndjson").is_file()
    assert list((purse.root / "elsewhere/allure").glob("*-result.json"))
