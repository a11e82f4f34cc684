"""A PostgreSQL cluster with the platform's tables in a template: made once, kept, and copied for each run.

Everything is done by ``initdb`` and by PostgreSQL's mode without a server, so that no port and no client is needed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version as distribution_version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from goldenpath.stack.binaries import PostgresPrograms
from goldenpath.stack.children import die_with
from goldenpath.stack.identity import Identity
from goldenpath.stack.kept import Kept

FORMAT: Final = 1
"""Of the cluster. What changes how it is made, and no command or table, changes this."""

USER: Final = "goldenpath"
"""The superuser of every cluster of ours."""

TEMPLATE: Final = "goldenpath_platform"
"""The template database with the platform's tables."""

FIRST_PASSWORD: Final = "password"  # noqa: S105 - the name of a file
"""The file of a cluster with the password that it was made with; every run sets one of its own."""

_BUILTIN_LOCALE: Final = 17
_STEP_SECONDS: Final = 30


class ClusterError(Exception):
    """A cluster cannot be made; the log says more."""


@dataclass(frozen=True, slots=True)
class Maker:
    """What makes clusters.

    Attributes:
        programs: The PostgreSQL.
        identity: As whom it runs.
        log: Where it writes.
    """

    programs: PostgresPrograms
    identity: Identity
    log: Path

    def place(self, data: Path) -> None:
        """Put a cluster into ``data``: a kept one, or a new one that is then kept.

        Raises:
            ClusterError: It cannot be made.
        """
        version = self._version()
        kept = Kept("cluster", _key(version))
        if not self._restored(kept, data):
            with kept.alone():
                if not self._restored(kept, data):
                    self._make(data, version)
                    kept.keep(data)
        _hand_over(data, self.identity)

    def _restored(self, kept: Kept, data: Path) -> bool:
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        return kept.restore(data)

    def _make(self, data: Path, version: str) -> None:
        password = os.urandom(16).hex()
        file = data.with_name("first-password")
        file.touch(mode=0o600)
        file.write_text(password, encoding="ascii")
        shutil.rmtree(data)
        data.mkdir(mode=0o700)
        for path in (file, data):
            _hand_over(path, self.identity)
        self._do("initdb", [self.programs.initdb, "-D", data, f"--pwfile={file}", *_options(version)])
        self._say(data, "postgres", [f"CREATE DATABASE {TEMPLATE} IS_TEMPLATE true"])
        self._say(data, TEMPLATE, _schema())
        file.replace(data / FIRST_PASSWORD)

    def _say(self, data: Path, database: str, statements: Sequence[str]) -> None:
        text = "".join(f"{' '.join(each.split())};\n\n" for each in statements)
        single = ["--single", "-F", "-j", "-c", "exit_on_error=on", "-D"]
        self._do("postgres", [self.programs.postgres, *single, data, database], text)

    def _version(self) -> str:
        return self._do("postgres --version", [self.programs.postgres, "--version"]).strip()

    def _do(self, what: str, command: Sequence[str | Path], stdin: str = "") -> str:
        parent = os.getpid()

        def before() -> None:
            if self.identity.enter is not None:
                self.identity.enter()
            die_with(parent)

        try:
            done = subprocess.run(  # noqa: S603
                [str(part) for part in command],
                input=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                preexec_fn=None if os.name == "nt" else before,
                timeout=_STEP_SECONDS,
                check=False,
                env={**os.environ, "LC_ALL": "C"},
                cwd=self.log.parent,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ClusterError(f"{what} of {command[0]} failed: {error}") from error
        with self.log.open("a", encoding="utf-8") as log:
            log.write(done.stdout)
        if done.returncode:
            raise ClusterError(f"{what} of {command[0]} ended with status {done.returncode}")
        return done.stdout


def _options(version: str) -> list[str]:
    """The options of initdb that make it quick, in UTF-8 and without the machine's languages."""
    found = re.search(r"\d+", version)
    builtin = found is not None and int(found.group()) >= _BUILTIN_LOCALE
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if builtin else []
    return [
        *("-U", USER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", *locale),
        *("--no-sync", "--no-instructions", "--wal-segsize=1"),
    ]


def _key(version: str) -> str:
    """A name for all that goes into a cluster. The tables go in by their source: to load them takes long."""
    tables = find_spec("goldenpath.reference.storage.tables")
    source = Path(tables.origin).read_bytes() if tables and tables.origin else b""
    parts = (FORMAT, version, _options(version), source, distribution_version("sqlalchemy"))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def _schema() -> list[str]:
    """The statements that make the platform's tables."""
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateIndex, CreateTable

    from goldenpath.reference.storage.tables import metadata

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    tables = metadata.sorted_tables
    made = [str(CreateTable(table).compile(dialect=dialect)) for table in tables]
    indexes = sorted((index for table in tables for index in table.indexes), key=lambda index: str(index.name))
    return [*made, *(str(CreateIndex(index).compile(dialect=dialect)) for index in indexes)]


def _hand_over(path: Path, identity: Identity) -> None:
    """Give a file or a folder with all that is in it to the user of the server."""
    owner = identity.owner
    if owner is None:
        return
    home = path.parent
    home.chmod(home.stat().st_mode | 0o011)
    for each in (path, *path.rglob("*")):
        os.chown(each, owner, owner, follow_symlinks=False)
