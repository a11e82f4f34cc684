"""Passwords as they are kept: salted and hashed by scrypt (RFC 7914), never as they were written."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cache
from typing import Final

COST: Final = 2**4
"""scrypt's N. Far below what keeps real passwords (OWASP: 2**17): a run makes hundreds, of nobody's."""

_BLOCK: Final = 8
_LANES: Final = 1


def hashed(password: str) -> str:
    """The text to keep: parameters, salt and hash."""
    salt = secrets.token_bytes(16)
    return f"scrypt${COST}${_BLOCK}${_LANES}${salt.hex()}${_derive(password, salt, COST, _BLOCK, _LANES).hex()}"


def fits(password: str, kept: str) -> bool:
    """Whether it is the password that was kept; takes as long either way."""
    _, cost, block, lanes, salt, digest = kept.split("$")
    derived = _derive(password, bytes.fromhex(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(derived, bytes.fromhex(digest))


@cache
def nobodys() -> str:
    """A hash that no password fits: for an unknown account the same work is done as for a known one."""
    return hashed(secrets.token_urlsafe(32))


def _derive(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    # What a client sends may hold half a surrogate pair: it is a wrong password, no error.
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, n=cost, r=block, p=lanes)
