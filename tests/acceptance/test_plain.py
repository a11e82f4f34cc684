"""Ordinary tests that ask for our services: the same ports as a scenario's, whoever runs the test."""

from __future__ import annotations

import json
from collections import Counter

import pytest

ALONE = ("-p", "no:asyncio", "-p", "no:anyio")
KINDS = """
import asyncio
import pytest

@pytest.fixture
async def grant(services):
    account = await services.auth.create_account("Ada")
    grant = await services.auth.login(account.email, account.password)
    yield grant
    await services.auth.logout(grant.access_token)

async def test_async(services):
    account = await services.auth.create_account("Ada")
    granted = await services.auth.login(account.email, account.password)
    assert granted.user.email == account.email

async def test_of_a_fixture(grant, gp_auth):
    claims = await gp_auth.validate(grant.access_token)
    assert claims.email == grant.user.email

def test_sync(services):
    account = services.sync.auth.create_account("Ada")
    assert services.sync.auth.login(account.email, account.password).user

def test_sync_of_an_async_fixture(grant, services):
    assert services.sync.auth.validate(grant.access_token).sub == grant.user.id

class TestClass:
    async def test_method(self, gp_auth, gp_events, gp_agents):
        account = await gp_auth.create_account("Ada")
        token = (await gp_auth.login(account.email, account.password)).access_token
        connection = await gp_events.connect(token)
        started = await connection.ask("What is new?")
        ending = await connection.ending(started.run_id)
        assert ending.type == "agent_completed"

    @pytest.mark.parametrize("name", ["Ada", "Bob"])
    def test_rows(self, services, name):
        assert services.sync.auth.create_account(name).user.id
"""
IDS = [
    "tests/test_kinds.py::TestClass::test_method",
    "tests/test_kinds.py::TestClass::test_rows[Ada]",
    "tests/test_kinds.py::TestClass::test_rows[Bob]",
    "tests/test_kinds.py::test_async",
    "tests/test_kinds.py::test_of_a_fixture",
    "tests/test_kinds.py::test_sync",
    "tests/test_kinds.py::test_sync_of_an_async_fixture",
]


def events(project, kind: str) -> list[dict]:
    """What the newest run wrote of one kind of event."""
    lines = (project.root / ".goldenpath/runs/latest/timeline.ndjson").read_text("utf-8").splitlines()
    return [each for each in map(json.loads, lines) if each["event"] == kind]


def ends(project) -> dict[str, dict]:
    """How the tests and scenarios of the newest run ended, by id."""
    return {each["scenario"]: each for each in events(project, "scenario_finished")}


@pytest.fixture
def kinds(project):
    """Tests of every kind that no other plugin runs."""
    project.file("tests/test_kinds.py", KINDS)
    return project


def test_every_kind_runs_and_is_recorded(kinds):
    kinds.run(*ALONE, "--mode", "mock").assert_outcomes(passed=7)
    ended = ends(kinds)
    assert sorted(ended) == IDS
    assert {each["status"] for each in ended.values()} == {"passed"}
    assert {each["standing"] for each in ended.values()} == {"rehearsed"}
    used = {each["service"] for each in ended["tests/test_kinds.py::TestClass::test_method"]["services"]}
    assert used >= {"auth", "events", "agents"}
    started = {each["scenario"]: each for each in events(kinds, "scenario_started")}
    assert started["tests/test_kinds.py::TestClass::test_rows[Bob]"]["rule"] == "TestClass"
    assert not events(kinds, "step_finished")


def test_the_same_with_workers_and_from_another_folder(kinds):
    kinds.run_apart(*ALONE, "--mode", "mock", "-n", "2").assert_outcomes(passed=7)
    assert sorted(ends(kinds)) == IDS
    kinds.pytester.chdir()
    kinds.run(*ALONE, "--mode", "mock", "tests/test_kinds.py::test_sync").assert_outcomes(passed=1)
    assert sorted(ends(kinds)) == ["tests/test_kinds.py::test_sync"]


