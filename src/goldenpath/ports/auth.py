"""Who is who: signing in, sessions, and what a token says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class User:
    """Who signed in. ``permissions`` are names such as ``chat``, sorted."""

    id: str
    email: str
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account: what is needed to sign in, and who that is then."""

    email: str
    password: str
    user: User


@dataclass(frozen=True, slots=True)
class Grant:
    """What a successful sign-in gives (RFC 6749, 5.1).

    Attributes:
        access_token: Sent with each request; a JWT signed with RS256 on the reference platform.
        refresh_token: Exchanged once for a new grant; None where the grant is not a person's.
        token_type: ``Bearer``.
        expires_in: Seconds for which the access token is good.
        user: Who signed in; None where it is no person but a program.
        scope: What a program was granted, blank-separated; empty for a person.
    """

    access_token: str
    refresh_token: str | None
    token_type: str
    expires_in: int
    user: User | None
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in that has not ended. ``current`` marks the one whose token asked."""

    id: str
    device: str
    started_at: datetime
    last_used_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid access token says. ``sub`` is a user's or a program's id; ``sid`` the session, if any."""

    iss: str
    aud: str
    sub: str
    iat: int
    exp: int
    jti: str
    sid: str | None
    email: str | None
    permissions: tuple[str, ...]
    token_type: str


@dataclass(frozen=True, slots=True)
class Client:
    """A program known to the platform (RFC 6749, 2). ``secret`` is None for a public one."""

    id: str
    secret: str | None
    redirect_uri: str | None
    scope: str = ""


class AuthPort(Protocol):
    """Signing in and what follows from it.

    Every operation that takes an access token raises ``NotSignedIn`` when that is forged, expired or of an
    ended session. Capabilities: ``accounts``, ``fresh``, ``password_login``, ``sessions``, ``rotation``, ``lockout``,
    ``oauth_code``, ``client_credentials``, ``clock``.
    """

    async def create_account(self, name: str, permissions: tuple[str, ...] = ("chat",)) -> Account:
        """Give a person of this scenario an account that nobody else has meanwhile (capability ``accounts``).

        It is made for that (capability ``fresh`` besides), or lent, with whatever happened in it before.

        Raises:
            NobodyToLend: There are too few to lend.
        """

    async def login(self, email: str, password: str, device: str = "browser") -> Grant:
        """Sign in by password.

        Raises:
            WrongCredentials: Unknown email or wrong password, told alike.
            AccountLocked: Five failures in a row, for 15 minutes.
        """

    async def refresh(self, refresh_token: str) -> Grant:
        """Exchange a refresh token for a new grant of the same session (OAuth 2.1, 4.3.1).

        Raises:
            NotSignedIn: Unknown, expired, of an ended session, or used before; the last ends the session.
        """

    async def logout(self, access_token: str) -> None:
        """End the session of this token at once, everywhere."""

    async def sessions(self, access_token: str) -> tuple[Session, ...]:
        """The user's sessions that have not ended, oldest first."""

    async def end_session(self, access_token: str, session_id: str) -> None:
        """End one of the user's own sessions.

        Raises:
            NotFound: No such session, or another user's.
        """

    async def me(self, access_token: str) -> User:
        """Who the token belongs to."""

    async def validate(self, access_token: str) -> Claims:
        """What the token says, if it is good now."""

    async def register_client(self, redirect_uri: str | None, scope: str = "") -> Client:
        """Make a program known for this scenario: public with a redirect address, confidential without one."""

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
        """Sign in at the platform for a program; gives the address to return to, with ``code`` and ``state``.

        OAuth 2.1, 4.1, with PKCE (RFC 7636).

        Raises:
            Invalid: Unknown program, another redirect address than the registered one, or no S256 challenge.
            WrongCredentials, AccountLocked: As for ``login``.
        """

    async def exchange_code(self, code: str, *, client_id: str, redirect_uri: str, code_verifier: str) -> Grant:
        """Exchange an authorization code for a grant, once, within a minute.

        Raises:
            Invalid: Unknown, expired or used code, wrong verifier, program or address; a second use also ends
                the session that the first one began.
        """

    async def client_credentials(self, client_id: str, client_secret: str, scope: str = "") -> Grant:
        """A grant for a program on its own behalf, without refresh token (OAuth 2.1, 4.2).

        Raises:
            WrongCredentials: Unknown program or wrong secret.
            Invalid: A scope that was not registered.
        """

    async def discovery(self) -> dict[str, Any]:
        """The OpenID provider metadata (OpenID Connect Discovery 1.0, 3)."""

    async def jwks(self) -> dict[str, Any]:
        """The public keys that tokens are signed with, as a JWK set (RFC 7517)."""
