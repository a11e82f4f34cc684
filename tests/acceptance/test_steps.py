"""Steps of every kind, their arguments and fixtures, and what ends a scenario."""

from __future__ import annotations

import pytest


def one(project, steps: str, conftest: str, *args: str) -> pytest.RunResult:
    """Run one scenario of these steps with the sentences of this conftest."""
    lines = "".join(f"    {line.strip()}\n" for line in steps.strip().splitlines())
    project.file("features/one.feature", f"Feature: One\n  Scenario: It\n{lines}")
    project.file("features/conftest.py", conftest)
    return project.run(*args)


def test_async_steps_share_one_task_and_context(project):
    result = one(
        project,
        "Given it begins\nWhen it goes on\nThen it is one task",
        """
        import asyncio
        from contextvars import ContextVar
        from goldenpath.bdd import given, then, when

        said = ContextVar("said")
        seen = []

        @given("it begins")
        async def _():
            said.set("in the first step")
            seen.append(asyncio.current_task())
            asyncio.current_task().later = asyncio.create_task(asyncio.sleep(0, "done"))

        @when("it goes on")
        def _():
            assert said.get() == "in the first step"
            asyncio.run(asyncio.sleep(0))

        @then("it is one task")
        async def _():
            assert said.get() == "in the first step"
            assert asyncio.current_task() is seen[0]
            assert await asyncio.current_task().later == "done"
        """,
    )
    result.assert_outcomes(passed=1)


def test_a_failing_async_step_fails(project):
    conftest = """
    from goldenpath.bdd import given

    @given("it fails")
    async def _():
        assert False
    """
    one(project, "Given it fails", conftest).assert_outcomes(failed=1)


def test_variables_that_fixtures_set_are_seen_in_steps(project):
    result = one(
        project,
        "Given an app",
        """
        from contextvars import ContextVar
        import pytest
        from goldenpath.bdd import given

        app, extra = ContextVar("app"), ContextVar("extra")

        @pytest.fixture(autouse=True)
        def pushed():
            token = app.set("pushed")
            yield
            app.reset(token)

        @pytest.fixture
        def later():
            extra.set("later")

        @given("an app")
        async def _(later):
            assert (app.get(), extra.get()) == ("pushed", "later")
        """,
    )
    result.assert_outcomes(passed=1)


def test_steps_that_yield_end_with_the_scenario_in_reverse_order(project):
    result = one(
        project,
        "Given one\nAnd two\nThen nothing has ended",
        """
        from goldenpath.bdd import given, then

        told = []

        @given("one", target_fixture="first")
        def _():
            yield "the first"
            told.append("one")
            print("ended:", told)

        @given("two", target_fixture="second")
        async def _():
            yield "the second"
            told.append("two")

        @then("nothing has ended")
        def _(first, second):
            assert (first, second, told) == ("the first", "the second", [])
        """,
        "-s",
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*ended: ?'two', 'one'?*"])


def test_a_step_that_yields_twice_is_an_error(project):
    conftest = """
    from goldenpath.bdd import given

    @given("one")
    async def _():
        yield 1
        yield 2
    """
    one(project, "Given one", conftest).assert_outcomes(passed=1, errors=1)


def test_async_fixtures_of_every_scope(project):
    project.file("features/two.feature", "Feature: Two\n  Scenario: It\n    Given all\n")
    result = one(
        project,
        "Given all",
        """
        import asyncio
        import pytest
        from goldenpath.bdd import given

        @pytest.fixture(scope="session")
        async def whole():
            print("whole begins")
            yield asyncio.current_task()
            print("whole ends")

        @pytest.fixture(scope="module")
        async def feature():
            print("feature begins")
            return "a value"

        @pytest.fixture
        async def each(whole, feature):
            yield asyncio.current_task()
            print("each ends")

        @pytest.fixture
        async def nothing(each):
            return None

        @given("all")
        async def _(whole, feature, each, nothing):
            assert feature == "a value" and nothing is None
            assert each is asyncio.current_task() is not whole
        """,
        "-s",
    )
    result.assert_outcomes(passed=2)
    text = result.stdout.str()
    assert [text.count(what) for what in ("whole begins", "feature begins", "each ends", "whole ends")] == [1, 2, 2, 1]
    assert text.rindex("whole ends") > text.rindex("each ends")


def test_a_broken_async_fixture_is_told_as_pytest_does(project):
    conftest = """
    import pytest
    from goldenpath.bdd import given

    @pytest.fixture(autouse=True)
    async def broken():
        raise RuntimeError("no disk")

    @given("one")
    def _(): pass
    """
    result = one(project, "Given one", conftest)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E * RuntimeError: no disk"])


def test_a_target_fixture_holds_for_later_steps_and_fixtures_only(project):
    project.file("features/two.feature", "Feature: Two\n  Scenario: It\n    Then the name is nobody\n")
    result = one(
        project,
        "Given the name is Ada\nThen the greeting is Hello Ada\nThen the name is Ada",
        """
        import pytest
        from goldenpath.bdd import given, then

        @pytest.fixture(scope="session")
        def name():
            return "nobody"

        @pytest.fixture
        def greeting(name):
            return f"Hello {name}"

        @given("the name is {word}", target_fixture="name")
        def _(text, name):
            return text

        @then("the greeting is Hello {word}")
        def _(text, greeting):
            assert greeting == f"Hello {text}"

        @then("the name is {word}")
        def _(text, name):
            assert name == text
        """,
    )
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    "body",
    ["return asyncio.sleep(0)", "loop = asyncio.new_event_loop(); loop.close(); return asyncio.Future(loop=loop)"],
)
def test_what_nobody_awaits_is_an_error(project, body):
    conftest = f"""
    import asyncio
    from goldenpath.bdd import given

    @given("one")
    def forgets():
        {body}
    """
    result = one(project, "Given one", conftest)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["one: forgets gave something to await, and nobody awaited it"])


