"""goldenpath up, status, down and clean."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from stacks import keeper_pid, living, soon

from goldenpath.cli import main
from goldenpath.stack.client import Keeper
from goldenpath.stack.homes import abandoned
from goldenpath.stack.kept import kept
from goldenpath.stack.locks import FileLock

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project's folder; what was started in it ends with the test."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    keeper = Keeper.there(tmp_path / ".goldenpath" / "up")
    if keeper:
        keeper.stop()


@pytest.fixture
def said(capsys):
    def run(*argv, status=0):
        capsys.readouterr()
        assert main(argv) == status
        return capsys.readouterr().out

    return run


def exported(text):
    """What a shell has in its environment afterwards."""
    done = subprocess.run(["sh", "-c", f"{text}\nenv -0"], capture_output=True, text=True, check=True, env={})
    return dict(each.split("=", 1) for each in done.stdout.split("\0") if each)


def test_up_starts_everything_once_and_down_ends_it(project, said):
    first = said("up")
    assert [line.split()[0] for line in first.splitlines()[:5]] == ["database", "cache", "auth", "agents", "events"]
    assert said("up") == first
    environment = exported(said("up", "--env"))
    assert httpx.get(f"{environment['AUTH_SERVICE_URL']}/ready", timeout=10).json()["status"] == "ready"
    assert environment["POSTGRES_PASSWORD"] in environment["DATABASE_URL"]
    assert environment["POSTGRES_PASSWORD"] not in first + said("status") + said("status", "--json")
    assert said("down") == "Everything has ended.\n"
    assert soon(lambda: not living(project))
    assert [path.name for path in (project / ".goldenpath").iterdir()] == [".gitignore"]


def test_only_what_is_asked_for_is_started(project, said):
    environment = exported(said("up", "cache", "--env"))
    assert "REDIS_URL" in environment
    assert "DATABASE_URL" not in environment
    (keeper,) = json.loads(said("status", "--json"))["keepers"]
    assert [server["service"] for server in keeper["servers"]] == ["cache"]


def test_the_status_tells_what_has_ended(project, said):
    said("up", "cache")
    (keeper,) = json.loads(said("status", "--json"))["keepers"]
    os.kill(keeper["servers"][0]["pid"], signal.SIGKILL)
    assert soon(lambda: main(["status"]) == 1)
    assert "killed by signal 9" in said("status", status=1)


def test_where_nothing_runs(project, said):
    assert said("down") == "Nothing runs.\n"
    assert said("status", status=1).startswith("Nothing runs.")
    assert json.loads(said("status", "--json", status=1)) == {"keepers": []}


def test_a_service_that_there_is_not(project, capsys):
    assert main(["up", "billing"]) == 2
    assert "there is no service 'billing'" in capsys.readouterr().err
    assert main(["up", "--fault", "no-such-fault"]) == 2
    assert "there is no fault 'no-such-fault'" in capsys.readouterr().err


def test_clean_removes_what_a_killed_keeper_left_and_nothing_else(project, said):
    said("up", "cache")
    up = project / ".goldenpath" / "up"
    (keeper,) = json.loads(said("status", "--json"))["keepers"]
    home = Path(keeper["servers"][0]["log"]).parent
    assert str(home) not in said("clean", "--dry-run")
    os.kill(keeper_pid(up), signal.SIGKILL)
    assert soon(lambda: home in abandoned())
    (up / "mine.txt").write_text("not theirs")
    killed, living_run = (project / ".goldenpath" / "servers" / name for name in ("killed", "living"))
    for run in (killed, living_run):
        run.mkdir(parents=True)
        (run / "main.lock").touch()
    lock = FileLock(living_run / "main.lock")
    assert lock.acquire()
    told = said("clean", "--dry-run")
    assert f"would remove {home}\n" in told
    assert home.exists()
    assert f"removed {home}\n" in said("clean")
    assert not home.exists()
    assert [path.name for path in up.iterdir()] == ["mine.txt"]
    assert not killed.exists()
    assert (living_run / "main.lock").exists()
    lock.release()


def test_what_is_kept_for_speed_goes_only_when_asked(project, said, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said("up", "database")
    said("down")
    said("clean")
    assert len(kept()) == 2
    assert "cluster-" in said("clean", "--cache")
    assert kept() == []
