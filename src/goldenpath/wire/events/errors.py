"""What is said where a gateway and its mapping do not agree."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from goldenpath.domain.errors import (
    Conflict,
    GoldenPathError,
    Invalid,
    NotFound,
    NotSignedIn,
    ServiceUnavailable,
)
from goldenpath.domain.redaction import Redactor

SHOWN: Final = 300
"""Characters of a message that an error shows."""

_REFUSALS: Final = {"not_signed_in": NotSignedIn, "not_found": NotFound, "invalid": Invalid, "conflict": Conflict}


def refusal(word: str, message: str, code: str = "") -> GoldenPathError:
    """The error of the port that a word of the settings names."""
    if word == "unavailable":
        return ServiceUnavailable("events", message)
    return _REFUSALS[word](message, code=code)


def unreadable(what: str, message: Any, key: str) -> GoldenPathError:
    """A message is not as the mapping says.

    Args:
        what: What is wrong with it.
        message: The message, or as much of it as there is.
        key: The setting to look at, below ``services.events``.
    """
    said = f"an event cannot be read: {what}; it was {shown(message)}"
    return GoldenPathError(said, where=f"services.events.{key}", try_next=f"mend [services.events] {key}")


def not_derived(field: str, why: str) -> GoldenPathError:
    """A field that the gateway does not say cannot be found otherwise, either."""
    return GoldenPathError(
        f"the gateway does not say the {field} of an event, and {why}",
        where=f"services.events.envelope.{field}",
        try_next=f'say where it is: [services.events.envelope] {field} = "..."',
    )


def shown(message: Any) -> str:
    """A message for people: without its secrets, and short."""
    redactor = Redactor()
    if isinstance(message, bytes):
        message = message[: 4 * SHOWN].decode(errors="replace")
    if isinstance(message, str):
        text = message[: 4 * SHOWN]
    else:
        text = json.dumps(redactor.value(message), default=str, ensure_ascii=False)
    text = redactor.text(text)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)"


def has(message: Any) -> str:
    """What a message has, for who looks for something else in it."""
    if isinstance(message, Mapping):
        return f"it has {', '.join(sorted(map(str, message))) or 'nothing'}"
    return f"it is of the type {type(message).__name__}"
