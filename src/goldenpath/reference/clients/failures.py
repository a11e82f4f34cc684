"""What a server's refusal means: from its answer back to the error of the port."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

from goldenpath.domain.errors import (
    AccountLocked,
    Conflict,
    GoldenPathError,
    Invalid,
    NotFound,
    NotSignedIn,
    Refused,
    ServiceUnavailable,
    WrongCredentials,
)

LOST: Final = frozenset({502, 503, 504})
"""Answers of those in front of a service, or of the service itself, that it cannot be reached (RFC 9110, 15.6)."""

_OF_SECRETS: Final = frozenset({"invalid_credentials", "invalid_client"})
"""Codes of a 401 that is about a password or a program's secret, and not about a token."""

_KINDS: Final[dict[int, type[Refused]]] = {
    400: Invalid,
    403: Refused,
    404: NotFound,
    409: Conflict,
    413: Invalid,
    422: Invalid,
}


class Told(NamedTuple):
    """What the body of a refusal says; each is empty where it does not say."""

    code: str
    message: str
    service: str


def failure(service: str, status: int, body: bytes, retry_after: str | None = None) -> GoldenPathError:
    """The error behind an answer that is no success.

    Args:
        service: Who answered.
        status: The HTTP status.
        body: ``{"error": {"code", "message"}}``, or RFC 6749's ``{"error", "error_description"}``, or anything.
        retry_after: The header of that name.

    Returns:
        ``ServiceUnavailable`` for 502, 503 and 504; a ``Refused`` where the status has a meaning for the ports; the
        root of the tree for every other answer: the service is there, and is broken.
    """
    code, message, lost = told(body)
    said = message or f"{service} answered {status}"
    if status in LOST:
        return ServiceUnavailable(lost or service, said)
    if status == 429:
        return AccountLocked(said, retry_after=seconds_to_wait(retry_after), code=code)
    if status == 401:
        return (WrongCredentials if code in _OF_SECRETS else NotSignedIn)(said, code=code)
    if status in _KINDS:
        return _KINDS[status](said, code=code)
    return GoldenPathError(f"it answered {status}{f' {code}' if code else ''}: {said}", where=service)


def told(body: bytes) -> Told:
    """What the body of a refusal says, as far as it is in one of the two shapes."""
    try:
        error: Any = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return Told("", "", "")
    if isinstance(error, dict):
        return Told(*(str(error.get(name) or "") for name in Told._fields))
    return Told(str(error), str(json.loads(body).get("error_description", "")), "")


def seconds_to_wait(retry_after: str | None) -> float:
    """Seconds to wait (RFC 9110, 10.2.3); 0 where the answer does not say."""
    if not retry_after:
        return 0.0
    try:
        return float(retry_after)
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
