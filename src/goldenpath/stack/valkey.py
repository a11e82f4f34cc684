"""One Valkey (or Redis) of our own: on loopback, with a password, in memory only."""

from __future__ import annotations

import secrets
import signal
import socket
from pathlib import Path
from typing import Final

from goldenpath.stack.binaries import find_valkey
from goldenpath.stack.children import Child, run
from goldenpath.stack.errors import not_started, tail
from goldenpath.stack.ports import ATTEMPTS, LOOPBACK, free_port, is_taken
from goldenpath.stack.waiting import until

START_SECONDS: Final = 10
_STOP_SECONDS: Final = 2
_LOOK_SECONDS: Final = 0.5


class Valkey:
    """A Valkey in ``home``; ``launch`` returns at once, ``ready`` waits for it."""

    service: Final = "cache"

    def __init__(self, home: Path) -> None:
        self.log = home / "valkey.log"
        self._home = home
        self._server = find_valkey().server
        self._password = secrets.token_hex(16)
        self._try_port = 0
        self.port = 0
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """Where it is, password included."""
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    def launch(self) -> None:
        """Start it, on its own port if it has one. Its settings go by its input: they hold the password."""
        self._try_port = self.port or free_port()
        settings = (
            f"bind {LOOPBACK}",
            f"port {self._try_port}",
            f"requirepass {self._password}",
            f'dir "{self._home}"',
            'save ""',
            "appendonly no",
            "daemonize no",
            'logfile ""',
            "maxclients 1000",
        )
        self.child = run([self._server, "-"], self.log, stdin="".join(f"{each}\n" for each in settings))

    def ready(self) -> None:
        """Wait until it answers; a port that somebody else took is changed, unless it has had one.

        Raises:
            ServiceUnavailable: It ended, or was not ready in time.
        """
        for _ in range(ATTEMPTS):
            if until(self._is_settled, START_SECONDS) is None:
                raise not_started(self.service, f"Valkey was not ready within {START_SECONDS} s", self.log)
            assert self.child is not None
            if self.child.ended() is None:
                self.port = self._try_port
                return
            if self.port or not is_taken(tail(self.log)):
                break
            self.launch()
        raise not_started(self.service, f"Valkey {self.child.fate() if self.child else 'is gone'}", self.log)

    def _is_settled(self) -> bool | None:
        assert self.child is not None
        return self.child.ended() is not None or self._answers() or None

    def _answers(self) -> bool:
        """Whether a server of ours is there: nobody else knows the password."""
        try:
            with socket.create_connection((LOOPBACK, self._try_port), _LOOK_SECONDS) as there:
                there.settimeout(_LOOK_SECONDS)
                there.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                said = there.makefile("rb")
                return said.readline() == b"+OK\r\n" and said.readline() == b"+PONG\r\n"
        except OSError:
            return False

    def forget(self, prefix: str) -> None:
        """Delete every key that begins so."""
        import redis

        with redis.Redis.from_url(self.url, socket_timeout=_STOP_SECONDS) as client:
            for key in client.scan_iter(match=f"{prefix}*", count=1000):
                client.unlink(key)

    def stop(self) -> None:
        """End it; what it holds is lost, which nobody minds."""
        if self.child is not None:
            self.child.end(signal.SIGTERM, _STOP_SECONDS)
