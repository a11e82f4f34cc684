"""How a process asks for servers: a keeper, started by whoever needs it first."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.stack.errors import not_started
from goldenpath.stack.folder import KeeperFolder
from goldenpath.stack.locks import FileLock
from goldenpath.stack.ports import LOOPBACK
from goldenpath.stack.waiting import until

START_SECONDS: Final = 15
"""For how long a keeper may take until it can be asked."""

ANSWER_SECONDS: Final = 60
"""For how long an answer may take: the first one may have to make a cluster, and others may wait before us."""

_STOP_SECONDS: Final = 20
_MODULE: Final = "goldenpath.stack.keeper"


class Keeper:
    """The keeper of a folder, asked from another process. Every call blocks until it is done, or its deadline.

    Every operation raises ``ServiceUnavailable`` when it cannot be done, or the keeper is gone.
    """

    def __init__(self, folder: KeeperFolder) -> None:
        self._folder = folder

    @classmethod
    def at(cls, folder: Path, owner: Path | None, wanted: Collection[str] = (), *, space: str = "") -> Keeper:
        """The keeper of a folder; it is started where there is none.

        Args:
            folder: Where the keeper is found; it is made if need be.
            owner: A file that somebody holds locked for as long as the keeper shall live; None for one that ends
                only when it is told.
            wanted: Services that will be asked for soon, so that all of them start at once.
            space: The space that ends with the owner; the keeper itself ends with its last owner.

        Raises:
            ServiceUnavailable: The keeper does not start.
        """
        place = KeeperFolder(folder.resolve())
        start = FileLock(place.starting)
        if until(lambda: _began(place, start), START_SECONDS) is None:
            raise not_started("stack", f"somebody else has been starting the keeper of {folder} for too long")
        try:
            if not place.is_kept():
                _start(place, owner)
        finally:
            start.release()
        keeper = cls(place)
        if owner is not None and space:
            keeper._ask("own", owner=str(owner.resolve()), space=space)
        if wanted:
            keeper._ask("prepare", wanted=list(wanted))
        return keeper

    @classmethod
    def there(cls, folder: Path) -> Keeper | None:
        """The keeper of a folder if there is one; none is started."""
        place = KeeperFolder(folder.resolve())
        return cls(place) if place.is_kept() and place.told() else None

    def database(self, space: str, *, tables: bool = True) -> str:
        """The address of a space's own database, with the platform's tables or empty; password included."""
        url: str = self._ask("database", space=space, tables=tables)
        return url

    def cache(self, space: str) -> tuple[str, str]:
        """The address of the cache, password included, and the prefix that every key of the space has."""
        url, prefix = self._ask("cache", space=space)
        return url, prefix

    def serve(self, space: str, service: str, **options: Any) -> str:
        """The address of a space's platform server.

        Args:
            space: The space, whose database and cache the server uses unless ``options`` say otherwise.
            service: ``auth``, ``agents`` or ``events``.
            options: Fields of ``goldenpath.reference.servers.config.ServerConfig``.
        """
        url: str = self._ask("serve", space=space, service=service, options=options)
        return url

    def container(self, to: str, **options: Any) -> Any:
        """Have something done with containers.

        Args:
            to: What, one of ``goldenpath.stack.containers.keeping.DOES``.
            options: What it takes, by name.
        """
        return self._ask("container", to=to, **options)

    def run(self, space: str, service: str, **options: Any) -> str:
        """The address of a space's server that a command of the team's starts.

        Args:
            space: The space.
            service: The service that it answers.
            options: Fields of ``goldenpath.stack.command.Wanted``.
        """
        url: str = self._ask("run", space=space, service=service, options=options)
        return url

    def kill(self, space: str, service: str) -> None:
        """End a server at once, as a crash would; ``database`` and ``cache`` are shared by all spaces."""
        self._ask("kill", space=space, service=service)

    def restart(self, space: str, service: str) -> None:
        """Start a server again, on the port that it had."""
        self._ask("restart", space=space, service=service)

    def release(self, space: str) -> None:
        """End a space: its servers, databases and keys."""
        self._ask("release", space=space)

    def status(self) -> dict[str, Any]:
        """The keeper's ``pid``, for how many ``seconds`` it has lived, and its ``servers``, without any secret."""
        state: dict[str, Any] = self._ask("status")
        return state

    def stop(self) -> None:
        """End the keeper and all that it keeps; gives back when that is done."""
        if self._folder.is_kept():
            # It may be about to end by itself: then it does not answer, and what counts is that it is gone.
            with suppress(ServiceUnavailable):
                self._ask("stop")
        gone = until(lambda: None if self._folder.is_kept() else True, _STOP_SECONDS)
        if gone is None:
            raise not_started("stack", f"the keeper of {self._folder.path} has not ended within {_STOP_SECONDS} s")

    def _ask(self, what: str, **options: Any) -> Any:
        state = self._folder.told()
        if state is None:
            raise not_started("stack", f"nobody keeps the servers of {self._folder.path}")
        request = json.dumps({"key": state["key"], "do": what, "with": options}, default=str)
        try:
            answer = json.loads(_exchange(int(state["port"]), request.encode() + b"\n"))
        except (OSError, ValueError) as error:
            reason = f"who keeps the servers does not answer ({error})"
            raise not_started(str(options.get("service", what)), reason, self._folder.log) from error
        if wrong := answer.get("error"):
            raise ServiceUnavailable(wrong["service"], wrong["reason"], try_next=wrong.get("try_next", ""))
        return answer["answer"]


def _exchange(port: int, request: bytes) -> bytes:
    end = time.monotonic() + ANSWER_SECONDS
    with socket.create_connection((LOOPBACK, port), START_SECONDS) as connection:
        connection.sendall(request)
        heard = b""
        while not heard.endswith(b"\n"):
            connection.settimeout(max(0.001, end - time.monotonic()))
            said = connection.recv(65536)
            if not said:
                raise ConnectionError("it hung up")
            heard += said
    return heard


def _began(place: KeeperFolder, start: FileLock) -> bool | None:
    """Whether it is for us to start a keeper; a keeper that ends at this moment may take the folder along."""
    place.path.mkdir(parents=True, exist_ok=True)
    try:
        return start.acquire() or None
    except FileNotFoundError:
        return None


def _start(place: KeeperFolder, owner: Path | None) -> None:
    """Start a keeper and wait until it can be asked.

    Raises:
        ServiceUnavailable: It ended, or was not ready in time.
    """
    command = [sys.executable, "-P", "-m", _MODULE, str(place.path), *([str(owner.resolve())] if owner else [])]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    handle = os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as log:
        process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ, **_detached()
        )
    ready = until(lambda: process.poll() is not None or _is_told_of(place, process.pid) or None, START_SECONDS)
    if ready is None:
        process.kill()
        process.wait(START_SECONDS)
        raise not_started("stack", f"the keeper was not ready within {START_SECONDS} s", place.log)
    if process.poll() and not place.is_kept():
        raise not_started("stack", f"the keeper ended with status {process.returncode}", place.log)
    _STARTED.append(process)


_STARTED: Final[list[subprocess.Popen[bytes]]] = []
"""Where there is no fork, the keepers that this process has started: they are to outlive the objects."""


def _is_told_of(place: KeeperFolder, pid: int) -> bool:
    state = place.told()
    return state is not None and state.get("pid") == pid


def _detached() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
