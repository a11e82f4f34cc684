"""Runs that end before their time: what was begun is told, with an end, and once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from kit.story import Story

FEATURE = """
Feature: Cut
  Scenario: First
    Given all is well
  Scenario: Second
    Given all is well
    When the blow falls
    Then all is well
  Scenario: Third
    Given all is well
"""

STEPS = """
import asyncio, os, signal, time
import pytest
from goldenpath.bdd import *

@step("all is well")
def _(): pass

@step("the blow falls")
{kind} _():
    {body}
"""

HANGS = "open('begun', 'w').close(); time.sleep(60)"


@pytest.fixture
def cut(project):
    """A project whose second scenario of three does this in its second step."""

    def made(body: str, kind: str = "def"):
        project.file("features/cut.feature", FEATURE)
        project.file("features/conftest.py", STEPS.format(kind=kind, body=body))
        return project

    return made


def streams(project) -> list[Story]:
    """What each run says, in the order of time."""
    return [Story(path) for path in sorted((project.root / ".goldenpath/runs").glob("2*/messages.ndjson"))]


def begun(project, *args: str) -> subprocess.Popen[bytes]:
    """A run whose blow has begun to fall."""
    command = [sys.executable, "-m", "pytest", "-p", "no:hypothesispytest", *args]
    # In a group of its own, as a shell starts it; the output is not asked for.
    run = subprocess.Popen(command, cwd=project.root, stdout=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while not (project.root / "begun").exists():
        assert run.poll() is None, "it ended by itself"
        assert time.monotonic() < deadline, "it never began"
        time.sleep(0.02)
    return run


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_ctrl_c_in_a_step(cut, kind):
    wait = "await asyncio.sleep(60)" if kind == "async def" else "time.sleep(60)"
    # Started in the background of a shell, a process ignores Ctrl-C.
    project = cut(f"signal.signal(signal.SIGINT, signal.default_int_handler); open('begun', 'w').close(); {wait}", kind)
    run = begun(project)
    run.send_signal(signal.SIGINT)
    assert run.wait(60) == pytest.ExitCode.INTERRUPTED
    (story,) = streams(project)
    assert story.outcomes == {"First": ["PASSED"], "Second": ["PASSED UNKNOWN UNKNOWN"]}
    assert story.last["success"] is False
    assert story.last["message"] == "interrupted"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_ctrl_c_while_workers_run(cut):
    project = cut(HANGS)
    run = begun(project, "-n", "2")
    os.killpg(run.pid, signal.SIGINT)
    run.wait(60)
    streams_of = streams(project)
    assert len(streams_of) == 1
    assert streams_of[0].last["success"] is False
    assert "Second" in streams_of[0].outcomes


def test_a_worker_that_dies_takes_its_scenario_only(cut):
    project = cut("os._exit(1)")
    result = project.run_apart("-n", "2", "-p", "no:hypothesispytest")
    result.assert_outcomes(passed=2, failed=1)
    (story,) = streams(project)
    assert story.outcomes == {"First": ["PASSED"], "Second": ["UNKNOWN UNKNOWN UNKNOWN"], "Third": ["PASSED"]}
    assert story.last["success"] is False


def test_a_scenario_that_a_second_worker_takes_up_is_told_once_and_is_no_success(cut):
    """With --dist loadfile a new worker begins again with the scenario at which the old one died."""
    project = cut("os.path.exists('died') or (open('died', 'w').close(), os._exit(1)); return None")
    result = project.run_apart("-n", "2", "--dist", "loadfile", "-p", "no:hypothesispytest")
    result.assert_outcomes(passed=3, failed=1)
    (story,) = streams(project)
    assert story.outcomes == {"First": ["PASSED"], "Second": ["PASSED PASSED PASSED"], "Third": ["PASSED"]}
    assert story.last["success"] is False


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="there are no alarms on this system")
def test_a_timeout_by_signal_ends_the_scenario_only(cut):
    project = cut("time.sleep(60)")
    result = project.run_apart("--timeout=0.5", "--timeout-method=signal", "-p", "no:hypothesispytest")
    result.assert_outcomes(passed=2, failed=1)
    (story,) = streams(project)
    assert story.outcomes == {"First": ["PASSED"], "Second": ["PASSED FAILED SKIPPED"], "Third": ["PASSED"]}


def test_a_timeout_by_thread_ends_the_process_and_the_next_run_closes_it(cut):
    project = cut("time.sleep(60)")
    project.run_apart("--timeout=1", "--timeout-method=thread", "-p", "no:hypothesispytest")
    project.run("-k", "First")
    killed, after = streams(project)
    assert killed.outcomes == {"First": ["PASSED"], "Second": ["UNKNOWN UNKNOWN UNKNOWN"]}
    assert killed.last["success"] is False
    assert after.outcomes == {"First": ["PASSED"]}


@pytest.mark.parametrize("args", [(), ("-n", "2")])
def test_a_run_that_is_killed_is_closed_by_the_next(cut, args):
    project = cut(HANGS)
    run = begun(project, *args)
    if args:
        run.kill()  # the controller; its workers see that it is gone
        _let_workers_end(project, run.pid)
    else:
        run.kill()
    run.wait(60)
    project.run("-k", "First")
    killed, after = streams(project)
    assert killed.outcomes["Second"] == ["UNKNOWN UNKNOWN UNKNOWN"]
    assert killed.last["success"] is False
    assert len(killed.all("source")) == len(killed.all("gherkinDocument")) == 1
    assert after.last["success"] is True


def _let_workers_end(project, group: int) -> None:
    """End what is left of a group of processes."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


@pytest.mark.parametrize(
    ("body", "status"),
    [("raise KeyboardInterrupt", 2), ("pytest.exit('enough')", 2), ("pytest.exit('enough', returncode=7)", 7)],
)
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_step_that_ends_the_run(cut, kind, body, status):
    project = cut(body, kind)
    assert project.run_apart("-p", "no:hypothesispytest").ret == status
    (story,) = streams(project)
    assert story.outcomes == {"First": ["PASSED"], "Second": ["PASSED UNKNOWN UNKNOWN"]}
    assert story.last["success"] is False


@pytest.mark.parametrize("hook", ["before_run", "before_scenario", "before_step", "after_scenario", "after_run"])
def test_a_hook_that_ends_the_run(cut, hook):
    project = cut(f"pass\n\n@{hook}\ndef _(): raise KeyboardInterrupt")
    assert project.run_apart("-p", "no:hypothesispytest").ret == pytest.ExitCode.INTERRUPTED
    (story,) = streams(project)
    assert story.last["success"] is False
    assert len(story.outcomes) == {"before_run": 0, "after_run": 3}.get(hook, 1)


@pytest.mark.parametrize("args", [("-x",), ("--maxfail=1", "--dist", "loadfile"), ("--exitfirst", "--retry", "1")])
def test_workers_that_are_stopped_early(cut, args):
    project = cut("assert False")
    project.run_apart("-n", "2", "-p", "no:hypothesispytest", *args)
    (story,) = streams(project)
    assert story.outcomes["Second"] == ["PASSED FAILED SKIPPED"] * (2 if "--retry" in args else 1)
    assert story.last["success"] is False
