"""Lockout: five failures in a row close an account for a quarter of an hour."""

from __future__ import annotations

from typing import Final

from goldenpath.domain.errors import AccountLocked, NotFound
from goldenpath.ports.cache import CachePort

FAILURES: Final = 5
LOCKED_SECONDS: Final = 900
REMEMBERED_SECONDS: Final = 86_400
"""For how long a row of failures is remembered: guesses at accounts that do not exist must not fill the cache."""


class Lockout:
    """Counts failures by email, whether or not there is such an account: otherwise the lock would tell."""

    def __init__(self, cache: CachePort) -> None:
        self._cache = cache

    async def refuse_locked(self, email: str) -> None:
        """Let nobody in while the account is locked.

        Raises:
            AccountLocked: It is, for ``retry_after`` more seconds.
        """
        left = await self.seconds_left(email)
        if left > 0:
            raise AccountLocked("too many failures: the account is locked", retry_after=left, code="locked")

    async def seconds_left(self, email: str) -> float:
        """For how long the account stays locked; 0 when it is open."""
        try:
            return await self._cache.ttl(self.lock_key(email)) or 0
        except NotFound:
            return 0

    async def failed(self, email: str) -> None:
        """Count a failure; the fifth locks, and the count begins anew."""
        if await self._cache.increment(self.failures_key(email), ttl=REMEMBERED_SECONDS) >= FAILURES:
            await self._cache.set(self.lock_key(email), "locked", self.lock_lifetime())
            await self.forget(email)

    async def forget(self, email: str) -> None:
        """A success, or a lock, ends the row of failures."""
        await self._cache.delete(self.failures_key(email))

    def lock_lifetime(self) -> float:
        """For how many seconds a lock holds."""
        return LOCKED_SECONDS

    def failures_key(self, email: str) -> str:
        """Where the failures of an account are counted."""
        return f"login-failures:{email.casefold()}"

    def lock_key(self, email: str) -> str:
        """Where the lock of an account is."""
        return f"login-locked:{email.casefold()}"
