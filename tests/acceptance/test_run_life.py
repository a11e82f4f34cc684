"""A run from its settings to its record and its exit status."""

from __future__ import annotations

import json
from typing import Any

import pytest


def timeline(project) -> list[dict[str, Any]]:
    path = project.root / ".goldenpath/runs/latest/timeline.ndjson"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def events(records: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [record for record in records if record["event"] == kind]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--mode", "dokker"], "*--mode: there is no mode 'dokker'*"),
        (["--mode", "docker"], "*the service 'auth' has no docker adapter; what exists: auth.mock*"),
        (["--service", "billing=mock"], "*the service 'billing' has no mock adapter*"),
        (["--fault", "no-such"], "*there is no fault 'no-such'*"),
        (["--tags", "not " * 5000 + "@a"], "*--tags: this tag expression is nested too deeply*"),
        (["--tags", "not (@a"], "*--tags: this tag expression does not parse:*"),
    ],
)
def test_what_cannot_be_is_a_usage_error(purse, args, message):
    result = purse.run(*args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()
    assert not (purse.root / ".goldenpath" / "runs").exists()


def test_workers_bring_their_usage_errors_home(purse):
    result = purse.run_apart("-n", "1", "--mode", "docker")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *the service 'auth' has no docker adapter*"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('colour = "red"', "*goldenpath.toml:1: there is no setting 'colour'*"),
        ("mode = 3", "*goldenpath.toml:1: mode: expected a text, got 3*"),
        ('steps = ["broken"]', '*broken.py:2: the step module "broken" cannot be imported: *nothing_like_it*'),
        ('steps = ["not_there"]', '*there is no step module "not_there"*'),
    ],
)
def test_wrong_settings_are_a_usage_error(purse, settings, message):
    purse.file("broken.py", "\nimport nothing_like_it\n".replace("\n", "#\n", 1))
    purse.file("goldenpath.toml", settings)
    result = purse.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_the_record_of_a_run(purse):
    result = purse.run("--mode", "mock")
    records = timeline(purse)
    assert [records[0]["event"], records[-1]["event"]] == ["run_started", "run_finished"]
    assert records[0]["mode"] == "mock"
    ended = {each["scenario"]: each for each in events(records, "scenario_finished")}
    assert {name: each["status"] for name, each in ended.items()} == {
        "purse.feature::Ada spends": "passed",
        "purse.feature::Ada spends too much": "failed",
        "purse.feature::Many spend[1-1-0]": "passed",
        "purse.feature::Many spend[9-4-5]": "passed",
    }
    assert ended["purse.feature::Ada spends too much"]["message"] == "4 coins are left: not so"
    steps = [each for each in events(records, "step_finished") if "too much" in each["scenario"]]
    assert [(each["keyword"], each["status"]) for each in steps] == [
        ("Given", "passed"),
        ("When", "passed"),
        ("Then", "failed"),
    ]
    assert records[-1]["exit_status"] == 1
    assert records[-1]["counts"] == {"failed": 1, "passed": 3}
    result.stdout.fnmatch_lines(["Golden Path"])


def test_workers_tell_the_same_and_write_one_record(purse):
    result = purse.run_apart("-n", "2", "-v")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*FAILED features/purse.feature::Ada spends too much*"])
    result.stdout.fnmatch_lines(["4 coins are left: not so"])
    result.stdout.fnmatch_lines(["FAILED features/purse.feature::Ada spends too much - 4 coins are left: not so"])
    records = timeline(purse)
    assert len(events(records, "run_started")) == len(events(records, "run_finished")) == 1
    assert len(events(records, "scenario_finished")) == 4
    assert {each["worker"] for each in events(records, "scenario_started")} <= {"gw0", "gw1"}
    result.stdout.fnmatch_lines(["Golden Path"])


