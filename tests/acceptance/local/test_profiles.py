"""A profile as a team has one: services elsewhere, behind a proxy that knows their names, and people who are lent."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from urllib.parse import urlsplit

import pytest
from acceptance.local.conftest import DEADLINE, SECRET
from forward import ForwardProxy

from goldenpath.domain.values import SERVICES
from goldenpath.reference.clients.auth import HttpAuth
from goldenpath.reference.clients.control import Control
from goldenpath.reference.clients.http import HttpWire, open_client

ELSEWHERE = "staging.example.test"

SCENARIOS = """
Feature: Staging

  @read_only
  Scenario: Ada is known
    Given Ada is signed in
    Then Ada is still signed in

  Scenario: Two talk
    Given Ada and Ben are signed in and watching
    When Ada and Ben each ask a question of their own
    Then Ada and Ben each saw their own work only

  Scenario: Two talk again
    Given Ada and Ben are signed in and watching
    When Ada and Ben each ask a question of their own
    Then Ada and Ben each saw their own work only

  Scenario: Two talk once more
    Given Ada and Ben are signed in and watching
    When Ada and Ben each ask a question of their own
    Then Ada and Ben each saw their own work only

  Scenario: Three are too many
    Given Ada, Ben and Chloe are signed in

  Scenario: A wrong password
    Given Ada has an account
    When Ada signs in with a wrong password
    Then Ada is told that the email or the password is wrong

  Scenario: An hour later
    Given Ada is signed in
    When 1 hour passes
    Then Ada is asked to sign in

  Scenario: Nothing but this
    Given Ada has a conversation called "Budget"
    Then Ada's conversations are: Budget
"""


def made(url: str) -> list:
    """Two accounts, as whoever runs staging makes them."""

    async def make():
        async with open_client(url) as client:
            auth = HttpAuth(url, client, control=Control(HttpWire("auth", url, client), SECRET))
            return [await auth.create_account(f"lent-{number}") for number in range(2)]

    return asyncio.run(make())


@pytest.fixture
def staging(run_by_others):
    """The proxy through which the three services of staging are reached."""
    hosts = {f"{name}.{ELSEWHERE}": urlsplit(run_by_others[name]["url"]).port for name in ("auth", "agents", "events")}
    proxy = ForwardProxy(hosts)
    yield proxy
    proxy.close()


@pytest.fixture
def run(local, run_by_others, staging, tmp_path):
    """Runs the scenarios with the profile; gives the exit status."""
    accounts = made(run_by_others["auth"]["url"])
    services = {
        name: {"url": f"{'ws' if name == 'events' else 'http'}://{name}.{ELSEWHERE}", "proxy": staging.url}
        for name in ("auth", "agents", "events")
    }
    (local.root / "features").mkdir()
    (local.root / "features" / "staging.feature").write_text(SCENARIOS)
    environ = {f"STAGING_PASSWORD_{number}": each.password for number, each in enumerate(accounts)}
    environ |= {"STAGING_KEY": "a-key-of-staging", "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def run(*args: str, writes: str = "own", profile: str = "staging") -> int:
        text = 'steps = ["goldenpath.steps"]\n[platform]\nproduct = true\n'
        for name in ("database", "cache"):
            text += f"[services.{name}.real]\n"
            text += "".join(f"{key} = {json.dumps(value)}\n" for key, value in run_by_others[name].items())
        text += f'[profiles.staging]\nwrites = "{writes}"\n'
        for name, table in services.items():
            text += f'[profiles.staging.services.{name}]\nlimit = "600/s"\n'
            text += "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
            text += 'headers = { X-Api-Key = "{env.STAGING_KEY}" }\n'
        for number, each in enumerate(accounts):
            text += f'[[profiles.staging.accounts]]\nemail = "{each.email}"\n'
            text += f'password_env = "STAGING_PASSWORD_{number}"\n'
        (local.root / "goldenpath.toml").write_text(text)
        named = ("--profile", profile) if profile else ()
        local.start("-c", "pytest.ini", "--rootdir", ".", *named, *args, features="features", **environ)
        return local.end()

    return run


def ended(local) -> dict[str, tuple[str, str | None, str]]:
    """By the name of each scenario, how it ended, what that proves, and the reason."""
    return {
        each["scenario"].rpartition("::")[2]: (each["status"], each["standing"], each["message"] or "")
        for each in local.ends
    }


def test_people_are_lent_and_the_product_is_verified(local, run, staging):
    assert run("--mode", "real") == 0, local.said
    found = ended(local)
    verified = {name for name, (status, standing, _) in found.items() if (status, standing) == ("passed", "verified")}
    assert verified == {"Ada is known", "Two talk", "Two talk again", "Two talk once more", "A wrong password"}
    reasons = {name: reason for name, (status, _, reason) in found.items() if status == "skipped"}
    assert reasons == {
        "Three are too many": "it needs 3 persons, and 2 accounts can be lent",
        "An hour later": "it needs clock, which auth (real) does not have here",
        "Nothing but this": "it needs fresh, which auth (real) does not have here",
    }
    (began,) = [each for each in local.records if each["event"] == "run_started"]
    assert began["profile"] == "staging"
    assert "Golden Path, profile staging" in local.said
    assert {headers.get("x-api-key") for first, headers in staging.asked if not first.startswith("CONNECT")} == {
        "a-key-of-staging"
    }
    written = "".join(
        path.read_text(errors="replace") for path in local.root.glob(".goldenpath/runs/**/*") if path.is_file()
    )
    assert "a-key-of-staging" not in written + local.said


def test_workers_lend_from_the_same_people_and_never_wait_for_each_other_in_vain(local, run):
    assert run("--mode", "real", "-n", "3", "-k", "Two or known or wrong") == 0, local.said
    found = ended(local)
    assert {status for status, _, _ in found.values()} == {"passed"}, found
    assert len(found) == 5


def test_where_nothing_may_be_written_only_what_reads_runs(local, run):
    assert run("--mode", "real", "--ci", writes="none") == 0, local.said
    found = ended(local)
    assert found.pop("Ada is known")[:2] == ("passed", "verified")
    reason = "the profile staging lets nothing be written: only @read_only runs"
    assert set(found.values()) == {("skipped", None, reason)}


def test_without_its_profile_nothing_of_it_counts(local, run, staging):
    assert run("--mode", "real", profile="") == 5, local.said
    assert staging.asked == []
    assert "real: no address: [services.auth.real] url" in " ".join(local.said.split())


def test_doctor_looks_through_the_profile(local, run, staging):
    run("--mode", "mock", "-k", "known")
    staging.asked.clear()
    command = [sys.executable, "-m", "goldenpath.cli", "doctor", "--profile", "staging", "--mode", "real", "--json"]
    environ = os.environ | {"STAGING_KEY": "k-1"}
    said = subprocess.run(
        command, cwd=local.root, env=environ, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    seen = json.loads(said.stdout)
    assert (seen["mode"], seen["profile"]) == ("real", "staging")
    assert Counter(each["tier"] for each in seen["services"].values()) == {"real": len(SERVICES)}, said.stdout
    assert {headers["x-api-key"] for first, headers in staging.asked if first.startswith("GET")} == {"k-1"}