@pytest.mark.parametrize("args", [["--asyncio-mode=auto"], ["--asyncio-mode=strict"]])
def test_under_pytest_asyncio(kinds, args):
    kinds.run("-p", "no:anyio", "--mode", "mock", *args).assert_outcomes(passed=7)
    assert sorted(ends(kinds)) == IDS


def test_a_test_that_pytest_asyncio_runs_has_its_services_on_that_loop(project):
    project.file(
        "tests/test_loop.py",
        """
        import asyncio
        import pytest, pytest_asyncio

        @pytest.fixture
        def account(services):
            account = services.sync.auth.create_account("Ada")
            yield account
            services.sync.auth.login(account.email, account.password)

        @pytest_asyncio.fixture
        async def grant(services, account):
            yield await services.auth.login(account.email, account.password)
            await services.auth.create_account("Bob")

        @pytest.mark.asyncio
        @pytest.mark.parametrize("turn", [1, 2])
        async def test_all_on_one_loop(account, grant, gp_auth, gp_events, turn):
            claims = await gp_auth.validate(grant.access_token)
            connection = await gp_events.connect(grant.access_token)
            waiting = asyncio.ensure_future(connection.next("agent_started"))
            await connection.ask("What is new?")
            event = await asyncio.wait_for(waiting, 5)
            assert event.user_id == claims.sub

        @pytest.mark.asyncio(loop_scope="module")
        @pytest.mark.parametrize("turn", [1, 2])
        async def test_on_a_loop_that_lives_longer(account, gp_auth, turn):
            assert await gp_auth.login(account.email, account.password)
        """,
    )
    project.run("-p", "no:anyio", "--mode", "mock", "--asyncio-mode=strict").assert_outcomes(passed=4)
    created = Counter(each["operation"] for each in events(project, "observation") if each["caller"] == "scenario")
    assert created["create_account"] == 6


def test_a_test_that_anyio_runs_has_its_services_on_that_loop(project):
    project.file(
        "tests/test_anyio.py",
        """
        import anyio
        import pytest

        pytestmark = pytest.mark.anyio

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.fixture
        def account(services):
            account = services.sync.auth.create_account("Ada")
            yield account
            services.sync.auth.login(account.email, account.password)

        @pytest.fixture
        async def grant(services, account):
            yield await services.auth.login(account.email, account.password)
            await services.auth.create_account("Bob")

        async def test_with_fixtures(account, grant, gp_auth, gp_events):
            async with anyio.create_task_group() as group:
                connection = await gp_events.connect(grant.access_token)
                group.start_soon(connection.ask, "What is new?")
                assert (await connection.next("agent_started")).user_id == grant.user.id

        async def test_without_fixtures(services):
            assert await services.auth.create_account("Ada")
        """,
    )
    project.run("-p", "no:asyncio", "--mode", "mock").assert_outcomes(passed=2)
    assert [each["status"] for each in ends(project).values()] == ["passed", "passed"]


def test_a_blocking_call_within_a_running_loop_says_so(project):
    project.file(
        "test_blocks.py",
        """
        async def test_blocks(services):
            services.sync.auth.create_account("Ada")
        """,
    )
    for args in (ALONE, ("--asyncio-mode=auto",)):
        result = project.run(*args, "--mode", "mock")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["E *this code runs on an event loop already: await the port itself*"])


def test_services_that_are_used_on_two_loops_say_so(project):
    project.file(
        "test_two.py",
        """
        import asyncio

        def test_two(services):
            services.sync.auth.create_account("Ada")

            async def more():
                await services.auth.create_account("Bob")

            asyncio.run(more())

        def test_one_of_its_own(services):
            async def all_of_it():
                return await services.auth.create_account("Bob")

            assert asyncio.run(all_of_it()).user
        """,
    )
    result = project.run(*ALONE, "--mode", "mock")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["E *the services of one test were used on two event loops*"])


