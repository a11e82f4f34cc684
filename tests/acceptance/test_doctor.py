"""goldenpath doctor: what is there, what each mode would run on and why, and how to come by something better."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from unit.resolution.rude import Rude, closing, dripping, greeting, saying, silent

from goldenpath.config import load
from goldenpath.domain.values import SERVICES, Mode, Tier

OURS = ("GOLDENPATH_", "DOCKER_", "PYTEST_")


@pytest.fixture
def doctor(tmp_path):
    """Run it in an empty project, with a Docker that is not there."""

    def run(*arguments, settings="", **environ):
        (tmp_path / "goldenpath.toml").write_text(settings, encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        kept |= {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"} | environ
        command = [sys.executable, "-m", "goldenpath.cli", "doctor", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=kept, capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture
def rude():
    servers = []

    def start(manners, path=None):
        servers.append(Rude(manners, path))
        return servers[-1].port

    yield start
    for each in servers:
        each.close()


def test_mocks_answer_everything_everywhere(doctor):
    done = doctor("--mode", "mock")
    assert (done.returncode, done.stderr) == (0, "")
    for service in SERVICES:
        assert re.search(rf"^{service} +mock +yes +mode mock: in this process", done.stdout, re.MULTILINE)
    assert "Docker: nothing listens on" in done.stdout


def test_it_fits_a_terminal_and_shows_no_colours_to_a_pipe(doctor):
    for mode in Mode:
        out = doctor("--mode", mode).stdout
        assert max(map(len, out.splitlines())) <= 80
        assert "\033" not in out


def test_every_mode_is_told_as_it_would_be(doctor):
    lines = doctor("--mode", "mock").stdout.partition("What each mode would run on\n")[2].splitlines()
    assert lines[0].split() == list(SERVICES)
    assert [line.split()[0] for line in lines[1:6]] == [mode.value for mode in Mode]
    assert lines[1].split() == ["mock"] * 6
    told = json.loads(doctor("--json").stdout)["modes"]
    for line in lines[1:6]:
        mode, *tiers = line.split()
        assert tiers == [told[mode][service] or "-" for service in SERVICES]


def test_a_mode_that_cannot_run_ends_with_1_and_says_what_would_help(doctor):
    done = doctor("--mode", "real")
    assert done.returncode == 1
    assert re.search(r"^auth +none +- ", done.stdout, re.MULTILINE)
    assert "What is missing for something better" in done.stdout
    assert "GOLDENPATH_NAME_URL" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        (["--mode", "hybird"], "", "did you mean 'hybrid'?"),
        (["--service", "auth=cloud"], "", "there is no tier 'cloud'"),
        (["--service", "databse=local"], "", "there is no service 'databse'; did you mean 'database'?"),
        (["--service", "nope=local"], "", "one of: agents, auth, cache, database, events"),
        ([], '[paths]\n"tests/nope" = "hybrid"', "goldenpath.toml:2: there is no folder 'tests/nope'"),
        ([], 'mod = "mock"', "goldenpath.toml:1: there is no setting 'mod'"),
        (["--probe-deadline", "never"], "", "expected a number of seconds"),
    ],
)
def test_wrong_settings_end_with_2(doctor, arguments, settings, words):
    done = doctor(*arguments, settings=settings)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_services_that_only_the_settings_know_may_be_named(doctor):
    assert doctor("--service", "billing=none", settings='[tags]\ncard = "billing"').returncode == 0
    assert doctor("--service", "search=none", settings='[services]\nsearch = "none"').returncode == 0


def test_for_programs(doctor):
    done = doctor("--mode", "mock", "--json", settings='[services]\ncache = "none"\nevents = "real"')
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert told["seconds"] > 0
    assert set(told["services"]) == set(SERVICES) - {"cache"}
    database = told["services"]["database"]
    assert (database["tier"], database["stand_in"]) == ("mock", True)
    assert database["reason"] == "mode mock: in this process, SQLite in memory"
    assert told["services"]["events"]["tier"] is None
    # What the project lacks stands behind stand-ins all the same.
    assert told["services"]["auth"]["tier"] == "mock"
    candidates = {each["adapter"]: each for each in database["candidates"]}
    assert candidates["database.mock"]["chosen"]
    assert candidates["database.local"]["reason"] == "mock was asked for"
    assert all(each["reason"] and Tier(each["tier"]) for each in database["candidates"])


def test_help_has_examples(doctor):
    out = doctor("--help").stdout
    assert "goldenpath doctor --mode local" in out
    assert "ends with 0" in out


def test_what_would_not_see_our_store_is_told_with_the_setting_that_says_otherwise(doctor, rude):
    keys = b'HTTP/1.0 200 OK\r\n\r\n{"keys": [{}]}'
    url = f"http://127.0.0.1:{rude(saying(keys))}"
    out = doctor(GOLDENPATH_AUTH_URL=url).stdout
    assert "it needs database as others run it and would not see the" in out
    assert 'try: [services.database.real] url = "..."' in out
    neither = '[services]\ndatabase = "none"\ncache = "none"'
    auth = json.loads(doctor("--json", settings=neither, GOLDENPATH_AUTH_URL=url).stdout)["services"]["auth"]
    assert (auth["tier"], auth["stand_in"]) == ("real", False)


@pytest.mark.skipif(sys.platform == "win32", reason="Docker's socket is another there")
def test_everything_hangs_and_it_ends_all_the_same(doctor, rude, tmp_path, closed_port):
    """A hung Docker, a silent port, one that drips, one that closes, one of another protocol, and one that is shut."""
    rude(silent, tmp_path / "hung.sock")
    done = doctor(
        "--json",
        "--mode",
        "real",
        DOCKER_HOST=f"unix://{tmp_path}/hung.sock",
        GOLDENPATH_AUTH_URL=f"http://127.0.0.1:{rude(silent)}",
        GOLDENPATH_AGENTS_URL=f"http://127.0.0.1:{rude(dripping(b'HTTP/1.1 200 OK' * 99))}",
        GOLDENPATH_EVENTS_URL=f"ws://127.0.0.1:{rude(closing)}/ws",
        GOLDENPATH_DATABASE_URL=f"postgresql://ada:s3cret-w0rd@127.0.0.1:{rude(greeting(b'SSH-2.0-x'))}/shop",
        GOLDENPATH_CACHE_URL=f"redis://:s3cret-w0rd@127.0.0.1:{closed_port}/0",
    )
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["docker"]["reason"].startswith("hung: ")
    real = {name: each["reason"] for name, each in told["services"].items()}
    assert "says nothing" in real["auth"]
    assert "was not done" in real["agents"]
    assert "closes them without a word" in real["events"]
    assert "another protocol than PostgreSQL" in real["database"]
    assert f"nothing listens on 127.0.0.1:{closed_port}" in real["cache"]
    assert "s3cret-w0rd" not in done.stdout + done.stderr
    # What was looked at would answer in a minute, or never.
    assert told["seconds"] < 20


@pytest.fixture
def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_it_reads_the_settings_of_this_project():
    root = Path(__file__).parents[2]
    assert load(root, {}, {}).platform.product
