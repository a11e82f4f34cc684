"""Programs and authorization codes (OAuth 2.1): who may ask in whose name, and where the answer goes."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from goldenpath.domain.errors import Invalid, WrongCredentials
from goldenpath.ports.auth import Client
from goldenpath.ports.cache import CachePort
from goldenpath.ports.clock import Clock, Ids
from goldenpath.reference.sessions import REFRESH_SECONDS, digest

CODE_SECONDS: Final = 60

_OWN_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""SHA-256 in base64url without padding (RFC 7636, 4.2)."""


class Clients:
    """The programs that are known to the platform."""

    def __init__(self, cache: CachePort, ids: Ids) -> None:
        self._cache = cache
        self._ids = ids

    async def register(self, redirect_uri: str | None, scope: str) -> Client:
        """Make a program known; its secret is kept hashed.

        Raises:
            Invalid: The address is not absolute, or has a fragment (OAuth 2.1, 2.3).
        """
        if redirect_uri is not None and not _is_address(redirect_uri):
            raise Invalid("the redirect address must be absolute and without fragment", code="invalid_redirect_uri")
        secret = secrets.token_urlsafe(32) if redirect_uri is None else None
        client = Client(self._ids.new("client"), secret, redirect_uri, " ".join(scope.split()))
        kept = replace(client, secret=digest(secret) if secret else None)
        await self._cache.set(f"client:{client.id}", json.dumps(asdict(kept)))
        return client

    async def find(self, client_id: str) -> Client | None:
        """A program as it is kept: ``secret`` is its digest."""
        kept = await self._cache.get(f"client:{client_id}")
        return None if kept is None else Client(**json.loads(kept))

    async def identify(self, client_id: str, client_secret: str) -> Client:
        """The program that has this secret.

        Raises:
            WrongCredentials: Unknown program, one without secret, or another secret, told alike.
        """
        client = await self.find(client_id)
        kept = client.secret if client is not None and client.secret is not None else digest("")
        right = self.secret_fits(client_secret, kept)
        if client is None or client.secret is None or not right:
            raise WrongCredentials("unknown program or wrong secret", code="invalid_client")
        return client

    def secret_fits(self, client_secret: str, kept: str) -> bool:
        """Whether it is the secret that was kept."""
        return hmac.compare_digest(digest(client_secret), kept)

    def granted(self, client: Client, asked: str) -> str:
        """The scope that is granted: what was asked for, or all that was registered.

        Raises:
            Invalid: More was asked for than was registered.
        """
        if set(asked.split()) - set(client.scope.split()):
            raise Invalid("the program asks for more than was registered", code="invalid_scope")
        return " ".join(asked.split()) or client.scope


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code as it is kept: to whom it was given, for whom, and the session that it begins."""

    client_id: str
    redirect_uri: str
    challenge: str
    user_id: str
    session_id: str
    expires_at: str


class Codes:
    """Authorization codes with PKCE (OAuth 2.1, 4.1; RFC 7636)."""

    def __init__(self, cache: CachePort, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock

    def check_request(self, client: Client | None, redirect_uri: str, challenge: str, method: str) -> Client:
        """The program that may be answered at this address.

        Raises:
            Invalid: Unknown program, another address than the registered one, or no S256 challenge.
        """
        if client is None or not self.address_fits(client, redirect_uri):
            raise Invalid("unknown program, or not the registered address", code="invalid_request")
        if method != "S256" or not _CHALLENGE.fullmatch(challenge):
            raise Invalid("a challenge by S256 is needed", code="invalid_request")
        return client

    def address_fits(self, client: Client, redirect_uri: str) -> bool:
        """Whether the answer may go there: the registered address, letter by letter (OAuth 2.1, 2.3.1)."""
        return client.redirect_uri is not None and client.redirect_uri == redirect_uri

    async def issue(self, *, client_id: str, redirect_uri: str, challenge: str, user_id: str, session_id: str) -> str:
        """A code for this program, in the name of this user, good for a minute."""
        secret = secrets.token_urlsafe(32)
        expires_at = (self._clock.now() + timedelta(seconds=CODE_SECONDS)).isoformat()
        code = Code(client_id, redirect_uri, challenge, user_id, session_id, expires_at)
        # Kept for longer than it is good: a second use must still find the session to end.
        await self._cache.set(f"code:{digest(secret)}", json.dumps(asdict(code)), REFRESH_SECONDS)
        return secret

    async def find(self, code: str, *, client_id: str, redirect_uri: str, code_verifier: str) -> Code:
        """What was kept of a code, used or not, for the program that it was given to.

        Raises:
            Invalid: Unknown code, or another program, address or verifier.
        """
        kept = await self._cache.get(f"code:{digest(code)}")
        found = None if kept is None else Code(**json.loads(kept))
        if found is None or (found.client_id, found.redirect_uri) != (client_id, redirect_uri):
            raise Invalid("unknown code, or not this program's", code="invalid_grant")
        if not self.verifier_fits(code_verifier, found.challenge):
            raise Invalid("the verifier does not fit the challenge", code="invalid_grant")
        return found

    async def use(self, code: str) -> bool:
        """Use a code up; False when that was done before. Of two at once, one gets True."""
        return await self._cache.increment(f"code-used:{digest(code)}", ttl=REFRESH_SECONDS) == 1

    def verifier_fits(self, verifier: str, challenge: str) -> bool:
        """Whether the challenge was made from this verifier (RFC 7636, 4.6)."""
        made = urlsafe_b64encode(hashlib.sha256(verifier.encode("utf-8", "surrogatepass")).digest()).rstrip(b"=")
        return hmac.compare_digest(made.decode(), challenge)

    def expired(self, code: Code) -> bool:
        """Whether the code's minute is over."""
        return self._clock.now() >= datetime.fromisoformat(code.expires_at)


def answer_address(redirect_uri: str, code: str, state: str) -> str:
    """Where the user's browser returns to: the registered address with ``code`` and ``state``."""
    from httpx import URL

    return str(URL(redirect_uri).copy_merge_params({"code": code, "state": state}))


def metadata(issuer: str, algorithm: str) -> dict[str, Any]:
    """The provider's metadata (OpenID Connect Discovery 1.0, 3; RFC 8414, 2)."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [algorithm],
    }


def _is_address(text: str) -> bool:
    from httpx import URL, InvalidURL

    try:
        address = URL(text)
    except (InvalidURL, TypeError):
        return False
    if "#" in text or not text.isprintable() or " " in text or not address.host:
        return False
    # Without TLS only to a program on the user's own machine (OAuth 2.1, 8.4.2).
    return address.scheme == "https" or (address.scheme == "http" and address.host in _OWN_MACHINE)
