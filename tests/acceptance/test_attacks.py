"""What must not be falsely green, hang or answer with a traceback of ours."""

from __future__ import annotations

import json

import pytest

CALLS = """
from goldenpath.bdd import then, when

@when("all is well")
def _():
    pass
"""

BILLING = """
import asyncio
from contextlib import asynccontextmanager

import pytest

from goldenpath.domain.values import Availability, Tier


class Port:
    async def bill(self):
        return 1


class Billing:
    services = ("billing",)
    tier = Tier.LOCAL
    stand_in = False
    needs = ()
    capabilities = frozenset()

    async def probe(self):
        {probe}
        return Availability(up=True, reason="there")

    @asynccontextmanager
    async def open(self, context):
        {open}
        yield {{"billing": Port()}}
        {close}


def goldenpath_register_adapters(registry):
    {register}
    registry.register("billing.own", Billing())
"""

BILLED = """
from goldenpath.bdd import when

@when("Ada is billed")
async def _(services):
    assert await services.billing.bill() == 1

@when("all is well")
async def _():
    pass
"""


def one(project, *sentences: str, tags: str = ""):
    """A project with one scenario."""
    steps = "\n".join(f"    When {each}" for each in sentences)
    return project.file("features/one.feature", f"{tags}\nFeature: One\n  Scenario: it\n{steps}\n")


def billing(project, probe: str = "", open: str = "", close: str = "", register: str = "", settings: str = ""):
    """A project with a service of its own whose adapter does as it is told."""
    said = {"probe": probe, "open": open, "close": close, "register": register}
    filled = BILLING.format(**{key: text or "pass" for key, text in said.items()})
    project.file("conftest.py", filled)
    project.file("features/conftest.py", BILLED)
    project.file("goldenpath.toml", settings or '[tags]\nbilling = "billing"\n')
    one(project, "Ada is billed", tags="@billing")


def ends(project) -> list[tuple[str, str | None]]:
    lines = (project.root / ".goldenpath/runs/latest/timeline.ndjson").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return [(each["status"], each["message"]) for each in records if each["event"] == "scenario_finished"]


@pytest.mark.parametrize(
    ("step", "named"),
    [
        ("async def _(gp_cache):\n    gp_cache.get('key')", "cache.get"),
        ("def _(gp_cache):\n    gp_cache.get('key')", "cache.get"),
        ("def _(gp_cache, kept):\n    kept.append(gp_cache.get('key'))", "cache.get"),
        ("async def _():\n    looks_at_it()", "looks_at_it"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*never awaited")
def test_what_was_called_and_never_awaited_fails_the_scenario(project, step, named):
    project.file(
        "features/conftest.py",
        CALLS
        + "import pytest\n\n@pytest.fixture\ndef kept():\n    return []\n\n"
        + "async def looks_at_it():\n    raise AssertionError\n\n"
        + f'@then("it is so")\n{step}\n',
    )
    project.file("features/one.feature", "Feature: One\n  Scenario: it\n    When all is well\n    Then it is so\n")
    result = project.run("features", "-W", "ignore")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"{named} was called and never awaited, so it never ran*"])
    assert ends(project)[0][0] == "failed"


@pytest.mark.parametrize("ci", [(), ("--ci",)])
def test_what_cannot_run_is_a_failure_on_a_build_server_and_a_skip_at_a_desk(project, monkeypatch, ci):
    monkeypatch.delenv("CI", raising=False)
    billing(project, probe="raise ConnectionError('refused')")
    result = project.run("features", *ci)
    result.assert_outcomes(failed=len(ci), skipped=1 - len(ci))
    assert result.ret == (pytest.ExitCode.TESTS_FAILED if ci else pytest.ExitCode.NO_TESTS_COLLECTED)
    if ci:
        result.stdout.fnmatch_lines(["nothing answers billing: local: its probe failed: ConnectionError: refused"])


@pytest.mark.parametrize("raised", ["SystemExit(0)", "pytest.fail('so')", "RuntimeError('so')"])
@pytest.mark.parametrize("where", ["open", "close"])
def test_an_adapter_that_raises_anything_fails_its_scenario(project, where, raised):
    billing(project, **{where: raised if "fail" in raised else f"raise {raised}"})
    result = project.run("features")
    result.assert_outcomes(failed=int(where == "open"), errors=int(where == "close"), passed=int(where == "close"))
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert ends(project)[0][0] == "failed"
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_probe_that_ends_the_process_makes_its_service_unavailable(project, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    billing(project, probe="raise SystemExit(3)")
    result = project.run("features")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*its probe failed: SystemExit: 3*"])


def test_an_adapter_that_gives_no_port_is_named(project):
    billing(project, open="yield {}; return")
    result = project.run("features")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the adapter 'billing.own' opened, but gave no port for*"])


@pytest.mark.parametrize(
    ("register", "message"),
    [
        ("raise ValueError('so')", "*goldenpath_register_adapters failed: ValueError: so*"),
        ("Billing.services = 'billing'", "*'billing.own' has services = 'billing', which is no tuple or set of names*"),
        ("Billing.needs = None", "*'billing.own' has needs = None*"),
        ("Billing.capabilities = 3", "*'billing.own' has capabilities = 3*"),
    ],
)
def test_an_ill_made_adapter_is_a_usage_error(project, register, message):
    billing(project, register=register)
    result = project.run("features")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_tag_of_a_service_that_nobody_has_is_a_usage_error(project):
    billing(project, settings='[tags]\nbilling = "biling"\n')
    result = project.run("features")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*the tag @billing belongs to the service 'biling', and there is none of that name"])


def test_a_tag_of_a_service_that_was_declared_away_is_none(project):
    billing(project, settings='[tags]\nbilling = "billing"\nshop = "shop"\n[services]\nshop = "none"\n')
    project.run("features").assert_outcomes(passed=1)


def test_a_folder_that_cannot_be_made_is_a_usage_error(project):
    billing(project, settings='output = "pytest.ini"\n')
    result = project.run("features")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*pytest.ini: the folder for timelines cannot be made: *"])


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ('assert False, "at the end"', "AssertionError: at the end"),
        ("yield", "ValueError: _ has more than one 'yield'"),
    ],
)
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_our_frames_are_not_shown_when_a_step_that_yields_fails_at_its_end(project, kind, end, told):
    project.file("features/conftest.py", CALLS + f'@when("it ends badly")\n{kind} _():\n    yield\n    {end}\n')
    one(project, "it ends badly")
    result = project.run("features", "-v")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"E*{told}"])
    result.stdout.no_fnmatch_line("*goldenpath/runtime*")
    result.stdout.no_fnmatch_line("*goldenpath/pytest_plugin*")


