"""Access tokens that say themselves what they are worth: JWTs that the service's public keys have signed (RFC 7519)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jwt

from goldenpath.domain.errors import NotSignedIn, UnexpectedAnswer

_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Those of public keys only: with a secret that both sides share, a public key would pass for one (RFC 8725, 3.1)."""


def verified(token: str, keys: Mapping[str, Any], *, issuer: str | None, audience: str | None) -> dict[str, Any]:
    """What a token says.

    Args:
        token: As it was given.
        keys: The service's JWK set (RFC 7517).
        issuer: Who must have made it; None for anyone.
        audience: Whom it must be for; None for anyone.

    Raises:
        NotSignedIn: It is no JWT, was signed by nobody of these, is not for us, or is not good now.
        UnexpectedAnswer: There is no key among the keys.
    """
    try:
        known = jwt.PyJWKSet.from_dict(dict(keys)).keys
    except (jwt.PyJWTError, TypeError, AttributeError, ValueError) as error:
        raise UnexpectedAnswer(f"its keys cannot be used: {type(error).__name__}", where="auth") from None
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
        fitting = [key for key in known if key_id is None or key.key_id == key_id] or known
        return _by_any(token, fitting, issuer, audience)
    except jwt.PyJWTError as error:
        raise NotSignedIn(f"the token is not good: {type(error).__name__}", code="invalid_token") from None


def _by_any(token: str, keys: list[jwt.PyJWK], issuer: str | None, audience: str | None) -> dict[str, Any]:
    last: jwt.PyJWTError = jwt.InvalidSignatureError("signed by nobody who is known")
    options: Any = {"verify_aud": audience is not None, "require": ["exp"]}
    for key in keys:
        try:
            return jwt.decode(token, key, list(_ALGORITHMS), options=options, issuer=issuer, audience=audience)
        except jwt.InvalidSignatureError as error:
            last = error
    raise last