def test_nothing_runs_behind_a_step_that_is_undefined_and_all_are_told(project):
    result = one(
        project,
        'Given it runs\nWhen Ada pays 3 "coins"\nThen it is late\nAnd nobody knows',
        """
        from goldenpath.bdd import given, then

        @given("it runs")
        def _(): print("it ran")

        @then("it is late")
        def _(): print("too late")
        """,
        "-s",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*it ran*"])
    result.stdout.no_fnmatch_line("*too late*")
    result.stdout.fnmatch_lines(
        [
            "Ada pays 3 *",
            "*undefined*When Ada pays 3*",
            "*not run*Then it is late*",
            "*undefined*And nobody knows*",
            '*@when("Ada pays {int} {string}")*',
        ]
    )
    result.stdout.fnmatch_lines(['*@then("nobody knows")*'])


def test_an_ambiguous_step_names_all_candidates(project):
    result = one(
        project,
        "Given it runs",
        """
        from goldenpath.bdd import given

        @given("it runs")
        def _(): pass

        @given("it {word}")
        def _(what): pass
        """,
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ambiguous*Given it runs*", "*conftest.py:3*", "*conftest.py:6*"])


def test_a_nearer_sentence_wins(project):
    project.file("conftest.py", 'from goldenpath.bdd import given\n@given("who am I")\ndef _(): assert False\n')
    project.file("features/near/one.feature", "Feature: F\n  Scenario: S\n    Given who am I\n")
    project.file("features/near/conftest.py", 'from goldenpath.bdd import given\n@given("who am I")\ndef _(): pass\n')
    project.run().assert_outcomes(passed=1)


def test_step_modules_of_the_settings_with_their_fixtures(project):
    project.file("features/a/one.feature", "Feature: F\n  Scenario: S\n    Given a\n    Then it is from second\n")
    project.file("features/b/two.feature", "Feature: F\n  Scenario: S\n    Given a\n    Then it is from limited\n")
    for name in ("first", "second", "limited"):
        project.file(
            f"shop/{name}.py",
            f"""
            import pytest
            from goldenpath.bdd import given, then

            @pytest.fixture
            def origin():
                return "{name}"

            @given("a", target_fixture="said")
            def _(): return "{name}"

            @then("it is from {{word}}")
            def _(name, said, origin):
                assert (said, origin) == (name, name)
            """,
        )
    project.file(
        "goldenpath.toml",
        """
        steps = ["shop.first", "shop/second.py", { module = "shop.limited", features = "features/b" }]
        """,
    )
    project.run().assert_outcomes(passed=2)


def test_outcomes_that_a_step_asks_for(project):
    project.file(
        "features/one.feature",
        """
        Feature: Outcomes
          Scenario: A
            Given it skips
          Scenario: B
            Given it is expected to fail
          Scenario: C
            Given it fails
          Scenario: D
            Given it works
        """,
    )
    project.file(
        "conftest.py",
        """
        import pytest
        from goldenpath.bdd import given

        @given("it skips")
        async def _(): pytest.skip("no printer")

        @given("it is expected to fail")
        def _(): pytest.xfail("known")

        @given("it fails")
        async def _(): pytest.fail("out of paper")

        @given("it works")
        def _(caplog, capsys, request, tmp_path):
            assert request.node.name == "D" and request.module.__file__.endswith("one.feature")
        """,
    )
    result = project.run("-rA")
    result.assert_outcomes(passed=1, skipped=1, xfailed=1, failed=1)
    result.stdout.fnmatch_lines(["*no printer*"])
    result.stdout.fnmatch_lines(["FAILED features/one.feature::C - it fails: out of paper"])


def test_a_scenario_gets_no_fixture_that_is_not_there(project):
    conftest = """
    from goldenpath.bdd import given

    @given("one")
    def _(printer): pass
    """
    result = one(project, "Given one", conftest)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["one: there is no fixture 'printer'"])


def test_pytests_own_switches(project):
    conftest = """
    import time
    import pytest
    from goldenpath.bdd import given

    @pytest.fixture
    def thing():
        return 1

    @given("one")
    async def _(thing):
        print("said aloud")
        assert thing == 2
    """
    result = one(project, "Given one", conftest, "--setup-show", "--durations=1", "-vv", "--tb=short")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*SETUP    F thing*", "*said aloud*"])


def test_a_hanging_step_ends_with_the_timeout_and_its_finally_runs(project):
    conftest = """
    import asyncio
    from goldenpath.bdd import given

    @given("one")
    async def _():
        try:
            await asyncio.sleep(60)
        finally:
            print("cleaned up")
    """
    result = one(project, "Given one", conftest, "--timeout=0.5", "--timeout-method=signal")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*cleaned up*"])


def test_fixtures_attach_too(project):
    result = one(
        project,
        "Given it runs",
        """
        import pytest
        from goldenpath.bdd import given, log

        @pytest.fixture
        def printer():
            log("on")
            yield
            log("off")

        @given("it runs")
        def _(printer): log("works")
        """,
    )
    result.assert_outcomes(passed=1)
    stream = (project.root / ".goldenpath/runs/latest/messages.ndjson").read_text(encoding="utf-8")
    assert [word for word in ("on", "works", "off") if f'"body":"{word}"' in stream] == ["on", "works", "off"]


def test_a_scenario_has_the_worst_status_of_its_steps(project):
    result = one(
        project,
        "Given it is to come\nThen nobody knows",
        """
        from goldenpath.bdd import given, pending

        @given("it is to come")
        def _(): pending("next week")
        """,
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["it is to come: pending, next week", "*no service*1 undefined"])
