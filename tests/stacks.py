"""What the tests of several folders need of a keeper: an owner, and a look at what runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from goldenpath.stack.client import Keeper

OWNER = """
import signal, sys, time
from pathlib import Path
from goldenpath.stack.locks import FileLock

signal.signal(signal.SIGINT, signal.SIG_IGN)
lock = FileLock(Path(sys.argv[1]))
assert lock.acquire()
print("held", flush=True)
time.sleep(300)
"""


class Owner:
    """A process that holds the lock for as long as it lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(path)], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "held\n"

    def kill(self) -> None:
        self.process.kill()
        self.end()

    def interrupt(self) -> None:
        """What Ctrl-C does: to the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> None:
        self.process.kill()
        self.process.wait(10)
        assert self.process.stdout
        self.process.stdout.close()


def row(keeper: Keeper, service: str) -> dict:
    return next(each for each in keeper.status()["servers"] if each["service"] == service)


def home_of(keeper: Keeper) -> Path:
    return Path(keeper.status()["servers"][0]["log"]).parent


def keeper_pid(folder: Path) -> int:
    return int(json.loads((folder / "keeper.json").read_text())["pid"])


def living(*places: Path) -> dict[int, str]:
    """The processes that were started with one of these paths or work in it; none that has ended (a zombie)."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            cwd = str((process / "cwd").readlink())
            ended = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        inside = any(str(place) in command or cwd.startswith(str(place)) for place in places)
        if inside and not ended and int(process.name) != os.getpid():
            found[int(process.name)] = command
    return found


def soon(look, within=10.0):
    """What ``look`` gives when it gives something, or in the end."""
    end = time.monotonic() + within
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return found
