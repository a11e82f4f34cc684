"""Lines that were meant as keywords and, by a slip, are read as description: their steps would be lost in silence.

Gherkin takes any line below ``Feature:`` or ``Scenario:`` that begins with no keyword for description. What is told
here is only what can hardly be meant so: ``Scenaro: ...``, and ``Whn ...`` right above a step. English alone is
looked at, since what is a word and what is a slip differs with the language. In Markdown all is prose that is no
keyword: there the headings are looked at, and the bullets beside steps.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

from goldenpath.gherkin.messages import MARKDOWN
from goldenpath.gherkin.parsing import refusal

_ALIKE: Final = 0.8
_TITLES: Final = ("Scenario", "Scenario Outline", "Scenario Template", "Background")
_STEPS: Final = ("Given", "When", "Then")
_WORDS: Final = frozenset({"the", "give", "gives", "hen", "wen"})
"""Words of English that are like a keyword."""

_KEYWORDS: Final = tuple(f"{title}:" for title in _TITLES)
_HEADING: Final = re.compile(r"\s*#{1,6}\s+(.*)")
_BULLET: Final = re.compile(r"\s*[*+-]\s*(.*)")
_TITLE: Final = re.compile(r"(\w+(?: \w+)?):(?:\s|$)")


def refuse(feature: Mapping[str, Any], text: str, uri: str, media_type: str) -> None:
    """Refuse a feature in which a misspelt keyword hides a scenario or a step.

    Args:
        feature: The ``feature`` of gherkin-official's document.
        text: The file, with line feeds only.
        uri: The file, for the error.
        media_type: ``messages.PLAIN`` or ``messages.MARKDOWN``.

    Raises:
        FeatureError: There is one; ``where`` is its line.
    """
    if feature["language"] != "en":
        return
    found = _in_prose if media_type == MARKDOWN else _in_descriptions
    lines = text.split("\n")
    for number, meant in found(feature, lines):
        said = f'"{lines[number].strip()}" is read as description, and what it says would not run'
        raise refusal(said, uri, number + 1, f'write "{meant}", or the description in other words')


def _in_descriptions(feature: Mapping[str, Any], lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The lines of descriptions, counted from 0, that were meant as a keyword, and as which."""
    for node, steps in _described(feature):
        for number in _numbers(lines, node["description"], node["location"]["line"]):
            line = lines[number].strip()
            if meant := _title(line) or (_step(line) if steps and _is_right_above(lines, number, steps) else ""):
                yield number, meant


def _in_prose(feature: Mapping[str, Any], lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The headings of Markdown, and the bullets beside steps, that were meant as a keyword, and as which."""
    steps = {number: step for step in _steps(feature) for number in _lines_of(step)}
    for number, line in enumerate(lines):
        if number in steps:
            continue
        heading, bullet = _HEADING.match(line), _BULLET.match(line)
        if heading and (meant := _title(heading[1])) and not heading[1].startswith(_KEYWORDS):
            yield number, meant
        if bullet and _is_beside(lines, number, steps) and (meant := _step(bullet[1])):
            yield number, meant


def _steps(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from node.get("steps", ())
    for child in node.get("children", ()):
        for inner in child.values():
            yield from _steps(inner)


def _lines_of(step: Mapping[str, Any]) -> Iterator[int]:
    """Where a step and its doc string stand, counted from 0: a doc string may look like anything."""
    yield step["location"]["line"] - 1
    if docstring := step.get("docString"):
        first = docstring["location"]["line"] - 1
        yield from range(first, first + docstring["content"].count("\n") + 3)


def _is_beside(lines: Sequence[str], number: int, steps: Container[int]) -> bool:
    """Whether a line is in one list with a step: no blank line is between them."""
    for way in (-1, 1):
        at = number + way
        while 0 <= at < len(lines) and lines[at].strip():
            if at in steps:
                return True
            at += way
    return False


def _described(node: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], int]]:
    """What has a description, and the line of its first step; 0 where it has none."""
    if node["description"]:
        yield node, min((step["location"]["line"] for step in node.get("steps", ())), default=0)
    for child in node.get("children", ()):
        for inner in child.values():
            yield from _described(inner)


def _numbers(lines: Sequence[str], description: str, start: int) -> Iterator[int]:
    """Where the lines of a description stand, counted from 0."""
    for written in filter(None, map(str.strip, description.splitlines())):
        found = next((at for at in range(start, len(lines)) if lines[at].strip() == written), None)
        if found is not None:
            yield found
            start = found + 1


def _is_right_above(lines: Sequence[str], number: int, step: int) -> bool:
    return all(line.strip() for line in lines[number : step - 1])


def _title(line: str) -> str:
    found = _TITLE.match(line)
    if found is None:
        return ""
    word = found[1].casefold()
    for title in _TITLES:
        keyword = title.casefold()
        if word == keyword + "s" or (word == keyword == "background"):
            return ""
        if _are_alike(word, keyword):
            return f"{title}:"
    return ""


def _step(line: str) -> str:
    word = line.partition(" ")[0].casefold().rstrip(":,")
    if word in _WORDS:
        return ""
    return next((keyword for keyword in _STEPS if _are_alike(word, keyword.casefold())), "")


def _are_alike(word: str, keyword: str) -> bool:
    return sorted(word) == sorted(keyword) or SequenceMatcher(None, word, keyword).ratio() >= _ALIKE
