"""Texts with places in braces, as ``{email}`` or ``{found.token_endpoint}``, and what they are filled with.

A text that is nothing but one place becomes the value itself: a number stays a number, a tuple a list. What has no
value is left out, together with its key. Two braces stand for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Lookup = Callable[[str], object]
"""Gives the value of a place by its name; None where it has none."""

_PLACE: Final = re.compile(r"\{\{|\}\}|\{(?P<name>[A-Za-z_]\w*(?:\.[\w.-]+)?)\}|[{}]")


class IllFormed(ValueError):
    """A brace that opens or closes nothing."""


def places(value: object) -> Iterator[str]:
    """The names of all places in a text, or in the texts of a table or a list.

    Raises:
        IllFormed: A brace stands alone.
    """
    if isinstance(value, str):
        for found in _PLACE.finditer(value):
            if found[0] in "{}":
                raise IllFormed(f"a single {found[0]!r}; write two of them for the sign itself")
            if found["name"]:
                yield found["name"]
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from places(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from places(each)


def filled(value: Any, lookup: Lookup) -> Any:
    """A value with every place filled; None where the text has a place without a value."""
    if isinstance(value, str):
        return _text(value, lookup)
    if isinstance(value, Mapping):
        pairs = ((key, each, filled(each, lookup)) for key, each in value.items())
        return {key: new for key, _, new in pairs if new is not None}
    if isinstance(value, list | tuple):
        return [new for each in value if (new := filled(each, lookup)) is not None]
    return value


def _text(text: str, lookup: Lookup) -> object:
    whole = _PLACE.fullmatch(text)
    if whole and whole["name"]:
        found = lookup(whole["name"])
        return list(found) if isinstance(found, tuple) else found
    values = {name: lookup(name) for name in places(text)}
    if any(each is None for each in values.values()):
        return None
    return _PLACE.sub(lambda found: plain(values[found["name"]]) if found["name"] else found[0][0], text)


def plain(value: object) -> str:
    """A value within a text: lists blank-separated, as scopes are (RFC 6749, 3.3)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return str(value)
