"""The words that every text of a pattern must contain, read from the pattern without compiling it.

A matcher that files each definition under one such word looks only at the definitions whose word stands in the text.
The words may be too few, never wrong: whatever is optional, repeated, alternative or glued to a parameter is left out.
"""

from __future__ import annotations

import re
from typing import Final

_GAP: Final = "\0"
"""Stands for any text, or none. No pattern contains it, and str.split does not break at it."""


def words(text: str) -> frozenset[str]:
    """The words of a text: what stands between blanks, without what touches a gap."""
    return frozenset(word for word in text.split() if _GAP not in word)


_PARSE_FIELD: Final = re.compile(r"{{|}}|{[\w-]*(?:\.[\w-]+|\[[^]]+])*(?::[^}]+)?}")


def of_parse_format(pattern: str) -> frozenset[str]:
    """The words of a format of the ``parse`` library; braces that it hands on to its regex leave none."""
    rest = _PARSE_FIELD.sub(_GAP, pattern)
    return frozenset() if "{" in rest or "}" in rest else words(rest)


_CUCUMBER_PART: Final = re.compile(r"\\.|{[^{}()/\\]*}|\((?:\\.|[^(){}\\])*\)")


def of_cucumber_expression(pattern: str) -> frozenset[str]:
    """The words of a Cucumber Expression; one that does not parse has none, so that each look-up finds it out."""
    rest = _CUCUMBER_PART.sub(_GAP, pattern)
    if any(sign in rest for sign in "{(\\"):
        return frozenset()
    return frozenset(word for word in words(rest) if "/" not in word)


def of_regex(pattern: str, flags: int = 0) -> frozenset[str]:
    """The words of a regular expression that must match the whole text."""
    if flags & re.VERBOSE or re.match(r"\(\?[aiLmsux]+\)", pattern):
        return frozenset()
    kept: list[str] = []
    at, depth = 0, 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\" and at + 1 < len(pattern):
            literal = not pattern[at + 1].isalnum()
            kept.append(pattern[at + 1] if literal and not depth else _GAP)
            at += 2
            continue
        if sign == "[":
            at = _end_of_class(pattern, at)
            kept.append(_GAP)
            continue
        if sign in "()":
            depth += 1 if sign == "(" else -1
            kept.append(_GAP)
        elif depth:
            pass
        elif sign == "|":
            return frozenset()
        elif sign in "*?{":
            kept[-1:] = [_GAP]
        elif sign in "+." or (sign == "^" and at) or (sign == "$" and at + 1 < len(pattern)):
            kept.append(_GAP)
        elif sign not in "^$":
            kept.append(sign)
        at += 1
    return words("".join(kept))


def _end_of_class(pattern: str, at: int) -> int:
    """The place behind a character class that begins here; a ``]`` at its start belongs to it."""
    at += 2 if pattern[at + 1 : at + 2] == "^" else 1
    at += 1 if pattern[at : at + 1] == "]" else 0
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1