def test_an_error_without_a_text_is_still_that_error(project):
    project.file(
        "features/conftest.py",
        CALLS
        + "class Odd(Exception):\n    def __str__(self):\n        raise ValueError\n"
        + '@when("it is odd")\ndef _():\n    raise Odd\n',
    )
    one(project, "it is odd")
    result = project.run("features")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["it is odd: Odd: its text cannot be had: ValueError"])


FOREIGN = """
import pytest

class Theirs(pytest.Item):
    def runtest(self):
        pass

class File(pytest.File):
    def collect(self):
        yield Theirs.from_parent(self, name="theirs")

def pytest_collect_file(file_path, parent):
    return File.from_parent(parent, path=file_path) if file_path.suffix == ".feature" else None
"""


@pytest.mark.parametrize("args", [(), ("features",), ("features/one.feature",)])
def test_features_that_another_plugin_collects_are_left_to_it(project, args):
    project.file("conftest.py", FOREIGN)
    one(project, "all is well")
    result = project.run("-v", *args)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*one.feature::theirs PASSED*"])


def test_who_asks_for_us_gets_them_too(project):
    project.file("conftest.py", FOREIGN)
    project.file("features/conftest.py", CALLS)
    one(project, "all is well")
    project.run("features", "--mode", "mock").assert_outcomes(passed=2)


def test_a_control_character_is_an_error_of_that_file_alone(project):
    project.file("features/conftest.py", CALLS)
    one(project, "all is well")
    project.file("features/red.feature", "Feature: Red\n  Scenario: \x1b[31mred\n    When all is well\n")
    result = project.run("features")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["features/red.feature:2: a control character stands here ('\\x1b')*"])


def test_a_title_that_ends_as_an_ordinal_does_has_a_node_of_its_own(project):
    titles = ["one", "one", "one#2", "one"]
    scenarios = "".join(f"  Scenario: {each}\n    When all is well\n" for each in titles)
    project.file("features/one.feature", f"Feature: One\n{scenarios}")
    ids = project.ids("features")
    assert len(set(ids)) == len(ids) == len(titles)


LEAKS = """
import asyncio
import warnings

import pytest

from goldenpath.bdd import when


@pytest.fixture
def password(services):
    account = services.sync.auth.create_account("Ada")
    with open("passwords", "a") as lines:
        lines.write(account.password + "\\n")
    return account.password

@pytest.fixture
def ends_badly(password):
    told = {"p": password}
    yield
    raise ValueError(password)

@pytest.fixture
def begins_badly(password):
    told = {"p": password}
    raise ValueError(password)

@when("it skips")
def _(password):
    pytest.skip(f"because of {password}")

@when("it was to fail")
def _(password):
    pytest.xfail(f"because of {password}")

@when("it warns")
def _(password):
    warnings.warn(f"because of {password}")

@when("it is noted")
def _(password, record_property):
    record_property("noted", password)

@when("a task fails unseen")
async def _(password):
    async def fails():
        raise ValueError(password)

    asyncio.create_task(fails())

@when("a fixture begins badly")
def _(begins_badly):
    pass

@when("a fixture ends badly")
def _(ends_badly):
    pass
"""


@pytest.mark.parametrize("args", [(), ("-vv", "--showlocals", "-rA"), ("--full-trace",)])
def test_no_way_to_end_tells_a_secret(project, args):
    sentences = ("it skips", "it was to fail", "it warns", "it is noted", "a task fails unseen")
    sentences += ("a fixture begins badly", "a fixture ends badly")
    scenarios = "".join(f"  Scenario: {each}\n    When {each}\n" for each in sentences)
    project.file("features/leaks.feature", f"Feature: Leaks\n{scenarios}")
    project.file("features/conftest.py", LEAKS)
    result = project.run_apart("features", "-ra", "--junitxml=report.xml", *args)
    result.assert_outcomes(passed=3, failed=2, skipped=1, xfailed=1, errors=1)
    told = result.stdout.str() + "".join(
        path.read_text(encoding="utf-8") for path in project.root.rglob("*") if path.suffix in {".xml", ".ndjson"}
    )
    passwords = (project.root / "passwords").read_text(encoding="utf-8").split()
    assert len(passwords) == len(sentences)
    assert [each for each in passwords if each in told] == []
    assert "because of <password" in told