def test_a_test_in_its_own_task_keeps_context_variables_and_its_finally(project):
    project.file(
        "test_task.py",
        """
        import asyncio, contextvars
        import pytest

        WHO = contextvars.ContextVar("who", default="nobody")

        @pytest.fixture
        async def who(services):
            WHO.set("Ada")
            task = asyncio.current_task()
            yield task
            assert asyncio.current_task() is task
            print("ended:", WHO.get())

        async def test_task(who):
            assert WHO.get() == "Ada"
            assert asyncio.current_task() is who

        async def test_unseen(services):
            async def fails():
                raise OSError("no disk")

            asyncio.ensure_future(fails())
            await asyncio.sleep(0)

        async def test_never_awaited(services):
            services.auth.create_account("Ada")
        """,
    )
    result = project.run(*ALONE, "--mode", "mock", "-rP", "-W", "default")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["ended: Ada"])
    assert "nobody saw it: OSError: no disk" in result.stdout.str()
    assert "auth.create_account was called and never awaited" in result.stdout.str()


BILLING = """
from contextlib import asynccontextmanager

from goldenpath.domain.values import Availability, Tier


class Port:
    async def bill(self):
        return 1


class Billing:
    services = ("billing",)
    tier = Tier.LOCAL
    stand_in = False
    needs = ()
    capabilities = frozenset({"invoices"})

    async def probe(self):
        return Availability(up=%s, reason="refused")

    @asynccontextmanager
    async def open(self, context):
        yield {"billing": Port()}


def goldenpath_register_adapters(registry):
    registry.register("billing.own", Billing())
"""
MOCKS = [f"--service={name}=mock" for name in ("auth", "events", "agents", "database", "cache")]


def test_requires_skips_at_a_desk_and_fails_on_a_build_server(project):
    project.file("conftest.py", BILLING % False)
    project.file(
        "test_requires.py",
        """
        import pytest

        @pytest.mark.requires("auth", "billing")
        def test_lacks(services):
            raise AssertionError("it ran")

        @pytest.mark.requires("auth")
        def test_has(services):
            services.sync.auth.create_account("Ada")

        def test_asks(services):
            services.sync["billing"].bill()
        """,
    )
    result = project.run(*ALONE, *MOCKS, "-rs", "--strict-markers")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED*nothing answers billing: local: refused", "SKIPPED*nothing answers billing*"])
    project.run(*ALONE, *MOCKS, "--ci").assert_outcomes(passed=1, failed=1, errors=1)
    assert ends(project)["test_requires.py::test_lacks"]["message"] == "nothing answers billing: local: refused"


def test_requires_may_ask_for_a_capability(project):
    project.file("conftest.py", BILLING % True)
    project.file(
        "test_requires.py",
        """
        import pytest

        @pytest.mark.requires("billing.invoices")
        async def test_has(services):
            assert await services["billing"].bill() == 1

        @pytest.mark.requires("billing.refunds")
        async def test_lacks(services):
            raise AssertionError("it ran")

        @pytest.mark.requires("search")
        async def test_not_there(services):
            raise AssertionError("it ran")

        @pytest.mark.requires("auth", "biling.invoices")
        async def test_unknown(services):
            raise AssertionError("it ran")
        """,
    )
    project.file("goldenpath.toml", '[services]\nsearch = "none"\n')
    result = project.run(*ALONE, *MOCKS, "-rs")
    result.assert_outcomes(passed=1, skipped=2, errors=1)
    said = result.stdout.str()
    assert "it needs refunds, which billing (local) does not have here" in said
    assert "this project has no service 'search'" in said
    assert ends(project)["test_requires.py::test_has"]["standing"] == "verified"
    unknown = "it requires 'biling', and there is no such service; did you mean 'billing'?"
    assert unknown in said
    assert ends(project)["test_requires.py::test_unknown"]["message"] == unknown


