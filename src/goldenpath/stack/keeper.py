"""The process that starts the servers, looks after them, and ends them: ``python -m goldenpath.stack.keeper``.

It is detached from whoever starts it, does one thing at a time in one thread (what it forks must not inherit the locks
of others), and ends when it is told, when its owner's lock is free, or when its own folder is gone. Requests are one
line of JSON a connection, on loopback; who has the key of the folder's state file may ask.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import selectors
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.stack.containers.keeping import Containers
from goldenpath.stack.folder import KeeperFolder
from goldenpath.stack.homes import sweep
from goldenpath.stack.locks import FileLock, is_held
from goldenpath.stack.ports import LOOPBACK
from goldenpath.stack.running import Running
from goldenpath.stack.waiting import until

TICK: Final = 0.1
"""Seconds after which the keeper looks at its owner and its children, when nobody asks anything."""

_LARGEST: Final = 2**20
_ANSWER_SECONDS: Final = 5
_LOCK_SECONDS: Final = 2


class Keeper:
    """One keeper: the servers that it keeps and the door where they are asked for.

    Args:
        folder: Where it tells how it is reached.
        owner: A file that is locked while the keeper is wanted; None for one that ends only when it is told. Others who
            ask for something may be owners, too: the keeper ends with the last of them, and a space with its own.
    """

    def __init__(self, folder: KeeperFolder, owner: Path | None) -> None:
        self._folder = folder
        self._is_owned = owner is not None
        self._owners: dict[Path, set[str]] = {owner: set()} if owner else {}
        self._running = Running(folder.path)
        self._containers = Containers(folder.lock)
        self._key = secrets.token_hex(32)
        self._door = socket.create_server((LOOPBACK, 0))
        self._door.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._heard: dict[socket.socket, bytes] = {}
        self._told_to_end = False
        self._since = time.time()

    def open(self) -> None:
        """Tell how it is reached; from here on it can be asked."""
        self._selector.register(self._door, selectors.EVENT_READ)
        self._folder.tell({"pid": os.getpid(), "port": self._door.getsockname()[1], "key": self._key})

    def keep(self) -> None:
        """Answer until the end; then end everything."""
        for name in ("SIGTERM", "SIGINT"):
            signal.signal(getattr(signal, name), self._hear_signal)
        abandoned = False
        try:
            while not self._told_to_end and not abandoned:
                for key, _ in self._selector.select(TICK):
                    self._attend(key.fileobj)
                abandoned = self._is_abandoned()
                self._running.go_on()
                self._running.status()  # children that have ended are let go by the system
        finally:
            self._running.end(quick=abandoned)
            self._containers.end()
            for each in list(self._heard):
                self._leave(each)
            self._door.close()

    def _hear_signal(self, number: int, frame: FrameType | None) -> None:
        self._told_to_end = True

    def _is_abandoned(self) -> bool:
        for owner in [each for each in self._owners if not is_held(each)]:
            spaces = self._owners.pop(owner)
            for space in spaces if self._owners or not self._is_owned else ():
                with suppress(ServiceUnavailable):
                    self._release(space)
        return (self._is_owned and not self._owners) or not self._folder.is_told()

    def _own(self, owner: str, space: str) -> None:
        """Let a space end with an owner, and the keeper not before it."""
        self._owners.setdefault(Path(owner), set()).add(space)

    def _release(self, space: str) -> None:
        try:
            self._running.release(space)
        finally:
            self._containers.release(space)

    def _attend(self, source: Any) -> None:
        if source is self._door:
            with suppress(OSError):
                connection, _ = self._door.accept()
                connection.setblocking(False)
                self._heard[connection] = b""
                self._selector.register(connection, selectors.EVENT_READ)
            return
        self._hear(source)

    def _hear(self, connection: socket.socket) -> None:
        try:
            said = connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        self._heard[connection] += said
        heard = self._heard[connection]
        if heard.endswith(b"\n"):
            with suppress(OSError):
                connection.settimeout(_ANSWER_SECONDS)
                connection.sendall(json.dumps(self._answer(heard)).encode() + b"\n")
        elif said and len(heard) < _LARGEST:
            return
        self._leave(connection)

    def _leave(self, connection: socket.socket) -> None:
        self._heard.pop(connection, None)
        with suppress(KeyError, ValueError):
            self._selector.unregister(connection)
        connection.close()

    def _answer(self, heard: bytes) -> dict[str, Any]:
        try:
            request = json.loads(heard)
            key, what, options = str(request["key"]), str(request["do"]), dict(request["with"])
        except (ValueError, KeyError, TypeError):
            return {"error": {"service": "stack", "reason": "this is no request"}}
        if not hmac.compare_digest(key.encode(), self._key.encode()):
            return {"error": {"service": "stack", "reason": "the key is another one"}}
        try:
            return {"answer": self._do(what, options)}
        except ServiceUnavailable as error:
            return {"error": {"service": error.service, "reason": error.reason, "try_next": error.try_next}}
        except Exception as error:  # noqa: BLE001 - one request that fails must not end what others use
            traceback.print_exc()
            return {"error": {"service": str(options.get("service", "stack")), "reason": f"{error!r}"}}

    def _do(self, what: str, options: dict[str, Any]) -> Any:
        running = self._running
        match what:
            case "own":
                return self._own(options["owner"], options["space"])
            case "prepare":
                return running.want(options["wanted"])
            case "database":
                return running.database(options["space"], tables=options["tables"])
            case "cache":
                return running.cache(options["space"])
            case "serve":
                return running.serve(options["space"], options["service"], options["options"])
            case "run":
                return running.run(options["space"], options["service"], options["options"])
            case "kill":
                return running.kill(options["space"], options["service"])
            case "restart":
                return running.restart(options["space"], options["service"])
            case "release":
                return self._release(options["space"])
            case "container":
                return self._containers.do(**options)
            case "status":
                servers = [*running.status(), *self._containers.rows()]
                return {"pid": os.getpid(), "seconds": time.time() - self._since, "servers": servers}
            case "stop":
                self._told_to_end = True
                return None
        raise ValueError(f"there is nothing like {what!r} to do")


def main(folder: str, owner: str | None = None) -> int:
    """Be the keeper of a folder, detached; the process that was started ends when the keeper can be asked.

    Returns:
        The exit status: 0, or 1 where there is a keeper already or none can be.
    """
    place = KeeperFolder(Path(folder))
    ready = _detach()
    lock = FileLock(place.lock)
    if until(lambda: lock.acquire() or None, _LOCK_SECONDS) is None:
        return 1
    sweep([place.path])
    keeper = Keeper(place, Path(owner) if owner else None)
    keeper.open()
    ready()
    try:
        keeper.keep()
    finally:
        place.clear()
        lock.release()
    return 0


def _detach() -> Any:
    """Go on in a copy of this process, which nobody waits for; gives what lets this one end, with 0.

    When the copy ends before that, this one ends with 1. Without fork nothing of this happens.
    """
    if not hasattr(os, "fork"):
        return lambda: None
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        os._exit(0 if os.read(reader, 1) else 1)
    os.close(reader)

    def ready() -> None:
        os.write(writer, b".")
        os.close(writer)

    return ready


if __name__ == "__main__":
    status = main(*sys.argv[1:])
    sys.stderr.flush()
    os._exit(status)  # all has ended: to take a thousand modules apart would only keep people waiting
