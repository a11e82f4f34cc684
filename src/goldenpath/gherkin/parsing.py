"""From the bytes of a feature file to gherkin-official's syntax tree, with errors in the words of the file."""

from __future__ import annotations

import re
from typing import Any, Final

from gherkin.errors import CompositeParserException, ParserException
from gherkin.token_matcher_markdown import GherkinInMarkdownTokenMatcher

from goldenpath.domain.errors import FeatureError, FeatureProblem
from goldenpath.gherkin.messages import MARKDOWN, id_of
from goldenpath.gherkin.official import NodeIds, QuickMatcher, QuickParser, Tree

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def refusal(message: str, uri: str, line: int, try_next: str, column: int | None = None) -> FeatureError:
    """The error of a file that parses and yet says something that cannot be meant.

    Args:
        message: What is wrong, as a sentence without a final stop.
        uri: The file.
        line: Where, from 1.
        try_next: What to do about it.
        column: Where, from 1, if that says more.
    """
    error = FeatureError(message, where=f"{uri}:{line}", try_next=try_next)
    error.problems = (FeatureProblem(uri, line, column, f"({line}:{column or 0}): {message}"),)
    return error


def decode(raw: bytes, uri: str) -> str:
    """The text of a file, its line ends as they are.

    Raises:
        FeatureError: It is not UTF-8; ``where`` is the first line that is not.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        seen = "it looks like UTF-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else f"byte 0x{raw[error.start]:02x}"
        raise refusal(f"the file is not UTF-8 ({seen})", uri, line, "save the file as UTF-8") from None


def lines_of(text: str, uri: str) -> str:
    """The text with every line end made a line feed, as the parser needs it.

    Raises:
        FeatureError: It has a control character; ``where`` is the line of the first.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise refusal(
            f"a control character stands here ({found[0]!r}): a terminal would obey it", uri, line, "take it out"
        )
    return text


def parse(text: str, uri: str, media_type: str) -> dict[str, Any]:
    """gherkin-official's syntax tree of a text.

    Args:
        text: The file, with line feeds only.
        uri: The file, for errors and ids.
        media_type: ``messages.PLAIN`` or ``messages.MARKDOWN``.

    Raises:
        FeatureError: It does not parse. The message has all syntax errors, ``where`` is the line of the first.
    """
    is_markdown = media_type == MARKDOWN
    matcher = GherkinInMarkdownTokenMatcher() if is_markdown else QuickMatcher()
    parser = QuickParser(Tree(NodeIds(id_of(uri))), first_signs_tell=not is_markdown)
    try:
        document: dict[str, Any] = {**parser.parse(text, matcher)}
    except CompositeParserException as error:
        raise _refused(error.errors, uri) from None
    except ParserException as error:
        raise _refused([error], uri) from None
    if "feature" in document:  # the first line of Markdown is a feature, also where it has no keyword
        document["feature"].setdefault("keyword", "")
    return document


def _refused(problems: list[ParserException], uri: str) -> FeatureError:
    found = [(problem.location["line"], _readable(str(problem))) for problem in problems]
    (line, (message, try_next)), rest = found[0], found[1:]
    lines = [message, *(f"line {further}: {also}" for further, (also, _) in rest)]
    error = FeatureError("\n  ".join(lines), where=f"{uri}:{line}", try_next=try_next)
    error.problems = tuple(
        FeatureProblem(uri, problem.location["line"], problem.location.get("column"), str(problem))
        for problem in problems
    )
    return error


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
