"""What a pattern found in a step, in the shape of Cucumber Messages (``stepMatchArguments``).

How the groups of an expression lie in each other is read once an expression; a step then costs two look-ups a group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

Tree = tuple[int, tuple[Any, ...]]
"""The number of a capture group, and the trees of the groups within it."""

Shape = tuple[int, tuple[Tree, ...], str | None]
"""A parameter: its group, the groups within it, and the name of its parameter type."""

_SIGNS: Final = re.compile(
    r"""
    \\.                                  # an escaped sign
    | \[\^?\]?(?:\\.|[^\]\\])*\]         # a class; a bracket at its start belongs to it
    | (?P<comment>\(\?\#[^)]*\))
    | (?P<condition>\(\?\([^)]*\))       # (?(1)yes|no): opens a group that captures nothing
    | (?P<quiet>\(\?(?!P<))              # (?: (?= (?! (?<= (?<! (?> (?i: and (?P=name)
    | (?P<open>\()
    | (?P<close>\))
    """,
    re.VERBOSE | re.DOTALL,
)
_REMARK: Final = re.compile(r"(\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?\#[^)]*\))|\#[^\n]*", re.DOTALL)


def trees(regex: re.Pattern[str]) -> tuple[Tree, ...]:
    """The capture groups of an expression, each with those within it."""
    pattern = regex.pattern
    if regex.flags & re.VERBOSE:
        pattern = _REMARK.sub(lambda found: found[1] or "", pattern)
    stack: list[tuple[int, list[Tree]]] = [(0, [])]
    count = 0
    for sign in _SIGNS.finditer(pattern):
        kind = sign.lastgroup
        if kind == "open":
            count += 1
            stack.append((count, []))
        elif kind in {"quiet", "condition"}:
            # What lies within belongs to the group around it.
            stack.append((0, stack[-1][1]))
        elif kind == "close":
            number, inner = stack.pop()
            if number:
                stack[-1][1].append((number, tuple(inner)))
    if count != regex.groups:  # x in the flags of a part of it, and a comment with a bracket there
        return tuple((number, ()) for number in range(1, regex.groups + 1))
    return tuple(stack[0][1])


def arguments(found: re.Match[str], shapes: Sequence[Shape]) -> list[dict[str, Any]]:
    """The arguments of a step that an expression of these shapes matched.

    Places count in UTF-16 units, as in JavaScript, where the reports that read them run.
    """
    made: list[dict[str, Any]] = []
    for number, inner, name in shapes:
        start = found.start(number)
        group: dict[str, Any] = {} if start < 0 else {"start": start, "value": found[number]}
        if inner:
            group["children"] = _children(found, inner)
        made.append({"group": group} if name is None else {"group": group, "parameterTypeName": name})
    if not found.string.isascii():
        _in_utf16((each["group"] for each in made), found.string)
    return made


def _children(found: re.Match[str], inner: Iterable[Tree]) -> list[dict[str, Any]]:
    groups = []
    for number, deeper in inner:
        start = found.start(number)
        group: dict[str, Any] = {} if start < 0 else {"start": start, "value": found[number]}
        if deeper:
            group["children"] = _children(found, deeper)
        groups.append(group)
    return groups


def of_groups(found: re.Match[str], numbers: Iterable[int]) -> list[dict[str, Any]]:
    """The arguments of a step that are these groups of a match, in this order; each took part in it."""
    made = [{"group": {"start": found.start(number), "value": found[number]}} for number in numbers]
    if not found.string.isascii():
        _in_utf16((each["group"] for each in made), found.string)
    return made


def of_spans(text: str, spans: Iterable[tuple[int, int]]) -> list[dict[str, Any]]:
    """The arguments of a step of which only the places are known."""
    made = [{"group": {"start": start, "value": text[start:end]}} for start, end in sorted(spans)]
    if not text.isascii():
        _in_utf16((each["group"] for each in made), text)
    return made


def _in_utf16(groups: Iterable[dict[str, Any]], text: str) -> None:
    beyond = [place for place, sign in enumerate(text) if sign > "\uffff"]
    if not beyond:
        return
    for group in _all(groups):
        if "start" in group:
            group["start"] += sum(place < group["start"] for place in beyond)


def _all(groups: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for group in groups:
        yield group
        yield from _all(group.get("children", ()))
