"""Whom a service lends, and the locks that say who is lent: one file a person, of this user, for all runs here."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from goldenpath.domain.errors import NobodyToLend, SettingsError
from goldenpath.domain.route import filled, secret
from goldenpath.stack.locks import FileLock

_TURN: Final = 0.05
"""Seconds between two looks whether somebody is free."""


@dataclass(frozen=True, slots=True)
class Lent:
    """One account that may be lent."""

    email: str
    name: str
    permissions: tuple[str, ...]
    table: Mapping[str, Any]
    lock: FileLock

    def may(self, permissions: tuple[str, ...]) -> bool:
        """Whether it has these permissions."""
        return set(permissions) <= set(self.permissions)


class People:
    """All accounts that one service lends, and their locks.

    Args:
        accounts: As the settings name them.
        url: Where the service is: the same person elsewhere is another one.
        environ: Where the passwords are.

    Attributes:
        place: Host and port of the service.
    """

    def __init__(self, accounts: Sequence[Mapping[str, Any]], url: str, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.place = urlsplit(url).netloc.rpartition("@")[2]
        folder = locks_folder()
        self._all = [_lent(each, self.place, folder, environ) for each in accounts]
        self._queue = FileLock(folder / f"{_name(self.place)}.queue")

    def password(self, lent: Lent) -> str:
        """The password of an account.

        Raises:
            SettingsError: Its variable is not set.
        """
        return secret(str(lent.table["password_env"]), self._environ, "accounts.password_env")

    async def several(self, count: int, permissions: tuple[str, ...], wait: float) -> list[Lent]:
        """So many that nobody holds, all at once: whoever comes later waits in the queue, and holds none.

        Those with these permissions are tried first, and of them those that have few others.

        Raises:
            NobodyToLend: There are not so many, or others held them for too long.
        """
        if count > len(self._all):
            raise NobodyToLend(f"it needs {_persons(count)}, and {_accounts(len(self._all))} can be lent", where="auth")
        until = time.monotonic() + wait
        order = sorted(self._all, key=lambda each: (not each.may(permissions), len(each.permissions)))
        try:
            await _acquired(self._queue, until, f"others waited for accounts for {wait:g} s")
            held: list[Lent] = []
            try:
                while len(held) < count:
                    for each in order:
                        if each not in held and len(held) < count and each.lock.acquire():
                            held.append(each)
                    if len(held) < count:
                        await _pause(until, f"others held the accounts for {wait:g} s")
            except BaseException:
                for each in held:
                    each.lock.release()
                raise
            return held
        finally:
            self._queue.release()

    async def one(self, permissions: tuple[str, ...], held: set[str], wait: float) -> Lent:
        """One more, with these permissions.

        Raises:
            NobodyToLend: There is none besides those that the scenario holds, or others held it for too long.
        """
        fitting = [each for each in self._all if each.may(permissions) and each.email not in held]
        if not fitting:
            able = f"may {', '.join(permissions)}" if permissions else "exist"
            had = sum(each.may(permissions) for each in self._all)
            raise NobodyToLend(f"too few accounts can be lent: {had} {able}, and the scenario needs more", where="auth")
        until = time.monotonic() + wait
        while True:
            for each in sorted(fitting, key=lambda each: len(each.permissions)):
                if each.lock.acquire():
                    return each
            await _pause(until, f"others held every account that fits for {wait:g} s")


def locks_folder() -> Path:
    """Where this user's locks on people are, whichever project lends them."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "", "")
    for base in (Path(home) if home else Path("~/.cache").expanduser(), Path(tempfile.gettempdir())):
        folder = base / "goldenpath" / "people"
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if os.access(folder, os.W_OK):
                return folder
    raise SettingsError(
        "no folder for locks on people can be made", where="XDG_CACHE_HOME", try_next="a folder of yours"
    )


def _lent(table: Mapping[str, Any], place: str, folder: Path, environ: Mapping[str, str]) -> Lent:
    email = filled(str(table["email"]), environ, "accounts.email")
    lock = FileLock(folder / f"{_name(f'{place} {email}')}.lock")
    return Lent(email, str(table.get("name", "")), tuple(sorted(table.get("permissions", ("chat",)))), table, lock)


def _name(text: str) -> str:
    """A name of a file that tells nobody whose it is."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


async def _acquired(lock: FileLock, until: float, otherwise: str) -> None:
    while not lock.acquire():
        await _pause(until, otherwise)


async def _pause(until: float, otherwise: str) -> None:
    if time.monotonic() >= until:
        raise NobodyToLend(otherwise, where="auth")
    await asyncio.sleep(_TURN)


def _persons(count: int) -> str:
    return f"{count} {'person' if count == 1 else 'persons'}"


def _accounts(count: int) -> str:
    return f"{count} {'account' if count == 1 else 'accounts'}"
