"""What went into an operation and came out of it, as the timeline keeps it: plain, without secrets, and short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from enum import Enum
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from goldenpath.domain.redaction import Redactor

LONGEST_TEXT: Final = 500
"""Characters that are kept of a text."""

LONGEST_READ: Final = 20_000
"""Characters of a text that are searched for secrets; what comes after them is never kept."""

MOST_ITEMS: Final = 50
"""Items that are kept of a list or mapping."""

DEEPEST: Final = 6
"""Levels of lists and mappings that are kept."""


def payload(value: Any, redactor: Redactor, key: str = "", depth: int = 0) -> Any:
    """A value as JSON can hold it; dataclasses become mappings, and what cannot be read by people its type's name.

    Args:
        value: Anything.
        redactor: Knows the secrets of the run, and learns those of this value.
        key: Under which key, or as the answer of which operation, the value stands.
        depth: How many levels are around it.
    """
    cls: type = type(value)
    if cls is str:
        return _short(redactor.value(value[:LONGEST_READ], key))
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return payload(value.value, redactor, key, depth)
    if isinstance(value, str):
        return payload(str(value), redactor, key, depth)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value)} bytes)"
    names = _field_names(cls)
    if depth == DEEPEST:
        return "..."
    if names is not None:
        return {name: payload(getattr(value, name), redactor, name, depth + 1) for name in names[:MOST_ITEMS]}
    if isinstance(value, Mapping):
        items = islice(value.items(), MOST_ITEMS)
        return {str(name): payload(item, redactor, str(name), depth + 1) for name, item in items}
    if isinstance(value, Sequence | Set):
        return [payload(item, redactor, key, depth + 1) for item in islice(value, MOST_ITEMS)]
    return f"({cls.__name__})"


@lru_cache(maxsize=256)
def _field_names(cls: type) -> tuple[str, ...] | None:
    """The fields of a dataclass; None for any other class."""
    return tuple(each.name for each in fields(cls)) if is_dataclass(cls) else None


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}... (cut)"
