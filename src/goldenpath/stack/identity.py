"""As whom a server runs that refuses to run as root.

PostgreSQL does. In a user namespace in which root is called nobody everything of root's can be read and nothing has to
be handed over. Where namespaces are forbidden (as in most containers) the process becomes nobody in earnest: then its
data must belong to nobody, and its programs lie where nobody can reach them.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from goldenpath.stack.binaries import PostgresPrograms
from goldenpath.stack.errors import not_started

NOBODY: Final = 65534
_NEW_USER: Final = 0x10000000  # CLONE_NEWUSER of unshare(2)
_TRIAL_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Identity:
    """One way to run.

    Attributes:
        name: For people.
        enter: What a new process does before it becomes the program; None for nothing.
        owner: The user to whom its files must belong; None for ours.
    """

    name: str
    enter: Callable[[], None] | None = None
    owner: int | None = None


def _enter_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_USER):
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {gid} 1", encoding="ascii")


def _become_nobody() -> None:
    if sys.platform != "win32":
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


OURSELVES: Final = Identity("as ourselves")
NAMESPACE: Final = Identity("as nobody in a user namespace", _enter_namespace)
SET_USER: Final = Identity("as nobody", _become_nobody, NOBODY)


def ways() -> tuple[Identity, ...]:
    """The ways to try, the best first."""
    if sys.platform == "win32":
        return (OURSELVES,)
    if os.geteuid() == 0:
        return (NAMESPACE, SET_USER) if sys.platform == "linux" else (SET_USER,)
    if sys.platform == "linux" and not _has_name():
        return NAMESPACE, OURSELVES
    return (OURSELVES,)


def _has_name() -> bool:
    """Whether the system knows us by name, which PostgreSQL asks for; containers run as any number."""
    import pwd

    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return True


def settle(programs: PostgresPrograms, home: Path) -> tuple[PostgresPrograms, Identity]:
    """The first way in which the programs run, and where they then lie: copied into ``home`` where they must be.

    Raises:
        ServiceUnavailable: None works.
    """
    tried = []
    for identity in ways():
        for found in _placed(programs, identity, home):
            refusal = _refusal(found.postgres, identity)
            if not refusal:
                return found, identity
            tried.append(f"{identity.name}: {refusal}")
    raise not_started(
        "database",
        f"{programs.postgres} does not run ({'; '.join(tried)})",
        try_next="run as an ordinary user, or allow user namespaces or setuid",
    )


def _placed(programs: PostgresPrograms, identity: Identity, home: Path) -> Iterator[PostgresPrograms]:
    yield programs
    if identity.owner is not None and programs.wheel is not None:
        yield _copied(programs, programs.wheel, home / "programs")


def _copied(programs: PostgresPrograms, wheel: Path, into: Path) -> PostgresPrograms:
    """The wheel's programs where everybody can read them, with the libraries that lie beside them."""
    home = into.parent
    home.chmod(home.stat().st_mode | 0o011)
    for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        if part.is_dir():
            shutil.copytree(part, into / part.name, symlinks=True, dirs_exist_ok=True)
    for path in (into, *into.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044 | path.stat().st_mode >> 3 & 0o011))
    return replace(programs, bin=into / wheel.name / programs.bin.relative_to(wheel))


def _refusal(program: Path, identity: Identity) -> str:
    """Why a program does not run so; empty when it does."""
    try:
        done = subprocess.run(  # noqa: S603
            [str(program), "--version"],
            preexec_fn=identity.enter,
            capture_output=True,
            text=True,
            timeout=_TRIAL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error).rstrip(".")
    return done.stderr.strip() if done.returncode else ""
