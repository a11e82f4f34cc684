"""How servers start, end, break and come back."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap

import pytest

from goldenpath.ports.events import FAILED

from .conftest import WITHIN, in_memory, over, sign_in, started

LONG = "Take your time"


@pytest.fixture
def long_work(tmp_path):
    """Scripts in which an answer takes far longer than a server may take to end."""
    tools = '{tool = "wait", takes = 0.2}, ' * 200
    path = tmp_path / "scripts.toml"
    path.write_text(f'[[scripts]]\nname = "long"\nquestion = "{LONG}"\nsteps = [{tools}]\nanswer = "done"\n')
    return str(path)


async def at_work(here):
    """A window on work that goes on for long, and its run."""
    token = await sign_in(here)
    window = await here.events.connect(token)
    run = await window.ask(LONG)
    await window.seen("tool_executing", run_id=run.run_id, within=WITHIN)
    return token, window, run


@pytest.mark.asyncio
async def test_the_end_of_everything_is_told(tmp_path, long_work):
    with in_memory(tmp_path, "--scripts", long_work) as platform:
        async with platform.scenario() as here:
            _, window, run = await at_work(here)
            platform.servers["agents"].process.send_signal(signal.SIGTERM)
            ending = await window.ending(run.run_id, within=WITHIN)
            assert (ending.type, ending.data["error"]["code"]) == (FAILED, "interrupted")
            assert (await window.closed(WITHIN)).code == 1001
            assert await asyncio.to_thread(platform.servers["agents"].process.wait, WITHIN) == 0


@pytest.mark.asyncio
async def test_each_server_ends_properly_and_is_missed(machinery, database_url, tmp_path, long_work):
    with over(tmp_path, database_url, machinery.valkey.url, "--scripts", long_work) as platform:
        async with platform.scenario() as here:
            _, window, run = await at_work(here)
            assert await asyncio.to_thread(platform.servers["agents"].stop) == 0
            ending = await window.ending(run.run_id, within=WITHIN)
            assert (ending.type, ending.data["error"]["code"]) == (FAILED, "interrupted")
            ready = await here.client.get(f"{here.urls['gateway']}/ready")
            assert ready.status_code == 503
            assert ready.json()["checks"]["agents"] != "ok"
            assert ready.json()["checks"]["auth"] == "ok"
            assert await asyncio.to_thread(platform.servers["gateway"].stop) == 0
            assert (await window.closed(WITHIN)).code == 1001
            assert await asyncio.to_thread(platform.servers["auth"].stop, signal.SIGINT) == 0


@pytest.mark.asyncio
async def test_work_that_a_crash_cut_short_is_ended_by_who_comes_back(machinery, database_url, tmp_path, long_work):
    urls = {"DATABASE_URL": database_url, "REDIS_URL": machinery.valkey.url}
    with over(tmp_path, *urls.values(), "--scripts", long_work) as platform:
        async with platform.scenario() as here:
            token, window, run = await at_work(here)
            platform.servers["agents"].process.kill()
            await asyncio.to_thread(platform.servers["agents"].process.wait)
            port = here.urls["agents"].rpartition(":")[2]
            urls |= {"AUTH_URL": here.urls["auth"], "GOLDENPATH_SECRET": platform.secret}
            with started(tmp_path, "agents", "--port", port, environment=urls):
                await here.control["agents"].recover()
                ending = await window.ending(run.run_id, within=WITHIN)
                assert (ending.type, ending.data["error"]["code"]) == (FAILED, "interrupted")
                assert [event.seq for event in window.received] == list(range(1, ending.seq + 1))
                assert (await here.agents.run(token, run.run_id)).error == "interrupted"


@pytest.fixture
def mortal(tmp_path):
    """A PostgreSQL that may be killed."""
    from goldenpath.stack.postgres import Postgres

    postgres = Postgres(tmp_path)
    try:
        postgres.launch()
        postgres.ready()
        postgres.create("mortal", tables=False)
        yield postgres
    finally:
        postgres.stop()


@pytest.mark.asyncio
async def test_a_database_that_is_gone_is_told_and_one_that_came_back_is_used(machinery, mortal, tmp_path):
    with over(tmp_path, mortal.url("mortal"), machinery.valkey.url) as platform:
        async with platform.scenario() as here:
            await sign_in(here)
            mortal.child.end(signal.SIGKILL, WITHIN)
            body = {"email": "a@example.com", "password": "x"}
            for _ in range(2):
                answer = await here.client.post(f"{here.urls['auth']}/auth/login", json=body)
                assert answer.status_code == 503
                assert answer.json()["error"]["service"] == "database"
            ready = await here.client.get(f"{here.urls['auth']}/ready")
            assert (ready.status_code, ready.json()["checks"]["cache"]) == (503, "ok")
            mortal.launch()
            mortal.ready()
            await sign_in(here)


def test_servers_that_start_at_once_make_the_tables_once(machinery, database_url):
    urls = {"DATABASE_URL": database_url, "REDIS_URL": machinery.valkey.url}
    command = [sys.executable, "-m", "goldenpath.cli", "serve", "auth"]
    servers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | urls)
        for _ in range(3)
    ]
    try:
        for server in servers:
            assert server.stdout.readline().startswith("auth "), server.stderr.read()
    finally:
        for server in servers:
            server.terminate()
            server.communicate(timeout=WITHIN)


def test_no_database_is_an_error_with_a_reason(tmp_path, machinery):
    urls = {"DATABASE_URL": "postgresql://nobody:hush-hush@127.0.0.1:1/x", "REDIS_URL": machinery.valkey.url}
    command = [sys.executable, "-m", "goldenpath.cli", "serve", "auth"]
    ended = subprocess.run(command, capture_output=True, text=True, env=os.environ | urls, timeout=WITHIN, check=False)
    assert ended.returncode == 2
    assert "database is lost" in ended.stderr
    assert "hush-hush" not in ended.stderr


def test_a_port_that_is_taken_is_an_error(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        command = [sys.executable, "-m", "goldenpath.cli", "serve", "auth", "--mode", "mock"]
        port = str(other.getsockname()[1])
        ended = subprocess.run([*command, "--port", port], capture_output=True, text=True, timeout=WITHIN, check=False)
    assert ended.returncode == 2
    assert "in use" in ended.stderr


FORKED = """
    import asyncio, os, signal, sys, threading
    from goldenpath.reference.servers.config import ServerConfig
    from goldenpath.reference.servers import serving

    before = len(os.listdir("/proc/self/fd"))
    serving.preload()
    assert threading.active_count() == 1
    assert len(os.listdir("/proc/self/fd")) == before
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        serving.serve(ServerConfig("auth"), ready=lambda url: os.write(writing, url.encode()))
        os._exit(7)
    url = os.read(reading, 100).decode()
    import httpx
    assert httpx.get(url + "/ready", trust_env=False).json()["status"] == "ready"
    os.kill(child, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a fork is made on Linux only")
def test_a_process_that_has_loaded_everything_can_be_forked():
    command = [sys.executable, "-c", textwrap.dedent(FORKED)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.asyncio
async def test_the_log_is_json_and_has_no_secret(tmp_path):
    with in_memory(tmp_path) as platform:
        async with platform.scenario() as here:
            account = await here.auth.create_account("ada")
            grant = await here.auth.login(account.email, account.password)
            ticket = await here.events.ticket(grant.access_token)
            window = await here.events.connect(ticket=ticket)
            started_run = await window.ask("hello")
            await window.ending(started_run.run_id)
            await here.client.get(f"{here.urls['auth']}/nowhere?ticket={ticket}")
            await window.close()
        server = platform.servers["auth"]
        assert await asyncio.to_thread(server.stop) == 0
        lines = [json.loads(line) for line in server.said().splitlines()]
        assert {"auth", "events"} <= {line["service"] for line in lines}
        assert {"method": "WS", "path": "/ws", "status": 101}.items() <= lines[-1].items()
        assert {line["level"] for line in lines} == {"info"}
        for secret in (account.password, grant.access_token, grant.refresh_token, ticket, platform.secret):
            assert secret not in server.said()