def test_a_service_that_nothing_answers_fails_in_few_words_on_a_build_server(project):
    project.file(
        "test_real.py",
        """
        import pytest

        @pytest.fixture
        async def account(services):
            return await services.auth.create_account("Ada")

        @pytest.mark.real_services
        async def test_in_the_test(services):
            await services.auth.create_account("Ada")

        @pytest.mark.real_services
        async def test_in_a_fixture(account):
            assert account
        """,
    )
    result = project.run(*ALONE, "--mode", "mock", "--ci")
    result.assert_outcomes(failed=1, errors=1)
    shown = [line for line in result.outlines if line.strip()]
    first = next(n for n, line in enumerate(shown) if "test_in_the_test" in line and line.startswith("___"))
    assert shown[first + 1].startswith("test_real.py:9: nothing answers auth: ")
    assert shown[first + 2].startswith(("===", "___"))
    assert any(line.startswith("test_real.py:5: nothing answers auth: ") for line in shown)
    assert "opening.py" not in result.stdout.str()
    assert ends(project)["test_real.py::test_in_the_test"]["message"].startswith("nothing answers auth")


def test_markers_say_on_what_a_test_may_run(project):
    project.file(
        "test_categories.py",
        """
        import pytest

        @pytest.mark.service_independent
        async def test_mocks(services):
            assert await services.auth.create_account("Ada")

        @pytest.mark.real_services
        async def test_real(services):
            assert await services.auth.create_account("Ada")
        """,
    )
    result = project.run(*ALONE, "--mode", "hybrid", "--strict-markers", "-rs", *MOCKS)
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*test_categories.py:7: nothing answers auth*"])


def test_a_test_that_never_used_what_it_requires_has_proved_nothing(project):
    project.file(
        "test_nothing.py",
        """
        import pytest

        pytestmark = pytest.mark.requires("auth")

        def test_nothing(services):
            pass

        def test_fails_anyway(services):
            assert 1 == 2
        """,
    )
    result = project.run(*ALONE, "--mode", "mock")
    result.assert_outcomes(failed=2)
    assert "it proved nothing: it requires auth, and never used it" in result.stdout.str()
    said = {name: end["message"] for name, end in ends(project).items()}
    assert said["test_nothing.py::test_nothing"] == "it proved nothing: it requires auth, and never used it"
    assert "1 == 2" in said["test_nothing.py::test_fails_anyway"]


def test_tags_select_by_markers(kinds):
    kinds.file("tests/test_other.py", "def test_of_nobody(): pass\n")
    kinds.file(
        "tests/test_marked.py",
        """
        import pytest

        @pytest.mark.golden_path
        @pytest.mark.critical
        def test_marked(services): pass
        """,
    )
    result = kinds.run(*ALONE, "--mode", "mock", "--strict-markers", "--tags=@golden_path and @critical")
    result.assert_outcomes(passed=2, deselected=7)
    (started,) = events(kinds, "scenario_started")
    assert sorted(started["tags"]) == ["@critical", "@golden_path"]


def test_secrets_stay_out(project):
    project.file(
        "test_secret.py",
        """
        async def test_secret(services):
            account = await services.auth.create_account("Ada")
            grant = await services.auth.login(account.email, account.password)
            print("SECRET", grant.access_token)
            assert grant.access_token == account.password
        """,
    )
    result = project.run(*ALONE, "--mode", "mock", "-l")
    result.assert_outcomes(failed=1)
    shown = result.stdout.str() + (project.root / ".goldenpath/runs/latest/timeline.ndjson").read_text("utf-8")
    assert "eyJ" not in shown
    assert "SECRET <" in shown


@pytest.mark.parametrize("args", [(), ("-n", "2")])
def test_a_run_that_executed_none_of_them_ends_with_five(project, args):
    project.file("test_skips.py", "import pytest\n\ndef test_skips(services):\n    pytest.skip('not today')\n")
    result = project.run_apart(*ALONE, "--mode", "mock", *args)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert ends(project)["test_skips.py::test_skips"]["message"] == "not today"


def test_an_interrupted_test_is_cut_short(project):
    project.file("test_stops.py", "def test_stops(services):\n    raise KeyboardInterrupt\n")
    assert project.run_apart(*ALONE, "--mode", "mock").ret == pytest.ExitCode.INTERRUPTED
    assert ends(project)["test_stops.py::test_stops"]["status"] == "unknown"


