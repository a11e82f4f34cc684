"""What a format of the ``parse`` library finds in a text, at a third of what the library itself takes for it.

The library's own expression matches and its own converters convert; what is left out is the result object, with its
nested names and places, of which a step needs the values alone. A format that needs more is left to the library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple

Converter = Callable[[Any, re.Match[str]], Any]

_INSIDE: Final = attrgetter("_fixed_fields", "_named_fields", "_group_to_name_map", "_type_conversions", "_match_re")


class Fields(NamedTuple):
    """What was found: as much of the library's ``Result`` as a step asks for.

    Attributes:
        named: The values by name.
        match: Of the whole text.
        parts: The numbers of the groups that are fields, in the order of the format.
    """

    named: Mapping[str, Any]
    match: re.Match[str]
    parts: Sequence[int]

    @property
    def spans(self) -> Mapping[int, tuple[int, int]]:
        """Where the fields stand in the text."""
        return {number: self.match.span(number) for number in self.parts}


class FieldReader:
    """Matches texts with an expression of the library's, and makes the values of its fields.

    Args:
        match: Matches the whole text.
        fields: Of each field its name, its group, and what makes its value, if not the text itself.
    """

    __slots__ = ("_fields", "_match", "_parts")

    def __init__(
        self, match: Callable[[str], re.Match[str] | None], fields: Sequence[tuple[str, int, Converter | None]]
    ) -> None:
        self._match = match
        self._fields = fields
        self._parts = tuple(sorted(group for _, group, _ in fields))

    def parse(self, text: str) -> Fields | None:
        """The fields of a text; None where it does not match.

        Raises:
            Exception: What a converter raises.
        """
        match = self._match(text)
        if match is None:
            return None
        named = {
            name: match[group] if convert is None else convert(match[group], match)
            for name, group, convert in self._fields
        }
        return Fields(named, match, self._parts)


def reader_of(parser: Any) -> FieldReader | None:
    """A reader that finds what ``parser.parse`` would; None where only the library can tell.

    That is so for fields without a name or with ``[...]`` in it, and for a library that is built otherwise than that
    of today.

    Args:
        parser: A ``parse.Parser``.
    """
    library = _library().Parser
    if not isinstance(parser, library) or any(
        getattr(type(parser), name) is not getattr(library, name) for name in ("parse", "evaluate_result")
    ):
        return None
    try:
        unnamed, named, names, conversions, regex = _INSIDE(parser)
    except AttributeError:
        return None
    if unnamed:
        return None
    fields = [(names[group], regex.groupindex[group], _quick(conversions.get(group))) for group in named]
    return None if any("[" in name for name, _, _ in fields) else FieldReader(regex.match, fields)


def _library() -> Any:
    import parse

    return parse


def _quick(convert: Converter | None) -> Converter | None:
    """The same converter; that of ``{count:d}`` with a shorter way for what is digits and nothing else."""
    if type(convert) is not _library().int_convert or getattr(convert, "base", 0) is not None:
        return convert
    whole: Final[Any] = convert

    def number(text: str, match: re.Match[str]) -> int:
        return int(text) if text.isdecimal() else whole(text, match)

    return number
