"""The platform's servers, each in a process of its own, over a real PostgreSQL and a real Valkey."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import httpx
import pytest
from stacks import home_of, keeper_pid, living, row, soon

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.stack import platform_server, postgres
from goldenpath.stack.client import Keeper
from goldenpath.stack.running import Running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


@pytest.fixture(autouse=True)
def libraries():
    if not os.environ.get("CI"):
        pytest.importorskip("uvicorn")
        pytest.importorskip("fastapi")


def ready(url):
    with httpx.Client(verify=False, timeout=10) as client:
        return client.get(f"{url}/ready").json()


def sign_in(url, secret):
    """An account made and used: what the server's database keeps."""
    with httpx.Client(verify=False, timeout=10, headers={"X-Goldenpath-Secret": secret}) as client:
        made = client.post(f"{url}/control/accounts", json={"name": "Ada", "permissions": []})
        assert made.status_code == 201, made.text
        account = made.json()
        said = client.post(f"{url}/auth/login", json={key: account[key] for key in ("email", "password")})
        return said.status_code


def start_all(keeper, space):
    auth = keeper.serve(space, "auth", secret=f"secret of {space}")
    agents = keeper.serve(space, "agents", secret=f"secret of {space}", auth_url=auth)
    events = keeper.serve(space, "events", secret=f"secret of {space}", auth_url=auth, agents_url=agents)
    return auth, agents, events


def test_all_of_them_are_ready_and_work(keeper):
    for url, service in zip(start_all(keeper, "one"), ("auth", "agents", "events"), strict=True):
        found = ready(url)
        assert (found["status"], found["service"]) == ("ready", service)
        assert set(found["checks"].values()) == {"ok"}
    assert sign_in(row(keeper, "auth")["address"], "secret of one") == 200


def test_a_server_that_runs_so_already_is_left_alone_and_another_one_is_started_anew(keeper):
    first = keeper.serve("one", "auth", secret="a")
    pid = row(keeper, "auth")["pid"]
    assert keeper.serve("one", "auth", secret="a") == first
    assert row(keeper, "auth")["pid"] == pid
    keeper.serve("one", "auth", secret="b")
    assert row(keeper, "auth")["pid"] != pid
    assert keeper.serve("two", "auth", secret="a") != first


def test_a_killed_server_comes_back_on_its_port_and_knows_what_it_knew(keeper):
    url = keeper.serve("one", "auth", secret="hush")
    with httpx.Client(verify=False, timeout=10, headers={"X-Goldenpath-Secret": "hush"}) as client:
        account = client.post(f"{url}/control/accounts", json={"name": "Ada", "permissions": []}).json()
    keeper.kill("one", "auth")
    assert row(keeper, "auth")["state"] == "killed by signal 9"
    with pytest.raises(httpx.ConnectError):
        ready(url)
    keeper.restart("one", "auth")
    assert row(keeper, "auth")["address"] == url
    with httpx.Client(verify=False, timeout=10) as client:
        credentials = {key: account[key] for key in ("email", "password")}
        assert client.post(f"{url}/auth/login", json=credentials).status_code == 200


def test_a_released_space_takes_its_servers_along(keeper):
    one, two = keeper.serve("one", "auth"), keeper.serve("two", "auth")
    keeper.release("one")
    with pytest.raises(httpx.ConnectError):
        ready(one)
    assert ready(two)["status"] == "ready"


def test_a_server_that_cannot_start_says_why(keeper):
    why = r"(?s)its server did not start.*the end of its log:.*auth.*try: "
    with pytest.raises(ServiceUnavailable, match=why):
        keeper.serve("one", "agents")
    with pytest.raises(ServiceUnavailable, match="its server has no option colour"):
        keeper.serve("one", "auth", colour="red")
    assert ready(keeper.serve("one", "auth"))["status"] == "ready"


def test_no_server_outlives_a_killed_keeper(folder, owner):
    keeper = Keeper.at(folder, owner.path)
    url = keeper.serve("one", "auth")
    home = home_of(keeper)
    os.kill(keeper_pid(folder), signal.SIGKILL)
    assert soon(lambda: not living(folder, home))
    with pytest.raises(httpx.ConnectError):
        ready(url)
    Keeper.at(folder, owner.path).stop()


def test_where_nothing_is_forked_a_new_interpreter_is_started(monkeypatch, tmp_path):
    for module in (platform_server, postgres):
        monkeypatch.setattr(module, "FORKS", False)
    running = Running(tmp_path)
    try:
        url = running.serve("one", "auth", {"secret": "hush hush"})
        home = running.home
        assert sign_in(url, "hush hush") == 200
        served = running.status()[-1]
        command = Path(f"/proc/{served['pid']}/cmdline").read_text()
        assert "goldenpath.stack.platform_server" in command
        assert "hush hush" not in command
        running.restart("one", "auth")
        assert served["address"] == url == running.status()[-1]["address"]
    finally:
        running.end(quick=False)
    assert soon(lambda: not living(home))
    assert not home.exists()
