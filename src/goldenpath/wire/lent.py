"""People lent: where a service makes no accounts, each person of a scenario gets one that nobody else holds meanwhile.

What is lent is locked by a file of this user's, so that other scenarios, workers and runs on this machine wait for it,
and it is free again when its process ends, however that went. A scenario that says beforehand how many persons it has
gets them all at once, and nobody who holds some waits for others.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from goldenpath.domain.errors import GoldenPathError, NobodyToLend, Refused, SettingsError, WrongCredentials
from goldenpath.domain.route import filled, secret
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.auth import Account, Grant, User
from goldenpath.stack.locks import FileLock

ACCOUNTS: Final = "accounts"
"""The capability that gives each person of a scenario an account, made or lent; and the key of those to lend."""

FRESH: Final = "fresh"
"""The capability that gives each person a new account, in which nothing has ever happened."""

WAIT: Final = 60.0
"""Seconds to wait for people whom others hold."""

_ids: Final[dict[tuple[str, str], str]] = {}
"""By place and email, how the product names those who were lent so far: asked once a process."""

_TURN: Final = 0.05
_LEAVING: Final = 2.0


def with_people(capabilities: frozenset[str], table: Mapping[str, Any]) -> frozenset[str]:
    """What an auth service can do: one that makes accounts makes them fresh; else those of its table are lent.

    Args:
        capabilities: Its own.
        table: Its table of the settings.
    """
    if ACCOUNTS in capabilities:
        return capabilities | {FRESH}
    return capabilities | {ACCOUNTS} if table.get(ACCOUNTS) else capabilities


@asynccontextmanager
async def lending(
    opening: AbstractAsyncContextManager[Any],
    accounts: Sequence[Mapping[str, Any]],
    url: str,
    context: OpenContext,
    *,
    wait: float = WAIT,
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[Any]:
    """An auth port that lends its people, and takes them back when the scenario ends.

    Args:
        opening: Opens the port itself.
        accounts: Those to lend, as the settings name them.
        url: Where the service is: the same person elsewhere is another one.
        context: Whose port it is.
        wait: Seconds to wait for people whom others hold.
        environ: Where the passwords are.
    """
    async with opening as port:
        people = _People(accounts, url, os.environ if environ is None else environ)
        lent = LendingAuth(port, people, context.people, wait)
        try:
            yield lent
        finally:
            await lent.give_back()


class LendingAuth:
    """``AuthPort``: the service's own, but that an account is lent where one would be made.

    Args:
        port: The service's own port.
        people: All whom it may lend.
        expected: How many persons the scenario has, as far as that is known; 0 where it is not.
        wait: Seconds to wait for people whom others hold.
    """

    def __init__(self, port: Any, people: _People, expected: int, wait: float) -> None:
        self._port = port
        self._people = people
        self._expected = expected
        self._wait = wait
        self._held: list[_Lent] = []
        self._given: set[str] = set()
        self._tokens: list[str] = []
        self._guessed: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    async def create_account(self, name: str, permissions: tuple[str, ...] = ("chat",)) -> Account:
        """Lend an account with these permissions; one that bears the person's name first.

        Raises:
            NobodyToLend: There are too few, or others held them for too long.
            SettingsError: The password is not set, or is wrong.
        """
        if not self._held:
            self._held = await self._people.several(max(1, self._expected), permissions, self._wait)
        fitting = [each for each in self._held if each.email not in self._given and each.may(permissions)]
        if not fitting:
            fitting = [await self._people.one(permissions, {each.email for each in self._held}, self._wait)]
            self._held += fitting
        lent = min(fitting, key=lambda each: (each.name != name, len(each.permissions)))
        self._given.add(lent.email)
        return await self._account(lent)

    async def login(self, email: str, password: str, device: str = "browser") -> Grant:
        """See ``AuthPort``."""
        try:
            return self._seen(await self._port.login(email, password, device))
        except WrongCredentials:
            self._guessed.add(email)
            raise

    async def refresh(self, refresh_token: str) -> Grant:
        """See ``AuthPort``."""
        return self._seen(await self._port.refresh(refresh_token))

    async def give_back(self) -> None:
        """Leave people as they were taken, as far as the service does that, and let others have them.

        What was signed in is signed out. Where a wrong password was tried, the right one is: services count.
        """
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LEAVING):
                    for each in self._held:
                        if each.email in self._guessed:
                            await self._forgive(each)
                    for token in self._tokens:
                        await self._leave(token)
        finally:
            for each in self._held:
                each.lock.release()
            self._held = []

    def _seen(self, grant: Grant) -> Grant:
        if self._held:
            self._tokens.append(grant.access_token)
        return grant

    async def _forgive(self, lent: _Lent) -> None:
        with suppress(GoldenPathError):
            self._seen(await self._port.login(lent.email, self._people.password(lent)))

    async def _leave(self, token: str) -> None:
        with suppress(GoldenPathError, AttributeError):
            await self._port.logout(token)

    async def _account(self, lent: _Lent) -> Account:
        """The account, with the id that the product knows it by: of the settings, else found out by signing in."""
        password = self._people.password(lent)
        known = (self._people.place, lent.email)
        if not (user_id := str(lent.table.get("id", "")) or _ids.get(known, "")):
            user_id = _ids[known] = await self._id(lent, password)
        return Account(lent.email, password, User(user_id, lent.email, lent.permissions))

    async def _id(self, lent: _Lent, password: str) -> str:
        try:
            grant: Grant = await self._port.login(lent.email, password)
        except Refused as refused:
            said = f"the account {lent.email} that is to be lent cannot sign in: {refused.message}"
            hint = f"the password in {lent.table['password_env']}, or the account itself"
            raise SettingsError(said, where="accounts", try_next=hint) from refused
        user = grant.user if grant.user is not None else await self._port.me(grant.access_token)
        await self._leave(grant.access_token)
        return str(user.id)


@dataclass(frozen=True, slots=True)
class _Lent:
    """One account that may be lent."""

    email: str
    name: str
    permissions: tuple[str, ...]
    table: Mapping[str, Any]
    lock: FileLock

    def may(self, permissions: tuple[str, ...]) -> bool:
        """Whether it has these permissions."""
        return set(permissions) <= set(self.permissions)


class _People:
    """All accounts that one service lends, and their locks."""

    def __init__(self, accounts: Sequence[Mapping[str, Any]], url: str, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.place = urlsplit(url).netloc.rpartition("@")[2]
        folder = locks_folder()
        self._all = [_lent(each, self.place, folder, environ) for each in accounts]
        self._queue = FileLock(folder / f"{_name(self.place)}.queue")

    def password(self, lent: _Lent) -> str:
        """The password of an account.

        Raises:
            SettingsError: Its variable is not set.
        """
        return secret(str(lent.table["password_env"]), self._environ, "accounts.password_env")

    async def several(self, count: int, permissions: tuple[str, ...], wait: float) -> list[_Lent]:
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
            held: list[_Lent] = []
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

    async def one(self, permissions: tuple[str, ...], held: set[str], wait: float) -> _Lent:
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


def _lent(table: Mapping[str, Any], place: str, folder: Path, environ: Mapping[str, str]) -> _Lent:
    email = filled(str(table["email"]), environ, "accounts.email")
    lock = FileLock(folder / f"{_name(f'{place} {email}')}.lock")
    return _Lent(email, str(table.get("name", "")), tuple(sorted(table.get("permissions", ("chat",)))), table, lock)


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