@pytest.mark.parametrize("ends_it", ["os.kill(os.getpid(), signal.SIGINT)", "pytest.exit('enough')"])
def test_ctrl_c_lets_a_test_and_its_fixtures_end(project, ends_it):
    project.file(
        "test_waits.py",
        f"""
        import asyncio, os, signal
        import pytest

        @pytest.fixture
        async def held(services):
            yield await services.auth.create_account("Ada")
            print("the fixture ended")

        async def test_waits(services, held):
            try:
                {ends_it}
                await asyncio.sleep(60)
            finally:
                print("the test ended")
        """,
    )
    result = project.run_apart(*ALONE, "--mode", "mock", "-s")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*the test ended", "the fixture ended"])
    assert ends(project)["test_waits.py::test_waits"]["status"] == "unknown"
    assert events(project, "run_finished")[0]["status"] == "interrupted"


def test_reports_of_others_take_a_run_without_scenarios(project):
    project.file("test_one.py", "def test_one(services):\n    services.sync.auth.create_account('Ada')\n")
    files = ("--junitxml=j.xml", "--cucumber-json=c.json", "--allure=allure", "--messages=m.ndjson")
    project.run(*ALONE, "--mode", "mock", *files).assert_outcomes(passed=1)
    assert '<property name="scenario" value="test_one.py::test_one" />' in (project.root / "j.xml").read_text("utf-8")
    assert json.loads((project.root / "c.json").read_text("utf-8")) == []


def test_a_setting_that_is_wrong_ends_a_run_without_scenarios(kinds):
    for workers in ((), ("-n", "1")):
        result = kinds.run_apart(*ALONE, "--fault", "no-such-fault", "--mode", "mock", *workers)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert not (kinds.root / ".goldenpath/runs/latest").exists()


def test_nothing_is_written_where_nothing_runs(kinds):
    kinds.run(*ALONE, "--mode", "mock", "--collect-only", "-q")
    kinds.run(*ALONE, "--mode", "mock", "-k", "no_such_test")
    assert not (kinds.root / ".goldenpath/runs").exists()


def test_x_stops_and_the_record_is_whole(kinds):
    kinds.file("tests/test_a.py", "def test_fails(services):\n    assert 0\n")
    kinds.run(*ALONE, "--mode", "mock", "-x").assert_outcomes(failed=1)
    assert [each["status"] for each in ends(kinds).values()] == ["failed"]
    assert events(kinds, "run_finished")


def test_beside_features(purse):
    purse.file("features/test_beside.py", "def test_beside(services):\n    services.sync.auth.create_account('Ada')\n")
    result = purse.run(*ALONE, "--mode", "mock", "features")
    result.assert_outcomes(passed=4, failed=1)
    assert len(ends(purse)) == 5


def test_one_that_was_asked_for_by_name(project):
    project.file(
        "test_late.py",
        "def test_late(request):\n    request.getfixturevalue('services').sync.auth.create_account('Ada')\n",
    )
    project.run(*ALONE, "--mode", "mock").assert_outcomes(passed=1)
    assert ends(project)["test_late.py::test_late"]["standing"] == "rehearsed"


def test_who_swallows_that_nothing_answers_has_not_passed(project):
    project.file(
        "test_swallows.py",
        """
        import pytest

        @pytest.mark.critical
        async def test_anything_goes(services):
            with pytest.raises(Exception):
                await services.auth.login("ada@example.com", "wrong")
        """,
    )
    result = project.run("--mode", "mock", "--require", "critical=real")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*nothing answers auth: *asks for at least real*, and it passed all the same*"])


def test_the_table_tells_of_what_ran_on_something_else(project):
    project.file(
        "test_both.py",
        """
        import pytest

        @pytest.mark.service_independent
        async def test_on_a_mock(gp_cache):
            await gp_cache.set("a", "1")

        async def test_on_what_is_there(gp_cache):
            await gp_cache.set("a", "1")
        """,
    )
    result = project.run("--mode", "hybrid")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["  cache    local  no *", "  cache    mock   yes       in 1 that asked for it, needed it, or lost the other"]
    )
