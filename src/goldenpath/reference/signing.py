"""Signing: what makes a token ours, and what others check it with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol

from goldenpath.domain.errors import NotSignedIn

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from jwt.types import Options

ALGORITHM: Final = "RS256"
"""The one algorithm (RFC 7518, 3.3); a token that names another is refused (RFC 8725, 3.1)."""


class Signer(Protocol):
    """Signs claims and knows its own signature again. It judges no time: that is the clock's."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The claims as a signed JWT (RFC 7519)."""

    def verify(self, token: str, *, issuer: str, audience: str) -> dict[str, Any]:
        """The claims of a token that we signed, for this issuer and audience.

        Raises:
            NotSignedIn: It is no such token.
        """

    def jwks(self) -> dict[str, Any]:
        """The public keys (RFC 7517)."""


class RsaSigner:
    """RS256 by PyJWT, with one key."""

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key
        self._public = key.public_key()
        self._jwk = self._public_jwk()

    def sign(self, claims: Mapping[str, Any]) -> str:
        """See ``Signer``."""
        import jwt

        return jwt.encode(dict(claims), self._key, algorithm=ALGORITHM, headers={"kid": self._jwk["kid"]})

    def verify(self, token: str, *, issuer: str, audience: str) -> dict[str, Any]:
        """See ``Signer``."""
        import jwt

        asked: Options = {
            "require": ["iss", "aud", "sub", "iat", "exp", "jti"],
            "strict_aud": True,
            "verify_exp": False,
            "verify_iat": False,
            "verify_nbf": False,
        }
        try:
            return jwt.decode(
                token, self._public, algorithms=[ALGORITHM], issuer=issuer, audience=audience, options=asked
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise NotSignedIn("the token is not one of ours", code="invalid_token") from error

    def jwks(self) -> dict[str, Any]:
        """See ``Signer``."""
        return {"keys": [dict(self._jwk)]}

    def _public_jwk(self) -> dict[str, Any]:
        import hashlib
        import json
        from base64 import urlsafe_b64encode

        from jwt.algorithms import RSAAlgorithm

        jwk = {
            name: value for name, value in RSAAlgorithm.to_jwk(self._public, as_dict=True).items() if name in "kty n e"
        }
        # The thumbprint of RFC 7638: required members only, sorted, without blanks.
        digest = hashlib.sha256(json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()).digest()
        return {**jwk, "use": "sig", "alg": ALGORITHM, "kid": urlsafe_b64encode(digest).rstrip(b"=").decode()}


@cache
def process_signer() -> RsaSigner:
    """The signer of this process: to make a key takes as long as to sign a hundred tokens."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return RsaSigner(generate_private_key(public_exponent=65537, key_size=2048))
