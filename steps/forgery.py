"""What a thief may come with: sign-ins that the product never gave.

Made from a sign-in of the product's, so that nothing but the forgery is wrong with them (RFC 8725, 2).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from goldenpath.ports.auth import Grant

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


def _open(token: str) -> list[dict[str, Any]]:
    """The header and the claims of a JWT, without a look at its signature (RFC 7515, 3)."""
    return [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in token.split(".")[:2]]


def _close(*parts: dict[str, Any]) -> str:
    """A header and claims as the first two parts of a JWT."""
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)


@cache
def _thiefs_key() -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def made_by_thief(grant: Grant) -> str:
    """The same words under a seal of the thief's own."""
    import jwt

    header, claims = _open(grant.access_token)
    return jwt.encode(claims, _thiefs_key(), algorithm="RS256", headers=header)


def seal_taken_off(grant: Grant) -> str:
    """The same words, said to need no seal (RFC 7518, 3.6: ``none``)."""
    header, claims = _open(grant.access_token)
    return _close(header | {"alg": "none"}, claims) + "."


def _altered(grant: Grant, **changes: object) -> str:
    header, claims = _open(grant.access_token)
    return f"{_close(header, claims | changes)}.{grant.access_token.rsplit('.', 1)[1]}"


def another_name(grant: Grant) -> str:
    """Another's name under the seal that was given for the first."""
    return _altered(grant, sub="mallory", email="mallory@example.com")


def more_time(grant: Grant) -> str:
    """A longer life under the seal that was given for a shorter one."""
    return _altered(grant, exp=_open(grant.access_token)[1]["exp"] + 86400)


FORGERIES: dict[str, Callable[[Grant], str]] = {
    "a sign-in that Mallory made": made_by_thief,
    "Ada's sign-in with the seal taken off": seal_taken_off,
    "Ada's sign-in with Mallory's name in it": another_name,
    "Ada's sign-in with more time written in": more_time,
    "Ada's pass for carrying on": lambda grant: grant.refresh_token or "",
    "nothing at all": lambda _grant: "",
}
"""What Mallory comes with, by the words of the features; each is made from Ada's sign-in."""
