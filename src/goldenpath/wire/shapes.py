"""What a port's values are made of, and how their fields come from what a service says.

Ids may be numbers, times RFC 3339 or seconds since 1970, lists one text with blanks: these are the simple conversions
that need no word. What a mapping's ``as`` may say besides is in ``WAYS``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from functools import cache
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from goldenpath.ports.agents import Run
from goldenpath.ports.auth import Claims, Grant, Session, User

_LACKING: Final[Mapping[type, Mapping[str, Any]]] = {
    User: {"email": "", "permissions": ()},
    Grant: {"refresh_token": None, "token_type": "Bearer", "expires_in": 0},
    Session: {"device": "", "current": False},
    Claims: {
        "iss": "",
        "aud": "",
        "iat": 0,
        "exp": 0,
        "jti": "",
        "sid": None,
        "email": None,
        "permissions": (),
        "token_type": "",
    },
    Run: {"prompt": ""},
}
"""Fields that a product may do without, and what they are then. Steps that look at them fail: nothing is made up."""

_TYPES: Final[Mapping[Any, str]] = {str: "a text", int: "a whole number", bool: "true or false", datetime: "a time"}


class Unfit(ValueError):
    """A value that is not of the kind that a field needs; the message never holds the value."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a port's value.

    Attributes:
        name: As the port calls it.
        kind: Its Python type, without None; ``tuple`` for texts.
        needed: Whether a mapping must say where it comes from.
        default: What it is where a service does not say.
        inner: The class of a value within a value, as ``Grant.user``.
    """

    name: str
    kind: Any
    needed: bool
    default: Any
    inner: type | None = None


@cache
def fields_of(shape: type) -> Mapping[str, Field]:
    """The fields of a port's value, by name."""
    hints, lacking = get_type_hints(shape), _LACKING.get(shape, {})
    found = {}
    for each in fields(shape):
        kind, may_be_none = _without_none(hints[each.name])
        default = lacking.get(each.name, each.default if each.default is not MISSING else None)
        needed = not (may_be_none or each.name in lacking or each.default is not MISSING)
        inner = kind if hasattr(kind, "__dataclass_fields__") else None
        found[each.name] = Field(each.name, get_origin(kind) or kind, needed, default, inner)
    return found


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in {UnionType, Union}:
        left = [each for each in get_args(hint) if each is not type(None)]
        return left[0], True
    return hint, False


def converted(value: object, kind: Any, way: str | None = None) -> Any:
    """A value as a field of a port needs it.

    Args:
        value: What the service said.
        kind: See ``Field``.
        way: A word of ``WAYS``; None for what is evident.

    Raises:
        Unfit: It cannot be that.
    """
    if way is not None:
        value = WAYS[way](value)
    return _EVIDENT[kind](value) if kind in _EVIDENT else value


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Unfit(f"a text is needed, and it is {said(value)}")


def _as_whole(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Unfit(f"a whole number is needed, and it is {said(value)}")


def _as_flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Unfit(f"true or false is needed, and it is {said(value)}")


def _as_texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split()
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise Unfit(f"a list of texts, or one text with blanks, is needed, and it is {said(value)}")


def _as_instant(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _epoch(value)
    if isinstance(value, str):
        moment = _written(value)
        if moment.tzinfo is None:
            raise Unfit('a time with a zone is needed, and it has none; as = "utc" says that it is UTC')
        return moment
    raise Unfit(f"a time (RFC 3339, or seconds since 1970) is needed, and it is {said(value)}")


def _written(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise Unfit(f"a time (RFC 3339, or seconds since 1970) is needed, and it is {said(value)}") from None


def _epoch(value: object, unit: float = 1.0) -> datetime:
    try:
        number = float(value) * unit  # type: ignore[arg-type]  # what is no number is caught
        return datetime.fromtimestamp(number, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise Unfit(f"seconds since 1970 are needed, and it is {said(value)}") from None


def _utc(value: object) -> datetime:
    if not isinstance(value, str):
        return _as_instant(value)
    moment = _written(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _comma(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _left(value: object) -> int:
    return max(0, math.ceil((_as_instant(value) - datetime.now(UTC)).total_seconds()))


def said(value: object) -> str:
    """What kind of thing a service said, never the thing itself: it may be a secret."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"a text of {len(value)} characters" if value else "an empty text"
    names = {int: "a number", float: "a number", dict: "a table", list: "a list"}
    return names.get(type(value), type(value).__name__)


WAYS: Final[Mapping[str, Callable[[object], Any]]] = {
    "epoch": _epoch,
    "milliseconds": lambda value: _epoch(value, 0.001),
    "utc": _utc,
    "comma": _comma,
    "seconds_until": _left,
}
"""What ``as`` may say: seconds or milliseconds since 1970; a time without a zone that is UTC; a text with commas; a
moment for which the port has the seconds that are left."""

_EVIDENT: Final[Mapping[Any, Callable[[object], Any]]] = {
    str: _as_text,
    int: _as_whole,
    bool: _as_flag,
    tuple: _as_texts,
    datetime: _as_instant,
}
