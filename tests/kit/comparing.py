"""Compares a stream of messages with one of the Cucumber Compatibility Kit.

The whole streams are compared, in order and in depth. What depends on machine, time or language is masked: that it is
there counts, what it says does not. These are ids (their references must lead to the same things), times and
durations, the contents of ``meta``, uris (one document must keep one uri), the locations of definitions, the messages,
types and stack traces of errors, and the language and code of snippets. Nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any, Final

from kit.ids import Envelope, replaced

_EVERYWHERE: Final = frozenset(("duration", "stackTrace", "timestamp"))
_BELOW: Final = {
    "sourceReference": {"location"},
    "testStepResult": {"message"},
    "result": {"message"},
    "testRunFinished": {"message"},
    "exception": {"message", "type"},
    "snippets": {"code", "language"},
}
_MOMENT: Final = {"seconds": int, "nanos": int}


def differences(ours: Iterable[Envelope], kits: Iterable[Envelope]) -> list[str]:
    """Where our stream is not the kit's, first things first; empty where it conforms."""
    ended: Envelope = {}
    pairs = zip_longest(comparable(ours), comparable(kits), fillvalue=ended)
    return [f"message {number}: {said}" for number, pair in enumerate(pairs, 1) for said in _different("", *pair)]


def comparable(stream: Iterable[Envelope]) -> list[Envelope]:
    """The stream with what may differ masked; ids and uris are numbered as they come."""
    numbers: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}

    def number(what: str, name: str, own: bool = True) -> str:
        if (what, name) not in numbers:
            counts[what] = counts.get(what, 0) + 1
            numbers[what, name] = f"<{what} {counts[what]}>"
        return numbers[what, name]

    def masked(value: Any, parent: str) -> Any:
        if isinstance(value, list):
            return [masked(each, parent) for each in value]
        if not isinstance(value, dict):
            return value
        return {key: field(key, value[key], parent) for key in sorted(value)}

    def field(key: str, value: Any, parent: str) -> Any:
        if key == "uri" and isinstance(value, str):
            return number("uri", value)
        if key in _EVERYWHERE or key in _BELOW.get(parent, ()):
            return _mask(key, value)
        return masked(value, key)

    return [{"meta": "<meta>"} if "meta" in envelope else masked(replaced(envelope, number), "") for envelope in stream]


def _mask(key: str, value: Any) -> Any:
    """A mark for a value of the right shape; a value of the wrong one stays, and is a difference."""
    if key in {"duration", "timestamp"}:
        fits = isinstance(value, dict) and {name: type(each) for name, each in value.items()} == _MOMENT
    else:
        fits = isinstance(value, dict if key == "location" else str)
    return f"<{key}>" if fits else value


def _different(path: str, ours: Any, kits: Any) -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(kits, dict):
        if not path and ours.keys() != kits.keys():
            yield f"ours is {_kind(ours)}, the kit's is {_kind(kits)}"
            return
        for key in sorted(ours.keys() | kits.keys()):
            yield from _different(f"{path}.{key}".lstrip("."), ours.get(key, _NOTHING), kits.get(key, _NOTHING))
    elif isinstance(ours, list) and isinstance(kits, list):
        for index, pair in enumerate(zip_longest(ours, kits, fillvalue=_NOTHING)):
            yield from _different(f"{path}[{index}]", *pair)
    elif type(ours) is not type(kits) or ours != kits:
        yield f"{path}: ours is {_short(ours)}, the kit's is {_short(kits)}"


class _Nothing:
    def __repr__(self) -> str:
        return "not there"


_NOTHING: Final = _Nothing()


def _kind(envelope: Envelope) -> str:
    return " and ".join(envelope) or "at its end"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
