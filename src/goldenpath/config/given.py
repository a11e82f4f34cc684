"""One value that was given somewhere, and what it can be read as; every error says where it was given."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from goldenpath.config.file import nearest
from goldenpath.config.options import option
from goldenpath.domain.errors import SettingsError

_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Given:
    """A value and where it was given."""

    value: Any
    where: str


def check_choice(what: str, given: Given, choices: Iterable[str]) -> None:
    """Let nothing pass that is none of the choices.

    Raises:
        SettingsError: It is none; the one that was probably meant is named.
    """
    known = tuple(choices)
    if given.value not in known:
        raise SettingsError(
            f"there is no {what} {given.value!r}{nearest(str(given.value), known)}",
            where=given.where,
            try_next=f"one of: {', '.join(known)}",
        )


def seconds_of(given: Given | None, default: float) -> float:
    """A number of seconds above 0.

    Raises:
        SettingsError: It is none.
    """
    if given is None:
        return default
    try:
        seconds = float(given.value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise SettingsError(f"expected a number of seconds above 0, got {given.value!r}", where=given.where)
    return seconds


def list_of(given: Given | None) -> list[Any]:
    """A list as it is, or the parts of a variable, which are separated by commas."""
    if given is None:
        return []
    if isinstance(given.value, str):
        return [part.strip() for part in given.value.split(",") if part.strip()]
    return list(given.value)


def count_of(given: Given | None) -> int:
    """A whole number from 0, which it is where nothing was given.

    Raises:
        SettingsError: It is none.
    """
    if given is None:
        return 0
    try:
        count = int(given.value)
    except ValueError:
        count = -1
    if count < 0:
        raise SettingsError(f"expected a whole number from 0, got {given.value!r}", where=given.where)
    return count


def text_of(given: Given | None) -> str | None:
    """A text, or None where nothing was given."""
    return None if given is None else str(given.value)


def switch_of(given: Given | None) -> bool:
    """Yes or no, in the words that variables have for it; ``CI`` may hold any word for yes.

    Raises:
        SettingsError: It is neither.
    """
    if given is None:
        return False
    word = str(given.value).lower()
    if given.where == option("ci").env and word not in _NO:
        return True
    if word not in _YES | _NO:
        raise SettingsError(f"expected true or false, got {given.value!r}", where=given.where)
    return word in _YES
