"""The ids in Cucumber Messages: what has one, and what refers to it (https://github.com/cucumber/messages)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

Envelope = dict[str, Any]
"""One message: an object with one key, which says what it is."""

Replace = Callable[[str, str, bool], str]
"""From what a thing is, its id, and whether this is the thing itself (else a reference), to the id to put there."""

_OWNERS: Final = {
    "gherkinDocument": "astNode",
    ("pickle", "steps"): "pickleStep",
    ("testCase", "testSteps"): "testStep",
}
"""Whose ``id`` it is, where it is not that of the message itself."""

_REFERENCE: Final = re.compile(r"(\w+)Ids?")


def replaced(envelope: Envelope, replace: Replace) -> Envelope:
    """The message with every id and every reference replaced; fields are visited in the order of their names."""
    return {kind: _walk(body, str(_OWNERS.get(kind, kind)), replace) for kind, body in envelope.items()}


def of(envelope: Envelope) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What a message brings in, and what it refers to, each as what it is and its id."""
    found: dict[bool, list[tuple[str, str]]] = {True: [], False: []}

    def note(what: str, id_: str, own: bool) -> str:
        found[own].append((what, id_))
        return id_

    replaced(envelope, note)
    return found[True], found[False]


def _walk(value: Any, owner: str, replace: Replace) -> Any:
    if isinstance(value, list):
        return [_walk(each, owner, replace) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _field(key, value[key], owner, replace) for key in sorted(value)}


def _field(key: str, value: Any, owner: str, replace: Replace) -> Any:
    if key == "id":
        return replace(owner, value, True)
    if reference := _REFERENCE.fullmatch(key):
        what = reference[1]
        return (
            [replace(what, each, False) for each in value] if isinstance(value, list) else replace(what, value, False)
        )
    return _walk(value, str(_OWNERS.get((owner, key), owner)), replace)
