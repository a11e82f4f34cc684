"""In somebody's suite we change nothing that was not asked of us."""

from __future__ import annotations

import pytest

STUBBED = """
Feature: Stubbed
  Scenario: Bound
    Given it is bound
"""

STUB = """
from pytest_bdd import given, scenarios

scenarios("../features")

@given("it is bound")
def _(): pass
"""

UNBOUND = """
@nightly
Feature: Unbound
  Scenario: Nobody's
    Given nobody knows this
"""


@pytest.fixture
def suite(project):
    """A suite with plugins, options, fixtures and features of its own."""
    project.ini("addopts = --strict-markers\nmarkers = slow: takes long\n")
    project.file(
        "conftest.py",
        """
        import pytest

        def pytest_addoption(parser):
            parser.addoption("--mode", default="theirs", choices=["theirs", "fast"])
            parser.addoption("--tags", dest="their_tags", action="store_true")

        @pytest.fixture
        def mode(request):
            return request.config.getoption("--mode")

        @pytest.fixture(params=[1, 2])
        def auth(request):
            return request.param
        """,
    )
    project.file(
        "tests/test_own.py",
        """
        import pytest

        def test_mode(mode):
            assert mode in {"theirs", "fast"}

        def test_cache(cache):
            cache.set("a/b", 1)
            assert cache.get("a/b", None) == 1

        def test_auth(auth):
            assert auth in {1, 2}

        @pytest.mark.slow
        def test_slow(): pass

        def test_fails():
            assert 1 == 2
        """,
    )
    project.file(
        "tests/test_async.py",
        """
        import asyncio
        import pytest, pytest_asyncio

        @pytest_asyncio.fixture
        async def loop_of_fixture():
            return asyncio.get_running_loop()

        @pytest.mark.asyncio
        async def test_one_loop(loop_of_fixture):
            assert loop_of_fixture is asyncio.get_running_loop()

        @pytest.mark.anyio
        async def test_anyio(anyio_backend_name):
            await asyncio.sleep(0)

        @pytest.fixture
        def anyio_backend():
            return "asyncio"
        """,
    )
    project.file("features/stubbed.feature", STUBBED)
    project.file("features/unbound.feature", UNBOUND)
    project.file("tests/test_stub.py", STUB.replace('"../features"', '"../features/stubbed.feature"'))
    return project


def outcomes(result: pytest.RunResult) -> list[str]:
    return sorted(line.split(" [")[0] for line in result.outlines if "::" in line and " [" in line)


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["--mode", "fast", "--tags"],
        ["--asyncio-mode=auto"],
        ["-m", "slow"],
        ["-k", "bound or mode"],
        ["tests"],
        ["-p", "no:pytest-bdd", "--ignore=tests/test_stub.py"],
    ],
)
def test_the_same_with_and_without_us(suite, args):
    without = suite.run("-v", "-p", "no:goldenpath", *args)
    with_us = suite.run("-v", *args)
    assert outcomes(with_us) == outcomes(without) != []
    assert with_us.ret == without.ret
    assert with_us.parseoutcomes() == without.parseoutcomes()
    assert not (suite.root / ".goldenpath").exists()


def test_the_same_with_workers(suite):
    result = suite.run_apart("-n", "2", "-v")
    assert "feature::" not in result.stdout.str()
    assert result.parseoutcomes()["passed"] == 8
    assert not (suite.root / ".goldenpath").exists()


def test_a_collection_shows_no_trace_of_us(suite):
    args = ("--collect-only", "-q")
    assert suite.run(*args).outlines[:-1] == suite.run(*args, "-p", "no:goldenpath").outlines[:-1]


def test_features_alone_in_a_folder_that_is_named_are_ours(suite):
    suite.run("features", "-p", "no:pytest-bdd").assert_outcomes(failed=2)


def test_a_file_that_is_named_is_ours_even_if_a_stub_binds_it(suite):
    suite.file("features/conftest.py", "from tests.test_stub import *\n")
    ids = suite.ids("tests/test_stub.py", "features/stubbed.feature")
    assert ids == ["tests/test_stub.py::test_bound", "features/stubbed.feature::Bound"]


def test_who_asks_for_us_gets_every_feature_but_the_bound_ones_in_its_place(suite):
    assert "unbound.feature" not in "\n".join(suite.ids())
    suite.file("goldenpath.toml", 'mode = "mock"\n')
    ids = suite.ids()
    assert ids[0] == "features/unbound.feature::Nobody's"
    assert [each for each in ids if "stubbed" in each] == []


def test_where_their_mode_stands_ours_has_another_name(suite):
    text = suite.run("--help").stdout.str()
    assert "--golden-mode=MODE" in text
    assert "--mode=MODE" not in text
    assert suite.run("--golden-mode", "mock", "--collect-only", "-q").ret == 0


def test_what_is_no_test_function_and_asks_for_services_is_told_so(project):
    project.file("test_doc.py", '"""\n>>> getfixture("gp_auth")\n"""\n')
    result = project.run("--doctest-modules")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*is for scenarios and test functions; *test_doc* is neither*"])


def test_words_that_are_our_markers_are_theirs_in_a_suite_that_never_asked_for_us(project):
    project.file(
        "test_theirs.py",
        """
        import pytest

        @pytest.mark.critical
        @pytest.mark.golden_path
        @pytest.mark.requires("numpy")
        def test_theirs(): pass
        """,
    )
    project.run("--strict-markers").assert_outcomes(passed=1)
    assert not (project.root / ".goldenpath").exists()


def test_scenarios_may_use_fixtures_that_other_plugins_run(project):
    project.file("one.feature", "Feature: F\n  Scenario: S\n    Given theirs and ours\n")
    project.file(
        "conftest.py",
        """
        import asyncio
        import pytest, pytest_asyncio
        from goldenpath.bdd import given

        @pytest_asyncio.fixture
        async def theirs():
            yield asyncio.get_running_loop()

        @pytest.fixture
        async def ours():
            return asyncio.get_running_loop()

        @given("theirs and ours")
        async def _(theirs, ours):
            assert ours is asyncio.get_running_loop() is not theirs
        """,
    )
    project.run().assert_outcomes(passed=1)


def test_a_project_may_have_a_features_folder_that_is_a_package(project):
    project.file("features/__init__.py", "")
    project.file("features/conftest.py", "from goldenpath.bdd import given\n@given('a')\ndef _(): pass\n")
    project.file("features/one.feature", "Feature: F\n  Scenario: S\n    Given a\n")
    project.run().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "module",
    [
        "import pytest\npytest.skip('not here', allow_module_level=True)\n",
        "import nothing_of_this_name\n",
        "",
    ],
    ids=["skipped", "broken", "empty"],
)
def test_features_are_left_alone_where_a_module_shows_no_test_of_its_own(project, module):
    project.file("tests/features/theirs.feature", UNBOUND)
    project.file("tests/test_theirs.py", module)
    args = ("--continue-on-collection-errors",)
    with_us, without = project.run(*args), project.run("-p", "no:goldenpath", *args)
    assert (with_us.ret, with_us.parseoutcomes()) == (without.ret, without.parseoutcomes())
    assert not (project.root / ".goldenpath").exists()


def test_features_are_left_alone_where_a_conftest_beside_them_is_broken(project):
    project.file("tests/features/theirs.feature", UNBOUND)
    project.file("tests/steps/conftest.py", "import nothing_of_this_name\n")
    project.file("tests/steps/test_theirs.py", "def test_it(): pass\n")
    project.run("--continue-on-collection-errors").assert_outcomes(errors=1)