def test_every_way_to_end_is_in_the_record(project):
    project.file(
        "features/ends.feature",
        """
        Feature: Ends
          @skip
          Scenario: Skipped by a mark
            Given all is well
          Scenario: Skipped in a step
            Given it skips
            Then all is well
          Scenario: Undefined
            Given all is well
            Then nobody knows
          Scenario: Ambiguous
            Given it is twofold
          Scenario: A fixture fails
            Given all is well
            And a broken fixture
          Scenario: The end fails
            Given its end fails
          @xfail
          Scenario: Expected
            Given it fails
          Scenario: Needs what is not there
            Given it needs much
          Scenario: Empty
        """,
    )
    project.file(
        "features/conftest.py",
        """
        import pytest
        from goldenpath.bdd import given, step

        @pytest.fixture
        def broken():
            raise OSError("no disk")

        @pytest.fixture
        def ending():
            yield
            raise OSError("no disk at the end")

        @step("all is well")
        def _(): pass

        @given("it skips")
        def _(): pytest.skip("not today")

        @given("it is {word}")
        def _(how): pass

        @given("it is twofold")
        def _(): pass

        @given("a broken fixture")
        def _(broken): pass

        @given("its end fails")
        def _(ending): pass

        @given("it fails")
        def _(): assert False

        @given("it needs much", needs="auth.telepathy")
        def _(): assert False
        """,
    )
    result = project.run("--mode", "mock", "-rs")
    result.assert_outcomes(passed=1, failed=4, skipped=3, xfailed=1, errors=1)
    records = timeline(project)
    ended = {each["scenario"].partition("::")[2]: each for each in events(records, "scenario_finished")}
    assert {name: each["status"] for name, each in ended.items()} == {
        "Skipped by a mark": "skipped",
        "Skipped in a step": "skipped",
        "Undefined": "undefined",
        "Ambiguous": "ambiguous",
        "A fixture fails": "failed",
        "The end fails": "failed",
        "Expected": "skipped",
        "Needs what is not there": "skipped",
        "Empty": "empty",
    }
    assert ended["Skipped in a step"]["message"] == "not today"
    assert ended["A fixture fails"]["message"] == "a broken fixture: OSError: no disk"
    assert "telepathy" in ended["Needs what is not there"]["message"]
    assert len(events(records, "scenario_started")) == len(ended)
    undefined = [each["status"] for each in events(records, "step_finished") if "Undefined" in each["scenario"]]
    assert undefined == ["passed", "undefined"]


def test_a_run_that_executes_nothing_is_no_success(project):
    project.file("test_plain.py", "def test_it(): pass\n")
    project.file("features/one.feature", "Feature: F\n  @skip\n  Scenario: S\n    Given a\n")
    assert project.run("test_plain.py").ret == pytest.ExitCode.OK
    assert project.run("features").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert project.run("features", "--collect-only").ret == pytest.ExitCode.OK


def test_a_scenario_that_was_only_set_up_has_not_passed(purse):
    assert purse.run("--setup-plan").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert {each["status"] for each in events(timeline(purse), "scenario_finished")} == {"unknown"}


def test_ctrl_c_lets_the_step_clean_up_and_closes_the_record(project):
    project.file("features/one.feature", "Feature: F\n  Scenario: S\n    Given it is interrupted\n")
    project.file(
        "features/conftest.py",
        """
        import asyncio, signal, _thread
        from goldenpath.bdd import given

        # Started in the background of a shell, a process ignores Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)

        @given("it is interrupted")
        async def _():
            asyncio.get_running_loop().call_later(0.05, _thread.interrupt_main)
            try:
                await asyncio.sleep(60)
            finally:
                open("cleaned-up", "w").close()
        """,
    )
    result = project.run_apart()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert (project.root / "cleaned-up").exists()
    records = timeline(project)
    assert [each["status"] for each in events(records, "scenario_finished")] == ["unknown"]
    assert records[-1]["status"] == "interrupted"


def test_a_conftest_registers_adapters_of_a_sixth_service(project):
    project.file("goldenpath.toml", 'mode = "mock"\ntags = { billing = "billing" }\n')
    project.file(
        "features/one.feature",
        """
        @billing
        Feature: Billing
          Scenario: S
            Given a bill of 3
            Then 3 was billed
        """,
    )
    project.file(
        "features/conftest.py",
        """
        from contextlib import asynccontextmanager
        from goldenpath.bdd import given, then
        from goldenpath.domain.values import Availability, Tier

        class Bills:
            def __init__(self):
                self.sum = 0

            async def add(self, amount):
                self.sum += amount
                return self.sum

        class MockBilling:
            services, tier, stand_in, needs, capabilities = ("billing",), Tier.MOCK, True, (), frozenset()

            async def probe(self):
                return Availability(True, "in this process")

            @asynccontextmanager
            async def open(self, context):
                yield {"billing": Bills()}

        def goldenpath_register_adapters(registry):
            registry.register("billing.mock", MockBilling())

        @given("a bill of {int}")
        async def _(amount, services):
            await services["billing"].add(amount)

        @then("{int} was billed")
        def _(amount, services):
            assert services.sync["billing"].add(0) == amount
        """,
    )
    project.run().assert_outcomes(passed=1)
