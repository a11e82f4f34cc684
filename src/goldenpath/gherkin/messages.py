"""Cucumber Messages of a feature file: https://github.com/cucumber/messages.

Ids follow from what they stand for, so that two runs, or two processes of one run, write the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

import msgspec

from goldenpath.domain.errors import FeatureProblem

PLAIN: Final = "text/x.cucumber.gherkin+plain"
MARKDOWN: Final = "text/x.cucumber.gherkin+markdown"

_ENCODER: Final = msgspec.json.Encoder()


def id_of(what: str) -> str:
    """The id of what has this name among all of a run: 16 hex digits."""
    return blake2b(what.encode(), digest_size=8).hexdigest()


def source(uri: str, text: str, media_type: str) -> bytes:
    """The line of a source message.

    Args:
        uri: The file.
        text: What is in it, line ends as they are.
        media_type: ``PLAIN`` or ``MARKDOWN``.
    """
    return _lines([{"source": {"uri": uri, "data": text, "mediaType": media_type}}])


def compiled(uri: str, document: Mapping[str, Any], pickles: Iterable[Mapping[str, Any]]) -> bytes:
    """The lines of the gherkinDocument and of its pickles, both as gherkin-official gives them.

    A pickle's line begins with its id, so that it is found without reading the others as JSON.
    """
    told = ({"pickle": {"id": pickle["id"], **pickle}} for pickle in pickles)
    return _lines([{"gherkinDocument": {**document, "uri": uri}}, *told])


def parse_errors(problems: Iterable[FeatureProblem]) -> bytes:
    """The lines of one parseError for each problem."""
    return _lines(map(_parse_error, problems))


def _parse_error(problem: FeatureProblem) -> dict[str, Any]:
    location = dict(_location(problem))
    return {"parseError": {"source": {"uri": problem.uri, "location": location}, "message": problem.message}}


def _location(problem: FeatureProblem) -> Iterator[tuple[str, int]]:
    yield "line", problem.line
    if problem.column:
        yield "column", problem.column


def _lines(envelopes: Iterable[Any]) -> bytes:
    return _ENCODER.encode_lines(envelopes)
