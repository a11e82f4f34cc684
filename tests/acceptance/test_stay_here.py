"""Without a profile no packet leaves this machine, and no name is looked up: every connection of every process is seen.

What watches is in every Python process of the run: pytest, its workers, the keeper, the servers that it starts. It also
keeps what would leave from leaving.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

WATCH = """
import os, sys, json

def _here(address):
    if not isinstance(address, tuple):
        return True
    host = address[0]
    if isinstance(host, bytes):
        host = host.decode()
    return host in ("", "localhost", "::1", "0.0.0.0", None) or host.startswith("127.")

def _see(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        address = (args[0],)
    else:
        return
    with open(os.environ["WATCHED"], "a") as out:
        out.write(json.dumps([event, str(address), _here(address)]) + "\\n")
    if not _here(address):
        raise PermissionError("this would have left the machine")

sys.addaudithook(_see)
"""

AWAY = "elsewhere.example.test"

SETTINGS = f"""
[services.auth.real]
url = "https://auth.{AWAY}"

[services.agents.real]
url = "http://192.0.2.7:8000"
shares = ["auth", "database", "cache"]

[services.events.real]
url = "ws://127.0.0.1:9/ws"
proxy = "http://proxy.{AWAY}:3128"
shares = ["auth", "agents", "cache"]

[services.database.real]
url = "postgresql://me@localhost,db.{AWAY}/shop"

[services.cache.real]
url = "redis://127.0.0.1.{AWAY}"

[profiles.staging.services.auth]
url = "https://192.0.2.9"
"""

VARIABLES = {
    f"GOLDENPATH_{name}_URL": f"{scheme}://{name.lower()}.{AWAY}"
    for name, scheme in {
        "AUTH": "https",
        "AGENTS": "http",
        "EVENTS": "wss",
        "DATABASE": "postgresql",
        "CACHE": "rediss",
    }.items()
}

FEATURE = """
Feature: Here
  @critical
  Scenario: Ada asks
    Given Ada is signed in and watching
    When Ada asks "What is 2 + 2?"
    Then Ada reads one answer
"""


class Watched:
    """A project whose processes are watched."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "watch").mkdir()
        (root / "watch" / "sitecustomize.py").write_text(WATCH)
        (root / "features").mkdir()
        (root / "features" / "here.feature").write_text(FEATURE)
        (root / "goldenpath.toml").write_text('steps = ["goldenpath.steps"]\n' + SETTINGS)
        (root / "pytest.ini").write_text("[pytest]\n")
        self.log = root / "watched"
        self.said, self.status = "", 0

    def run(self, *command: str, **environ: str) -> list[list]:
        """Run a command to its end; what was seen meanwhile."""
        kept = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTEST_ADDOPTS"}}
        self.log.write_text("")
        ended = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.root,
            env=kept | {"PYTHONPATH": str(self.root / "watch"), "WATCHED": str(self.log)} | environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.said, self.status = ended.stdout + ended.stderr, ended.returncode
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
def watched(tmp_path) -> Watched:
    return Watched(tmp_path)


ENDS = {"mock": {0}, "local": {0}, "hybrid": {0}, "docker": {4, 5}, "real": {5}, "real_services": {0, 5}}
"""How a run may end in each mode: passed; nothing ran; no adapter of the tier."""

PYTEST = ("pytest", "-p", "no:cacheprovider", "-p", "no:valkey", "features")


@pytest.mark.parametrize("environ", [{}, VARIABLES], ids=["settings", "variables"])
@pytest.mark.parametrize("mode", ["mock", "local", "docker", "real", "hybrid", "real_services"])
def test_no_packet_leaves_without_a_profile(watched, mode, environ):
    """Nor with an engine of Docker that is elsewhere."""
    seen = watched.run(*PYTEST, "--mode", mode, DOCKER_HOST="tcp://192.0.2.8:2375", **environ)
    assert watched.status in ENDS[mode], watched.said
    assert [each for each in seen if not each[2]] == [], watched.said


def test_doctor_stays_here_too(watched):
    seen = watched.run("goldenpath.cli", "doctor", DOCKER_HOST="tcp://192.0.2.8:2375", **VARIABLES)
    assert f"auth.{AWAY} is not on this machine" in " ".join(watched.said.split()), watched.said
    assert [each for each in seen if not each[2]] == []


def test_who_watches_would_see_it(watched):
    """With the profile the address counts, and the connection to it is seen."""
    seen = watched.run(*PYTEST, "--mode", "hybrid", "--profile", "staging")
    assert "192.0.2.9" in {each[1].split("'")[1] for each in seen if not each[2]}, watched.said
    assert "profile staging" in watched.said
