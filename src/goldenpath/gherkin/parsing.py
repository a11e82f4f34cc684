"""From the bytes of a feature file to gherkin-official's syntax tree, with errors in the words of the file."""

from __future__ import annotations

import re
from typing import Any, Final

from goldenpath.domain.errors import FeatureError

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def decode(raw: bytes, uri: str) -> str:
    """The text of a file, every line end made a line feed.

    Raises:
        FeatureError: It is not UTF-8, or has a control character; ``where`` is the line of the first.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        seen = "it looks like UTF-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else f"byte 0x{raw[error.start]:02x}"
        raise FeatureError(
            f"the file is not UTF-8 ({seen})", where=f"{uri}:{line}", try_next="save the file as UTF-8"
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := _CONTROL.search(text):
        raise FeatureError(
            f"a control character stands here ({found[0]!r}): a terminal would obey it",
            where=f"{uri}:{text.count(chr(10), 0, found.start()) + 1}",
            try_next="take it out",
        )
    return text


def parse(text: str, uri: str) -> dict[str, Any]:
    """gherkin-official's syntax tree of a text.

    Raises:
        FeatureError: It does not parse. The message has all syntax errors, ``where`` is the line of the first.
    """
    from gherkin.errors import CompositeParserException, ParserException
    from gherkin.parser import Parser

    try:
        return dict(Parser().parse(text))
    except CompositeParserException as error:
        problems = error.errors
    except ParserException as error:
        problems = [error]
    found = [(problem.location["line"], _readable(str(problem))) for problem in problems]
    (line, (message, try_next)), rest = found[0], found[1:]
    lines = [message, *(f"line {further}: {also}" for further, (also, _) in rest)]
    raise FeatureError("\n  ".join(lines), where=f"{uri}:{line}", try_next=try_next)


_TOKENS: Final = {
    "#EOF": "the end of the file",
    "#Language": "a language",
    "#TagLine": "tags",
    "#FeatureLine": "Feature:",
    "#RuleLine": "Rule:",
    "#BackgroundLine": "Background:",
    "#ScenarioLine": "Scenario:",
    "#ExamplesLine": "Examples:",
    "#StepLine": "a step",
    "#DocStringSeparator": 'a doc string (""")',
    "#TableRow": "a table row",
}
_ADVICE: Final = {
    "inconsistent cell count": "give every row of the table as many cells as its first row",
    "Language not supported": "write a language that Gherkin has: https://cucumber.io/docs/gherkin/languages",
    "A tag may not contain whitespace": "write a blank between two tags, and none inside one",
    "Feature:": 'begin the file with "Feature: " and its name, and give each feature its own file',
    "expected a doc string": 'close the doc string with """ on a line of its own',
    "a step": "begin the step with Given, When, Then, And or But",
}


def _readable(message: str) -> tuple[str, str]:
    """The parser's message in the words of the file, and what to do about it."""
    message = message.partition("): ")[2] or message
    expected, comma, got = message.partition(", got '")
    if "expected: " in message:
        head, _, tokens = expected.partition("expected: ")
        names = [_TOKENS[token] for token in tokens.split(", ") if token in _TOKENS]
        choice = ", ".join(names[:-1]) + " or " + names[-1] if len(names) > 1 else "".join(names)
        message = f'expected {choice}, found "{got[:-1]}"' if comma else f"{head}expected {choice}"
    return message, next((advice for part, advice in _ADVICE.items() if part in message), "")
