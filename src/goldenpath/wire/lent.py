"""People lent: where a service makes no accounts, each person of a scenario gets one that nobody else holds meanwhile.

What is lent is locked by a file of this user's, so that other scenarios, workers and runs on this machine wait for it,
and it is free again when its process ends, however that went. A scenario that says beforehand how many persons it has
gets them all at once, and nobody who holds some waits for others.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Final

from goldenpath.domain.errors import GoldenPathError, Refused, SettingsError, WrongCredentials
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.auth import Account, Grant, User
from goldenpath.wire.people import Lent, People

ACCOUNTS: Final = "accounts"
"""The capability that gives each person of a scenario an account, made or lent; and the key of those to lend."""

FRESH: Final = "fresh"
"""The capability that gives each person a new account, in which nothing has ever happened."""

WAIT: Final = 60.0
"""Seconds to wait for people whom others hold."""

_ids: Final[dict[tuple[str, str], str]] = {}
"""By place and email, how the product names those who were lent so far: asked once a process."""

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
        people = People(accounts, url, os.environ if environ is None else environ)
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

    def __init__(self, port: Any, people: People, expected: int, wait: float) -> None:
        self._port = port
        self._people = people
        self._expected = expected
        self._wait = wait
        self._held: list[Lent] = []
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

    async def _forgive(self, lent: Lent) -> None:
        with suppress(GoldenPathError):
            self._seen(await self._port.login(lent.email, self._people.password(lent)))

    async def _leave(self, token: str) -> None:
        with suppress(GoldenPathError, AttributeError):
            await self._port.logout(token)

    async def _account(self, lent: Lent) -> Account:
        """The account, with the id that the product knows it by: of the settings, else found out by signing in."""
        password = self._people.password(lent)
        known = (self._people.place, lent.email)
        if not (user_id := str(lent.table.get("id", "")) or _ids.get(known, "")):
            user_id = _ids[known] = await self._id(lent, password)
        return Account(lent.email, password, User(user_id, lent.email, lent.permissions))

    async def _id(self, lent: Lent, password: str) -> str:
        try:
            grant: Grant = await self._port.login(lent.email, password)
        except Refused as refused:
            said = f"the account {lent.email} that is to be lent cannot sign in: {refused.message}"
            hint = f"the password in {lent.table['password_env']}, or the account itself"
            raise SettingsError(said, where="accounts", try_next=hint) from refused
        user = grant.user if grant.user is not None else await self._port.me(grant.access_token)
        await self._leave(grant.access_token)
        return str(user.id)
