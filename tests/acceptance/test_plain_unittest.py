"""Classes of unittest with our services, under pytest and under ``python -m unittest``."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from goldenpath import ServiceIndependentIntegrationTest
from goldenpath.stack.binaries import find_postgres

CLASSES = """
import asyncio

from goldenpath import ServiceIndependentIntegrationTest


class TestSignIn(ServiceIndependentIntegrationTest):
    def setUp(self):
        self.account = self.services.sync.auth.create_account("Ada")

    async def asyncSetUp(self):
        self.grant = await self.services.auth.login(self.account.email, self.account.password)

    async def asyncTearDown(self):
        await self.services.auth.logout(self.grant.access_token)

    async def test_async(self):
        assert (await self.services.auth.validate(self.grant.access_token)).email == self.account.email
        connection = await self.services.events.connect(self.grant.access_token)
        waiting = asyncio.ensure_future(connection.next("agent_started"))
        await connection.ask("What is new?")
        assert (await waiting).user_id == self.grant.user.id
        assert self.execution_mode == "mock_services"

    def test_sync(self):
        assert self.services.sync.auth.me(self.grant.access_token).email == self.account.email

    async def test_async_is_awaited(self):
        await self.services.auth.me(self.grant.access_token)
        raise AssertionError(f"it was awaited {self.grant.access_token}")


class TestWithoutAnything(ServiceIndependentIntegrationTest):
    async def test_uses_none(self):
        pass
