"""A feature file compiled anew: what is done where the cache has nothing. Its imports cost, so it is imported then."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from goldenpath.domain.errors import FeatureError
from goldenpath.gherkin import messages, slips
from goldenpath.gherkin.compiling import Pickles, SyntaxTree, tags_of
from goldenpath.gherkin.model import Compiled, Hollow
from goldenpath.gherkin.parsing import decode, lines_of, parse


def compiled(raw: bytes, uri: str, below: str) -> tuple[Compiled, bytes]:
    """Parse and compile a feature file, and write its messages: one JSON document a line.

    Args:
        raw: What is in it.
        uri: Its path relative to pytest's rootdir; its ending tells plain Gherkin from Markdown.
        below: Its path below the features root: the first part of its scenario ids.

    Raises:
        FeatureError: It is refused, with ``problems`` and ``envelopes``.
    """
    media_type = messages.MARKDOWN if uri.endswith(".md") else messages.PLAIN
    source = b""
    try:
        text = decode(raw, uri)
        source = messages.source(uri, text, media_type)
        text = lines_of(text, uri)
        value, lines = _compiled(parse(text, uri, media_type), text, uri, below, media_type)
    except FeatureError as error:
        error.envelopes = source + messages.parse_errors(error.problems)
        raise
    return value, source + lines


def _compiled(document: dict[str, Any], text: str, uri: str, below: str, media_type: str) -> tuple[Compiled, bytes]:
    feature = document.get("feature")
    if feature is None:
        nothing = Hollow(PurePath(uri).name, 1, "has no feature in it", is_scenario=False)
        return Compiled(uri, "", "", "en", "", (), 1, (), (nothing,)), messages.compiled(uri, document, ())
    slips.refuse(feature, text, uri, media_type)
    pickles = Pickles(document, SyntaxTree(feature, uri), below)
    value = Compiled(
        uri=uri,
        name=feature["name"],
        description=feature["description"].strip(),
        language=feature["language"],
        keyword=feature["keyword"],
        tags=tags_of(feature),
        line=feature["location"]["line"],
        pickles=tuple(pickles.runnable),
        hollow=tuple(pickles.hollow),
    )
    return value, messages.compiled(uri, document, pickles.messages)
