"""One PostgreSQL of our own: on loopback, with a password, on data that goes with it."""

from __future__ import annotations

import asyncio
import ctypes
import re
import secrets
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from goldenpath.stack.binaries import find_postgres
from goldenpath.stack.children import FORKS, KILL, Child, fork, run
from goldenpath.stack.cluster import FIRST_PASSWORD, TEMPLATE, USER, ClusterError, Maker
from goldenpath.stack.errors import not_started, tail
from goldenpath.stack.identity import settle
from goldenpath.stack.ports import ATTEMPTS, LOOPBACK, free_port, is_taken
from goldenpath.stack.waiting import until

MAKE_SECONDS: Final = 60
START_SECONDS: Final = 20
_CALL_SECONDS: Final = 15
_STOP_SECONDS: Final = 3
_QUIT: Final[int] = getattr(signal, "SIGQUIT", signal.SIGTERM)
"""The end at once, which leaves no shared memory behind, as SIGKILL does."""

_READY_LINE: Final = 7
_MEMORY_LINE: Final = 6

# What is committed outlives the server, when it is killed too: only a machine that stops loses it.
_SETTINGS: Final = (
    f"listen_addresses={LOOPBACK}",
    "unix_socket_directories=",
    "fsync=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=256MB",
    "min_wal_size=32MB",
    "autovacuum=off",
    "jit=off",
    "max_connections=200",
    # What processes share lies with the data, and goes with them, also when all were killed.
    "dynamic_shared_memory_type=mmap",
    "shared_buffers=32MB",
    "timezone=UTC",
    "log_timezone=UTC",
    # A statement and the details of an error hold what people stored.
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
)


class Postgres:
    """A PostgreSQL in ``home``; ``launch`` returns at once, ``ready`` waits for it."""

    service: Final = "database"

    def __init__(self, home: Path) -> None:
        self.log = home / "postgres.log"
        self._home = home
        self._data = home / "postgres"
        self._programs = find_postgres()
        self._maker: Maker | None = None
        self._password = ""
        self._try_port = 0
        self.port = 0
        self.child: Child | None = None
        self._placing: Child | None = None
        self._placed: int | None = None

    def launch(self) -> None:
        """Start it, on its own port if it has one; on data that is made first if there is none.

        Raises:
            ServiceUnavailable: It cannot be started here.
        """
        if self._maker is None:
            programs, identity = settle(self._programs, self._home)
            self._maker = Maker(programs, identity, self.log)
            self._placing = fork(self._place, self.log) if FORKS else None
            self._placed = None if FORKS else self._place()
        if self.has_data():
            self._start()

    def has_data(self) -> bool:
        """Whether its data are there. They are made in a process of their own where that can be."""
        if self._placed is None and self._placing is not None:
            self._placed = self._placing.ended()
        return self._placed == 0

    def go_on(self) -> None:
        """Start the server as soon as its data are there; to be called now and then after ``launch``."""
        if self.child is None and self.has_data():
            self._start()

    def _place(self) -> int:
        assert self._maker is not None
        try:
            self._maker.place(self._data)
        except (ClusterError, OSError) as error:
            with self.log.open("a", encoding="utf-8") as log:
                log.write(f"{error}\n")
            return 1
        return 0

    def _start(self) -> None:
        assert self._maker is not None
        self._try_port = self.port or free_port()
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        settings = [part for each in (*_SETTINGS, f"port={self._try_port}") for part in ("-c", each)]
        command: list[str | Path] = [self._maker.programs.postgres, "-D", self._data, *settings]
        self.child = run(command, self.log, enter=self._maker.identity.enter, death=_QUIT)

    def ready(self) -> None:
        """Wait until it answers; a port that somebody else took is changed, unless it has had one.

        Raises:
            ServiceUnavailable: It ended, or was not ready in time.
        """
        until(lambda: self.has_data() or self._placed, MAKE_SECONDS)
        if self._placed != 0:
            raise not_started(self.service, "PostgreSQL's data could not be made", self.log)
        self.go_on()
        for _ in range(ATTEMPTS):
            if until(self._is_settled, START_SECONDS) is None:
                raise not_started(self.service, f"PostgreSQL was not ready within {START_SECONDS} s", self.log)
            assert self.child is not None
            if self.child.ended() is None:
                self.port = self._try_port
                self._secure()
                return
            if not self._may_try_again():
                break
            self._start()
        raise not_started(self.service, f"PostgreSQL {self.child.fate() if self.child else 'is gone'}", self.log)

    def _may_try_again(self) -> bool:
        """Whether another start can do better: on another port, or when the last of a killed server are gone."""
        said = tail(self.log)
        return "still in use" in said or (not self.port and is_taken(said))

    def _is_settled(self) -> bool | None:
        assert self.child is not None
        if self.child.ended() is not None:
            return True
        try:
            lines = (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return None
        return lines[_READY_LINE].strip() == "ready" or None if len(lines) > _READY_LINE else None

    def _secure(self) -> None:
        """Give it the password of this run, instead of the one that it was made with."""
        if self._password:
            return
        first = (self._data / FIRST_PASSWORD).read_text(encoding="ascii")
        password = secrets.token_hex(16)
        self._execute([f"ALTER ROLE {USER} PASSWORD '{password}'"], first)
        self._password = password

    def create(self, name: str, *, tables: bool) -> None:
        """Make a database, with the platform's tables or empty.

        Raises:
            ServiceUnavailable: The server is lost.
        """
        template = TEMPLATE if tables else "template0"
        self._execute([f'CREATE DATABASE "{name}" TEMPLATE {template} STRATEGY file_copy'])

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected.

        Raises:
            ServiceUnavailable: The server is lost.
        """
        self._execute([f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'])

    def url(self, name: str) -> str:
        """Where a database is, password included."""
        return f"postgresql://{USER}:{self._password}@{LOOPBACK}:{self.port}/{name}"

    def _execute(self, statements: Sequence[str], password: str = "") -> None:
        try:
            asyncio.run(asyncio.wait_for(_execute(self.port, password or self._password, statements), _CALL_SECONDS))
        except (OSError, TimeoutError) as error:
            raise not_started(self.service, f"PostgreSQL did not do as it was told: {error}", self.log) from error

    def stop(self) -> None:
        """End it; what it holds is lost, which nobody minds."""
        if self._placing is not None:
            self._placing.end(KILL, _STOP_SECONDS)
        if self.child is not None:
            self.child.end(_QUIT, _STOP_SECONDS)
            self._release_memory()

    def _release_memory(self) -> None:
        """Remove the mark in the system's memory that a killed server leaves; its id is told beside the port."""
        with suppress(OSError, ValueError, IndexError, AttributeError, TypeError):
            told = (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[_MEMORY_LINE]
            ctypes.CDLL(None).shmctl(int(told.split()[1]), 0, None)  # IPC_RMID


async def _execute(port: int, password: str, statements: Sequence[str]) -> None:
    import asyncpg

    options: dict[str, Any] = {"user": USER, "password": password, "database": "postgres", "ssl": False}
    try:
        connection = await asyncpg.connect(host=LOOPBACK, port=port, timeout=_CALL_SECONDS, **options)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise OSError(str(error)) from error


def database_name(space: str, *, tables: bool) -> str:
    """The database of a space, as PostgreSQL takes names: at most 63 bytes, told apart from every other space's."""
    plain = re.sub(r"[^a-z0-9]+", "_", space.lower())[:40]
    return f"{'goldenpath' if tables else 'own'}_{plain}"
