"""A sixth service, written outside of the package, by settings alone: in this process, by its command, by address."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from acceptance.local.conftest import LocalRun

PRODUCT = Path(__file__).with_name("product.py")

PORT = """
import httpx


class MockBilling:
    def __init__(self):
        self.bills = {}

    async def charge(self, who, euros):
        self.bills[who] = self.bills.get(who, 0) + euros

    async def bill(self, who):
        return self.bills.get(who, 0)


class HttpBilling:
    def __init__(self, url):
        self.url = url

    async def charge(self, who, euros):
        async with httpx.AsyncClient(trust_env=False) as client:
            (await client.post(f"{self.url}/{who}", json={"euros": euros})).raise_for_status()

    async def bill(self, who):
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"{self.url}/{who}")).json()["bill"]

    async def surroundings(self):
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"{self.url}/surroundings")).json()
"""
STEPS = """
from goldenpath.bdd import then, when


@when("{word} buys for {int} euros")
async def _(who, euros, services):
    await services.billing.charge(who, euros)


@then("{word}'s bill says {int} euros")
async def _(who, euros, services):
    assert await services.billing.bill(who) == euros
"""
LOOKS = """

@then("the shop has an empty database of its own")
async def _(services):
    import asyncpg

    connection = await asyncpg.connect((await services.billing.surroundings())["url"])
    try:
        assert await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 0
    finally:
        await connection.close()
"""
FEATURE = """
@billing
Feature: The bill
  Scenario: Two purchases are on one bill
    When Ada buys for 10 euros
    And Ada buys for 5 euros
    Then Ada's bill says 15 euros
"""
SETTINGS = """
steps = ["steps.py"]

[tags]
billing = "billing"

[services]
auth = "none"
events = "none"
agents = "none"
cache = "none"
database = "none"

[services.billing]
port = "shop_port:HttpBilling"
health = "/health"

[services.billing.mock]
port = "shop_port:MockBilling"

[services.billing.local]
command = "python product.py --port {port}"
ready = "http://127.0.0.1:{port}/health"
"""


@pytest.fixture
def shop(local: LocalRun) -> LocalRun:
    """A project with a service of its own."""
    root = local.root
    shutil.copy(PRODUCT, root / "product.py")
    (root / "features").mkdir()
    for name, text in (
        ("shop_port.py", PORT),
        ("steps.py", STEPS),
        ("features/bill.feature", FEATURE),
        ("goldenpath.toml", SETTINGS),
    ):
        (root / name).write_text(text)
    return local


def run(shop: LocalRun, *args: str, **environ: str) -> int:
    shop.start(*args, features="features/", **environ)
    return shop.end()


def change(shop: LocalRun, before: str, after: str) -> None:
    path = shop.root / "goldenpath.toml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))


def test_its_stand_in_rehearses(shop):
    assert run(shop, "--mode", "mock") == 0, shop.said
    assert [each["standing"] for each in shop.ends] == ["rehearsed"]
    assert {each["service"] for each in shop.records if each["event"] == "service_resolved"} == {"billing"}


@pytest.mark.parametrize(
    "asked", [("--mode", "hybrid"), ("--mode", "local"), ("--mode", "mock", "--service", "billing=local")]
)
def test_its_own_process_verifies(shop, asked):
    assert run(shop, *asked) == 0, shop.said
    assert [each["standing"] for each in shop.ends] == ["verified"]
    assert [use["tier"] for each in shop.ends for use in each["services"]] == ["local"]


def test_what_is_broken_in_it_fails(shop):
    change(shop, "[services.billing.local]", '[services.billing.local]\nenv = { SHOP_ERROR = "1" }')
    assert run(shop, "--mode", "local") == 1
    assert "Ada's bill says 15 euros" in shop.said


def test_it_is_found_by_its_address(shop):
    process = subprocess.Popen([sys.executable, str(PRODUCT), "--port", "24999"])
    try:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                urllib.request.urlopen("http://127.0.0.1:24999/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        change(
            shop,
            "[services.billing.local]",
            '[services.billing.real]\nurl = "http://127.0.0.1:24999"\n\n[services.billing.local]',
        )
        assert run(shop, "--mode", "hybrid") == 0, shop.said
        assert [use["tier"] for each in shop.ends for use in each["services"]] == ["real"]
        assert [each["standing"] for each in shop.ends] == ["verified"]
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("python product.py --port {port} --fails", "the shop has burnt down"),
        ("python no_such_file.py", "no_such_file.py"),
        ("no-such-program --port {port}", "there is no program 'no-such-program'"),
    ],
)
def test_a_command_that_does_not_start_says_why(shop, command, told):
    change(shop, "python product.py --port {port}", command)
    assert run(shop, "--mode", "local", "--ci") != 0
    assert told in shop.said, shop.said


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("{port}/health", "{nothing.url}/health", "nothing"),
        ("{port}/health", "{what}/health", "there is no {what} to fill in"),
        ("ready =", "raedy =", "there is no setting 'raedy'"),
        ("command = ", "command = ' ' #", "the command is empty"),
        ('command = "python', "command = \"python '", "cannot be read"),
        ("http://127.0.0.1:{port}/health", "http://example.com:{port}/health", "example.com is not on this machine"),
        ("shop_port:HttpBilling", "shop_port:Nobody", "Nobody"),
    ],
)
def test_settings_that_cannot_be_are_told(shop, before, after, told):
    change(shop, before, after)
    assert run(shop, "--mode", "local", "--ci") != 0
    assert told in shop.said, shop.said
    assert "Traceback" not in shop.said


def test_what_it_needs_is_started_for_it_and_is_empty(shop):
    change(shop, 'database = "none"\n', "")
    change(shop, "ready =", 'env = { SHOP_DATABASE = "{database.url}" }\nready =')
    (shop.root / "steps.py").write_text(STEPS + LOOKS)
    feature = shop.root / "features/bill.feature"
    feature.write_text(feature.read_text() + "    And the shop has an empty database of its own\n")
    assert run(shop, "--mode", "local") == 0, shop.said
    assert "database" in {each["service"] for each in shop.records if each["event"] == "service_resolved"}


def test_nothing_is_left_of_it_and_its_children_after_a_kill(shop):
    change(shop, "--port {port}", "--port {port} --child")
    (shop.root / "steps.py").write_text(
        STEPS.replace(
            "async def _(who, euros, services):\n    assert",
            "async def _(who, euros, services):\n    import asyncio; await asyncio.sleep(3)\n    assert",
        )
    )
    shop.start("--mode", "local", features="features/")
    until = time.monotonic() + 30
    while not any("product.py" in " ".join(each.cmdline()) for each in shop.processes()) and time.monotonic() < until:
        time.sleep(0.1)
    assert any("--child" in each.cmdline() for each in shop.processes())
    shop.process.send_signal(signal.SIGKILL)
    shop.process.wait()
    # that nothing is left is looked at by the fixture


def test_doctor_shows_it(shop):
    done = subprocess.run(
        [sys.executable, "-m", "goldenpath.cli", "doctor"], cwd=shop.root, capture_output=True, text=True, timeout=60
    )
    assert "billing" in done.stdout
    assert "by its command" in " ".join(done.stdout.split())
