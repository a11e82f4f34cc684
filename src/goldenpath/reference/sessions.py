"""Sessions, and the refresh tokens that keep them alive: both in the cache, for every service to see."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from goldenpath.domain.errors import NotSignedIn
from goldenpath.ports.cache import CachePort, session_key
from goldenpath.ports.clock import Clock

REFRESH_SECONDS: Final = 30 * 86_400
"""For how long a refresh token is good; a session that is not renewed meanwhile is over."""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session as it is kept. ``number`` counts the user's sign-ins; times are ISO 8601 with their zone."""

    id: str
    user_id: str
    device: str
    started_at: str
    last_used_at: str
    number: int

    @property
    def started(self) -> datetime:
        """When the user signed in."""
        return datetime.fromisoformat(self.started_at)

    @property
    def last_used(self) -> datetime:
        """When its grant was last renewed."""
        return datetime.fromisoformat(self.last_used_at)


class Sessions:
    """The sign-ins that have not ended."""

    def __init__(self, cache: CachePort, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock

    async def begin(self, session_id: str, user_id: str, device: str) -> SessionRecord:
        """Keep a new session of a user.

        Raises:
            NotSignedIn: It was ended before it began.
        """
        now = self._clock.now().isoformat()
        number = await self._cache.increment(_count_key(user_id))
        record = SessionRecord(session_id, user_id, device, now, now, number)
        await self._keep(record)
        return record

    async def find(self, session_id: str) -> SessionRecord | None:
        """A session that has not ended."""
        kept = await self._cache.get(session_key(session_id))
        return None if kept is None else SessionRecord(**json.loads(kept))

    async def of_user(self, user_id: str) -> list[SessionRecord]:
        """The user's sessions that have not ended, oldest first."""
        sign_ins = int(await self._cache.get(_count_key(user_id)) or 0)
        ids = [await self._cache.get(_place_key(user_id, number)) for number in range(1, sign_ins + 1)]
        found = [await self.find(session_id) for session_id in ids if session_id is not None]
        return [record for record in found if record is not None]

    async def renew(self, record: SessionRecord) -> None:
        """Keep a session for as long as a new refresh token lives.

        Raises:
            NotSignedIn: It was ended meanwhile.
        """
        await self._keep(replace(record, last_used_at=self._clock.now().isoformat()))

    async def end(self, session_id: str) -> None:
        """End a session and tell every service at once; one that has not begun yet never will."""
        record = await self.find(session_id)
        await self._cache.set(_ended_key(session_id), "ended", REFRESH_SECONDS)
        await self._cache.delete(session_key(session_id))
        if record is not None:
            await self._cache.delete(_place_key(record.user_id, record.number))
        await self.announce_end(session_id)

    async def announce_end(self, session_id: str) -> None:
        """Tell every service: who holds a connection of that session closes it."""
        await self._cache.publish(f"session-ended:{session_id}", session_id)

    async def _keep(self, record: SessionRecord) -> None:
        await self._cache.set(session_key(record.id), json.dumps(asdict(record)), REFRESH_SECONDS)
        await self._cache.set(_place_key(record.user_id, record.number), record.id, REFRESH_SECONDS)
        # Another process may have ended it since it was read: its mark outlives whatever was kept here.
        if await self._cache.get(_ended_key(record.id)) is not None:
            await self._cache.delete(session_key(record.id))
            raise NotSignedIn("the session has ended", code="session_ended")


class RefreshTokens:
    """Tokens that renew a session, each once. Kept hashed: who reads the cache can renew nothing."""

    def __init__(self, cache: CachePort) -> None:
        self._cache = cache

    async def issue(self, session_id: str) -> str:
        """A token that renews this session."""
        token = secrets.token_urlsafe(32)
        await self._cache.set(f"refresh:{digest(token)}", session_id, REFRESH_SECONDS)
        return token

    async def session_of(self, token: str) -> str:
        """The session that a token belongs to, whether or not it was used.

        Raises:
            NotSignedIn: The token is unknown or expired.
        """
        session_id = await self._cache.get(f"refresh:{digest(token)}")
        if session_id is None:
            raise NotSignedIn("the refresh token is unknown or has expired", code="invalid_grant")
        return session_id

    async def use(self, token: str) -> bool:
        """Use a token up; False when that was done before. Of two at once, one gets True."""
        return await self._cache.increment(f"refresh-used:{digest(token)}", ttl=REFRESH_SECONDS) == 1


def digest(secret: str) -> str:
    """A secret as it is kept. It has 256 random bits, so that a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _count_key(user_id: str) -> str:
    return f"user-sign-ins:{user_id}"


def _place_key(user_id: str, number: int) -> str:
    return f"user-session:{user_id}:{number}"


def _ended_key(session_id: str) -> str:
    return f"session-is-over:{session_id}"
