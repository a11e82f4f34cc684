"""Who is who on the reference platform: ``AuthPort`` over a store, a cache, a clock and a signer."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import Any

from goldenpath.domain.errors import Invalid, NotFound, NotSignedIn, WrongCredentials
from goldenpath.ports.auth import Account, Claims, Client, Grant, Session, User
from goldenpath.ports.cache import CachePort
from goldenpath.ports.clock import Clock, Ids
from goldenpath.ports.database import Store, UserRow
from goldenpath.reference import passwords
from goldenpath.reference.lockout import Lockout
from goldenpath.reference.oauth import Clients, Codes, answer_address, metadata
from goldenpath.reference.sessions import RefreshTokens, SessionRecord, Sessions
from goldenpath.reference.signing import ALGORITHM, Signer
from goldenpath.reference.tokens import ACCESS_SECONDS, ISSUER, AccessTokens


class AuthService:
    """The platform's auth. All state is in the store and the cache: several processes may serve it together."""

    def __init__(self, store: Store, cache: CachePort, clock: Clock, ids: Ids, signer: Signer) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self.tokens = AccessTokens(signer, clock, ids)
        self.lockout = Lockout(cache)
        self.running_sessions = Sessions(cache, clock)
        self.refresh_tokens = RefreshTokens(cache)
        self.clients = Clients(cache, ids)
        self.codes = Codes(cache, clock)

    async def create_account(self, name: str, permissions: tuple[str, ...] = ("chat",)) -> Account:
        """See ``AuthPort``."""
        password = secrets.token_urlsafe(16)
        email = f"{_slug(name)}-{self._ids.new('account').replace('-', '')[:12]}@example.com"
        user = User(self._ids.new("user"), email, tuple(sorted(set(permissions))))
        row = UserRow(user.id, email, passwords.hashed(password), user.permissions, self._clock.now())
        await self._store.add_user(row)
        return Account(email, password, user)

    async def login(self, email: str, password: str, device: str = "browser") -> Grant:
        """See ``AuthPort``."""
        user = await self.identify(email, password)
        return await self._begin(user, self._ids.new("session"), device)

    async def refresh(self, refresh_token: str) -> Grant:
        """See ``AuthPort``."""
        session_id = await self.refresh_tokens.session_of(refresh_token)
        if not await self.refresh_tokens.use(refresh_token):
            await self.reused(session_id)
            raise NotSignedIn("the refresh token was used before", code="reused")
        session = await self.running_sessions.find(session_id)
        user = await self._store.user(session.user_id) if session is not None else None
        if session is None or user is None:
            raise NotSignedIn("the session has ended", code="session_ended")
        await self.running_sessions.renew(session)
        return await self._grant(self.user_of(user), session.id)

    async def logout(self, access_token: str) -> None:
        """See ``AuthPort``."""
        session = await self._session(access_token)
        await self.running_sessions.end(session.id)

    async def sessions(self, access_token: str) -> tuple[Session, ...]:
        """See ``AuthPort``."""
        mine = await self._session(access_token)
        return tuple(
            Session(other.id, other.device, other.started, other.last_used, current=other.id == mine.id)
            for other in await self.running_sessions.of_user(mine.user_id)
        )

    async def end_session(self, access_token: str, session_id: str) -> None:
        """See ``AuthPort``."""
        mine = await self._session(access_token)
        found = await self.running_sessions.find(session_id)
        if found is None or not self.may_end(mine, found):
            raise NotFound("there is no such session", code="no_session")
        await self.running_sessions.end(found.id)

    async def me(self, access_token: str) -> User:
        """See ``AuthPort``."""
        session = await self._session(access_token)
        row = await self._store.user(session.user_id)
        if row is None:
            raise NotSignedIn("there is no such account any more", code="no_account")
        return self.user_of(row)

    async def validate(self, access_token: str) -> Claims:
        """See ``AuthPort``."""
        claims = self.tokens.read(access_token)
        if claims.sid is not None:
            await self.living_session(claims)
        elif await self.clients.find(claims.sub) is None:
            raise NotSignedIn("the program is not known here", code="no_client")
        return claims

    async def register_client(self, redirect_uri: str | None, scope: str = "") -> Client:
        """See ``AuthPort``."""
        return await self.clients.register(redirect_uri, scope)

    async def authorize(
        self,
        email: str,
        password: str,
        *,
        client_id: str,
        redirect_uri: str,
        state: str,
        code_challenge: str,
        code_challenge_method: str = "S256",
    ) -> str:
        """See ``AuthPort``."""
        known = await self.clients.find(client_id)
        client = self.codes.check_request(known, redirect_uri, code_challenge, code_challenge_method)
        user = await self.identify(email, password)
        code = await self.codes.issue(
            client_id=client.id,
            redirect_uri=redirect_uri,
            challenge=code_challenge,
            user_id=user.id,
            session_id=self._ids.new("session"),
        )
        return answer_address(redirect_uri, code, state)

    async def exchange_code(self, code: str, *, client_id: str, redirect_uri: str, code_verifier: str) -> Grant:
        """See ``AuthPort``."""
        found = await self.codes.find(code, client_id=client_id, redirect_uri=redirect_uri, code_verifier=code_verifier)
        if not await self.codes.use(code):
            await self.running_sessions.end(found.session_id)
            raise Invalid("the code was used before", code="invalid_grant")
        user = await self._store.user(found.user_id)
        if user is None or self.codes.expired(found):
            raise Invalid("the code has expired", code="invalid_grant")
        return await self._begin(self.user_of(user), found.session_id, "application")

    async def client_credentials(self, client_id: str, client_secret: str, scope: str = "") -> Grant:
        """See ``AuthPort``."""
        client = await self.clients.identify(client_id, client_secret)
        granted = self.clients.granted(client, scope)
        token = self.tokens.issue(sub=client.id, sid=None, email=None, permissions=tuple(sorted(granted.split())))
        return Grant(token, None, "Bearer", ACCESS_SECONDS, None, granted)

    async def discovery(self) -> dict[str, Any]:
        """See ``AuthPort``."""
        return metadata(ISSUER, ALGORITHM)

    async def jwks(self) -> dict[str, Any]:
        """See ``AuthPort``."""
        return self.tokens.signer.jwks()

    async def identify(self, email: str, password: str) -> User:
        """Who has this email and password.

        Raises:
            WrongCredentials: Unknown email or wrong password, told alike and after the same work.
            AccountLocked: After five failures in a row, whatever the password.
        """
        row = await self._store.user_by_email(email)
        right = self.password_fits(row, password)
        # After the password was looked at, so that of many guesses at once those behind the fifth gain nothing.
        await self.lockout.refuse_locked(email)
        if row is None or not right:
            await self.lockout.failed(email)
            raise self.refusal(row)
        await self.lockout.forget(email)
        return self.user_of(row)

    def password_fits(self, row: UserRow | None, password: str) -> bool:
        """Whether it is the account's password; without an account it never is."""
        return passwords.fits(password, row.password_hash if row is not None else passwords.nobodys())

    def refusal(self, row: UserRow | None) -> Exception:
        """What is told to one who is refused; the same, whether or not there is such an account."""
        return WrongCredentials("unknown email or wrong password", code="invalid_credentials")

    def user_of(self, row: UserRow) -> User:
        """What others may know of an account."""
        return User(row.id, row.email, row.permissions)

    async def living_session(self, claims: Claims) -> SessionRecord:
        """The session of a person's token.

        Raises:
            NotSignedIn: It has ended, or the token is no person's.
        """
        session = await self.running_sessions.find(claims.sid) if claims.sid is not None else None
        if session is None or session.user_id != claims.sub:
            raise NotSignedIn("the session has ended", code="session_ended")
        return session

    def may_end(self, mine: SessionRecord, other: SessionRecord) -> bool:
        """Whether one session may end another: only its own user's."""
        return mine.user_id == other.user_id

    async def reused(self, session_id: str) -> None:
        """A refresh token came back: somebody has a copy, so the whole family ends (OAuth 2.1, 4.3.1)."""
        await self.running_sessions.end(session_id)

    async def _session(self, access_token: str) -> SessionRecord:
        return await self.living_session(self.tokens.read(access_token))

    async def _begin(self, user: User, session_id: str, device: str) -> Grant:
        await self.running_sessions.begin(session_id, user.id, device)
        return await self._grant(user, session_id)

    async def _grant(self, user: User, session_id: str) -> Grant:
        token = self.tokens.issue(sub=user.id, sid=session_id, email=user.email, permissions=user.permissions)
        return Grant(token, await self.refresh_tokens.issue(session_id), "Bearer", ACCESS_SECONDS, user)


def _slug(name: str) -> str:
    """A name as the local part of an address: letters and digits of ASCII."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "person"