"""
IDS = [
    "tests/test_classes.py::TestSignIn::test_async",
    "tests/test_classes.py::TestSignIn::test_async_is_awaited",
    "tests/test_classes.py::TestSignIn::test_sync",
    "tests/test_classes.py::TestWithoutAnything::test_uses_none",
]


def events(project, kind: str) -> list[dict]:
    lines = (project.root / ".goldenpath/runs/latest/timeline.ndjson").read_text("utf-8").splitlines()
    return [each for each in map(json.loads, lines) if each["event"] == kind]


def ends(project) -> dict[str, dict]:
    return {each["scenario"]: each for each in events(project, "scenario_finished")}


def run_unittest(project, *args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        [sys.executable, "-m", "unittest", *args],
        cwd=project.root,
        env=environment | {"GOLDENPATH_MODE": "mock"} | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def classes(project):
    project.file("tests/test_classes.py", CLASSES)
    project.file("tests/__init__.py", "")
    return project


def check(project) -> None:
    """The record of ``CLASSES`` is the same, whoever runs them."""
    ended = ends(project)
    assert sorted(ended) == IDS
    failed = ended.pop("tests/test_classes.py::TestSignIn::test_async_is_awaited")
    assert failed["status"] == "failed"
    assert "it was awaited <" in failed["message"]
    assert {each["status"] for each in ended.values()} == {"passed"}
    assert [each["standing"] for _, each in sorted(ended.items())] == ["rehearsed", "rehearsed", None]
    assert events(project, "run_finished")


@pytest.mark.parametrize("args", [(), ("--asyncio-mode=auto",), ("-p", "no:asyncio", "-p", "no:anyio"), ("-n", "2")])
def test_under_pytest(classes, args):
    result = classes.run_apart("--mode", "mock", *args)
    result.assert_outcomes(passed=3, failed=1)
    check(classes)
    assert "eyJ" not in result.stdout.str()


def test_under_unittest(classes):
    done = run_unittest(classes, "tests.test_classes")
    assert done.returncode == 1
    assert "FAILED (failures=1)" in done.stderr
    assert "3 tests" not in done.stderr
    assert "2 tests rehearsed on stand-ins. No code of your product ran." in done.stderr
    assert "eyJ" not in done.stdout + done.stderr
    check(classes)


def test_what_a_class_requires(project):
    project.file(
        "test_requires.py",
        """
        import pytest
        from goldenpath import ServiceIndependentIntegrationTest

        @pytest.mark.requires("auth")
        class TestRequires(ServiceIndependentIntegrationTest):
            async def test_proves_nothing(self):
                pass

            async def test_proves(self):
                await self.services.auth.create_account("Ada")

            @pytest.mark.requires("search")
            async def test_lacks(self):
                raise AssertionError("it ran")

            async def test_says_no(self):
                self.skipTest("not today")
        """,
    )
    project.file("goldenpath.toml", '[services]\nsearch = "none"\n')
    statuses = {"proves_nothing": "failed", "proves": "passed", "lacks": "skipped", "says_no": "skipped"}
    wanted = {f"test_requires.py::TestRequires::test_{name}": status for name, status in statuses.items()}
    project.run("--mode", "mock").assert_outcomes(passed=1, failed=1, skipped=2)
    assert {name: each["status"] for name, each in ends(project).items()} == wanted
    done = run_unittest(project, "test_requires")
    assert "FAILED (failures=1, skipped=2)" in done.stderr
    assert "it proved nothing: it requires auth, and never used it" in done.stderr
    assert {name: each["status"] for name, each in ends(project).items()} == wanted
    messages = {each["message"] for each in ends(project).values() if each["status"] == "skipped"}
    assert messages == {"this project has no service 'search'", "not today"}
    assert "failures=2, skipped=1" in run_unittest(project, "test_requires", CI="true").stderr
    (project.root / "goldenpath.toml").write_text('mode = "mock"\n')
    assert "it requires 'search', and there is no such service" in run_unittest(project, "test_requires").stderr
    project.run("--mode", "mock").assert_outcomes(passed=1, failed=1, skipped=1, errors=1)


def test_each_test_has_services_of_its_own_which_close_after_its_cleanups(project):
    project.file(
        "test_own.py",
        """
        from goldenpath import ServiceIndependentIntegrationTest

        class TestOwn(ServiceIndependentIntegrationTest):
            seen = []

            def setUp(self):
                self.addAsyncCleanup(self.clean)

            async def clean(self):
                assert await self.services.cache.get("name") == self._testMethodName

            async def test_a(self):
                assert await self.services.cache.get("name") is None
                await self.services.cache.set("name", "test_a")

            def test_b(self):
                assert self.services.sync.cache.get("name") is None
                self.services.sync.cache.set("name", "test_b")
        """,
    )
    project.run("--mode", "mock").assert_outcomes(passed=2)
    done = run_unittest(project, "-v", "test_own")
    assert done.returncode == 0, done.stderr


def test_what_is_available_is_told_by_the_papers_names(project):
    project.file(
        "test_available.py",
        """
        from goldenpath import ServiceIndependentIntegrationTest

        class TestAvailable(ServiceIndependentIntegrationTest):
            async def test_async(self):
                assert {"docker", "postgres", "redis", "auth_service", "websocket"} <= set(self.service_availability)
                assert not self.service_availability["docker"]

            def test_sync(self):
                assert not self.service_availability["docker"]
        """,
    )
    done = run_unittest(project, "test_available", DOCKER_HOST=f"unix://{project.root}/none.sock")
    assert done.returncode == 0, done.stderr


def test_what_answers_in_a_local_run_is_up(project):
    try:
        find_postgres()
    except Exception as absent:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(absent))
    project.file(
        "test_up.py",
        """
        from goldenpath import ServiceAvailabilityChecker, ServiceIndependentIntegrationTest

        class TestUp(ServiceIndependentIntegrationTest):
            async def test_up(self):
                assert (await self.services.auth.create_account("Ada")).email
                assert self.service_availability["auth_service"] and self.service_availability["auth"]
                assert "local answers in this run" in self.service_availability["auth"].reason
                assert self.service_availability["postgres"]

        async def test_by_the_checker(services):
            checker = ServiceAvailabilityChecker()
            assert await checker.check_service_health("auth_service")
            assert (await checker.get_service_matrix())["websocket"]
        """,
    )
    result = project.run_apart("-p", "no:asyncio", "-p", "no:anyio", "--mode", "local")
    result.assert_outcomes(passed=2)
    result = project.run_apart("-p", "no:asyncio", "-p", "no:anyio", "--mode", "mock")
    result.assert_outcomes(failed=2)  # a mock answers, and is not up


def test_a_blocking_call_in_an_async_test_says_so(project):
    project.file(
        "test_blocks.py",
        """
        from goldenpath import ServiceIndependentIntegrationTest

        class TestBlocks(ServiceIndependentIntegrationTest):
            async def test_blocks(self):
                self.services.sync.auth.create_account("Ada")
        """,
    )
    assert "await the port itself, not its blocking face" in run_unittest(project, "test_blocks").stderr


def test_services_outside_of_a_test_say_where_they_are():
    class Outside(ServiceIndependentIntegrationTest):
        def runTest(self):  # noqa: N802
            """Never run."""

    with pytest.raises(RuntimeError, match="from setUp to tearDown"):
        _ = Outside().services


def _make(name: str, member: object) -> type:
    return type("TestMade", (ServiceIndependentIntegrationTest,), {name: member})


async def _async(self) -> None: ...


async def _generator(self):
    yield


@pytest.mark.parametrize(
    ("name", "member", "said"),
    [
        ("setUp", _async, "TestMade.setUp is async, and unittest does not await it; name it asyncSetUp"),
        ("tearDown", _async, "name it asyncTearDown"),
        ("setUpClass", classmethod(_async), "TestMade.setUpClass is async, and unittest does not await it$"),
        ("test_yields", _generator, "TestMade.test_yields has a yield, so nobody ever awaits it"),
    ],
)
def test_what_nobody_would_await_is_told_when_the_class_is_made(name, member, said):
    with pytest.raises(TypeError, match=said):
        _make(name, member)


def test_an_async_test_in_a_class_that_drops_it_is_an_error(project):
    project.file(
        "test_drops.py",
        """
        import unittest
        import pytest

        @pytest.mark.golden_path
        class TestDrops(unittest.TestCase):
            async def test_dropped(self):
                raise AssertionError

            def test_plain(self): pass

        @pytest.mark.golden_path
        class TestKeeps(unittest.IsolatedAsyncioTestCase):
            async def test_awaited(self): pass

        class TestOfNobody(unittest.TestCase):
            async def test_left_alone(self): pass
        """,
    )
    result = project.run("--mode", "mock", "-W", "ignore", "-p", "no:asyncio")
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*this test is async, and its class calls it without awaiting it*"])
    assert ends(project)["test_drops.py::TestDrops::test_dropped"]["status"] == "failed"
    assert len(ends(project)) == 3


def test_folders_of_the_settings_have_no_tests_that_are_dropped(project):
    project.file("goldenpath.toml", 'mode = "mock"\n\n[paths]\n"tests/integration" = "hybrid"\n')
    dropped = "import unittest\n\nclass TestDrops(unittest.TestCase):\n    async def test_dropped(self): pass\n"
    project.file("tests/integration/test_in.py", dropped + "\n    def test_plain(self): pass\n")
    project.file("tests/other/test_out.py", dropped)
    result = project.run("-W", "ignore", "-p", "no:asyncio")
    result.assert_outcomes(passed=2, errors=1)
    assert list(ends(project)) == ["tests/integration/test_in.py::TestDrops::test_dropped"]


def test_a_unittest_class_may_take_the_fixtures(project):
    project.file(
        "test_takes.py",
        """
        import unittest
        import pytest

        class TestTakes(unittest.IsolatedAsyncioTestCase):
            @pytest.fixture(autouse=True)
            def _take(self, services):
                self.services = services

            async def test_takes(self):
                assert await self.services.auth.create_account("Ada")
        """,
    )
    project.run("--mode", "mock").assert_outcomes(passed=1)
    assert ends(project)["test_takes.py::TestTakes::test_takes"]["standing"] == "rehearsed"
