"""A team's own server: a command from the settings, in a process group of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from goldenpath.stack.children import KILL, Child, die_with
from goldenpath.stack.errors import not_started
from goldenpath.stack.ports import LOOPBACK
from goldenpath.stack.waiting import until

STOP_SECONDS: Final = 6
_LOOK_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Wanted:
    """What is to be started.

    Attributes:
        command: The program and its arguments.
        port: The port that it was told to listen at.
        ready: The address that answers with a success when it is ready; empty where a connection to its port will do.
        within: Seconds until it must be ready.
        cwd: The folder that it runs in.
        env: Variables besides those of the environment.
        prepare: A command that must succeed before; none where empty.
    """

    command: Sequence[str]
    port: int
    ready: str = ""
    within: float = 20.0
    cwd: str = "."
    env: Mapping[str, str] = field(default_factory=dict)
    prepare: Sequence[str] = ()


class CommandServer:
    """A server of one space that a command starts; it keeps its port when it is started again.

    Args:
        home: Where its log goes.
        name: What tells it from every other server of the home.
        service: The service that it answers.
        wanted: What is to be started.
    """

    def __init__(self, home: Path, name: str, service: str, wanted: Wanted) -> None:
        self.service = service
        self.wanted = wanted
        self.log = home / f"{name}.log"
        self.child: Child | None = None
        self._is_prepared = False

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self.wanted.port}"

    def start(self) -> str:
        """Start it and wait until it is ready; gives its address.

        Raises:
            ServiceUnavailable: It cannot be started, ended, or was not ready in time; with its last lines.
        """
        if self.wanted.prepare and not self._is_prepared:
            self._prepare()
        self.child = self._launched()
        seen = until(self._settled, self.wanted.within)
        if seen is True:
            return self.url
        fate = self.child.fate() if seen is False else f"not ready within {self.wanted.within:g} s"
        self.stop(quick=True)
        raise self._failed(f"its command {fate}")

    def stop(self, *, quick: bool = False) -> None:
        """End it and all that it has started."""
        if self.child is None:
            return
        self._signal(KILL if quick else signal.SIGTERM)
        if until(self.child.ended, STOP_SECONDS) is None:
            self._signal(KILL)
            until(self.child.ended, STOP_SECONDS)
        self._signal(KILL)  # what it has started, and left behind

    def _prepare(self) -> None:
        try:
            with self.log.open("ab") as out:
                done = subprocess.run(  # noqa: S603  # the team's own command
                    self.wanted.prepare,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    timeout=self.wanted.within,
                    check=False,
                    **self._surroundings(),
                )
        except subprocess.TimeoutExpired:
            raise self._failed(f"what prepares it took more than {self.wanted.within:g} s") from None
        except OSError as error:
            raise self._failed(f"what prepares it cannot be run: {error.strerror}") from None
        if done.returncode:
            raise self._failed(f"what prepares it ended with status {done.returncode}")
        self._is_prepared = True

    def _launched(self) -> Child:
        parent = os.getpid()

        def before() -> None:
            die_with(parent)

        try:
            with self.log.open("ab") as out:
                process = subprocess.Popen(  # noqa: S603  # the team's own command
                    self.wanted.command,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=None if sys.platform == "win32" else before,
                    **self._surroundings(),
                )
        except OSError as error:
            raise self._failed(f"its command cannot be run: {error.strerror}: {self.wanted.command[0]}") from None
        return Child(process.pid, self.log, process.poll)

    def _surroundings(self) -> dict[str, Any]:
        return {"cwd": self.wanted.cwd, "env": {**os.environ, **self.wanted.env}}

    def _settled(self) -> bool | None:
        """Whether it is ready; False when it has ended, None while neither is known."""
        if self.child is None or self.child.ended() is not None:
            return False
        look: Callable[[], bool] = self._answers if self.wanted.ready else self._listens
        return True if look() else None

    def _listens(self) -> bool:
        with suppress(OSError):
            socket.create_connection((LOOPBACK, self.wanted.port), _LOOK_SECONDS).close()
            return True
        return False

    def _answers(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with (
            suppress(OSError, ValueError, urllib.error.URLError),
            opener.open(self.wanted.ready, timeout=_LOOK_SECONDS) as said,
        ):
            return bool(200 <= said.status < 300)
        return False

    def _signal(self, number: int) -> None:
        if self.child is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.child.pid, number)
            else:
                self.child.send(number)

    def _failed(self, reason: str) -> Exception:
        return not_started(self.service, reason, self.log, f"see [services.{self.service}.local]")
