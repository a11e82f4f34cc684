"""The features that ship with us, run on real servers, in a process of its own that can be watched and hurt."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from goldenpath.stack.client import Keeper
from goldenpath.stack.locks import FileLock

DEADLINE = 120.0
"""Seconds after which a run counts as hung."""


SECRET = "theirs"
"""Of a platform that ends with these tests."""


class LocalRun:
    """A run of our own features in an empty folder."""

    def __init__(self, root: Path, *, name: str = "said", mark: str = "") -> None:
        self.root = root
        self.process: subprocess.Popen[bytes] | None = None
        # Whatever is started has it in its environment, however far from us it was started.
        self.mark = mark or secrets.token_hex(16)
        self._said = root / name
        (root / "goldenpath.toml").write_text("[platform]\nproduct = true\n")
        (root / "pytest.ini").write_text("[pytest]\n")

    def start(self, *args: str, features: str = "goldenpath.features", **environ: str) -> None:
        """Begin a run."""
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:valkey", "-v", "--pyargs"]
        kept = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTEST_ADDOPTS"}}
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                [*command, features, *args],
                cwd=self.root,
                env=kept | {"THEIR_SECRET": SECRET, "GOLDENPATH_TEST_MARK": self.mark} | environ,
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def end(self) -> int:
        """Wait until it has ended; its exit status."""
        assert self.process is not None
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            pytest.fail(f"the run hangs:\n{self.said[-3000:]}")

    def run(self, *args: str, **environ: str) -> int:
        """Run to the end; the exit status."""
        self.start(*args, **environ)
        return self.end()

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self._said.read_text()

    @property
    def records(self) -> list[dict]:
        """The timeline of the newest run, as far as it is written."""
        found = sorted((self.root / ".goldenpath/runs").glob("2*/timeline.ndjson"))
        return [json.loads(line) for line in found[-1].read_text().split("\n")[:-1]] if found else []

    @property
    def ends(self) -> list[dict]:
        """How its scenarios ended, each attempt."""
        return [each for each in self.records if each["event"] == "scenario_finished"]

    def keeper(self) -> Keeper | None:
        """Who keeps its servers now."""
        folders = list((self.root / ".goldenpath/servers").glob("*"))
        return Keeper.there(folders[0]) if folders else None

    def wait_for(self, scenarios: int) -> None:
        """Wait until so many scenarios have ended."""
        until = time.monotonic() + DEADLINE
        while len(self.ends) < scenarios:
            assert self.process is not None
            assert self.process.poll() is None, self.said[-3000:]
            assert time.monotonic() < until, f"only {len(self.ends)} scenarios have ended"
            time.sleep(0.02)

    def kill(self, service: str) -> None:
        """End a server of its with SIGKILL."""
        keeper = self.keeper()
        assert keeper is not None
        pid = next(each["pid"] for each in keeper.status()["servers"] if each["service"] == service)
        os.kill(pid, signal.SIGKILL)

    def processes(self) -> list[psutil.Process]:
        """What still runs of it."""
        return [each for each in psutil.process_iter() if self.mark in _environ(each)]


def _environ(process: psutil.Process) -> str:
    try:
        return process.environ().get("GOLDENPATH_TEST_MARK", "")
    except psutil.Error:
        return ""


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalRun]:
    """An empty folder to run our own features in; nothing may be left running of it."""
    run = LocalRun(tmp_path)
    yield run
    if run.process is not None and run.process.poll() is None:
        run.process.kill()
        run.process.wait()
    until = time.monotonic() + 5
    while (left := run.processes()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not left, [each.cmdline() for each in left]


@pytest.fixture(scope="session")
def run_by_others(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, str]]]:
    """All five services, which no run of ours has started; the tables of the settings that name each."""
    folder: Path = tmp_path_factory.mktemp("others")
    lock = FileLock(folder / "owner")
    assert lock.acquire()
    keeper = Keeper.at(folder, folder / "owner", ("database", "cache"), space="others")
    database = keeper.database("others")
    cache, prefix = keeper.cache("others")
    stores = {"database_url": database, "cache_url": cache, "cache_prefix": prefix, "secret": SECRET}
    auth = keeper.serve("others", "auth", **stores)
    agents = keeper.serve("others", "agents", auth_url=auth, **stores)
    only_cache = {name: value for name, value in stores.items() if name != "database_url"}
    events = keeper.serve("others", "events", auth_url=auth, agents_url=agents, **only_cache)
    yield {
        "database": {"url": database, "schema": "public"},
        "cache": {"url": cache, "prefix": prefix},
        "auth": {"url": auth},
        "agents": {"url": agents},
        "events": {"url": events},
    }
    keeper.stop()
    lock.release()


def tables(places: Mapping[str, Mapping[str, str]]) -> str:
    """The settings that name services which others run, and call them the product."""
    return "".join(
        f"[services.{service}.real]\nstand_in = false\n"
        + "".join(f'{key} = "{value}"\n' for key, value in place.items())
        + ('secret_env = "THEIR_SECRET"\n' if service != "database" else "")
        for service, place in places.items()
    )
