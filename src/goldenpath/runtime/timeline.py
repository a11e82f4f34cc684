"""The bus on which a run's events go, and the writer that keeps them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, BinaryIO, Final

import msgspec

from goldenpath.domain.redaction import Redactor
from goldenpath.domain.timeline import Event, kind_of
from goldenpath.store.runs import RunFolder

Listener = Callable[[Event], None]


def now() -> str:
    """This instant, ISO 8601 in UTC, to the microsecond, of fixed width so that texts sort as times do."""
    return instant(time.time_ns())


def instant(nanoseconds: int) -> str:
    """An instant, given in nanoseconds since 1970, in the words of ``now``."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    # A fifth of the time that a format of ``06`` takes.
    return f"{_second(seconds)}.{str(rest // 1000).zfill(6)}+00:00"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


class Bus:
    """Tells every listener of every event, in order. Producers do not know who listens."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Have ``listener`` called with each later event."""
        self._listeners.append(listener)

    def emit(self, event: Event) -> None:
        """Tell of an event."""
        for listener in self._listeners:
            listener(event)


class TimelineWriter:
    """Writes events to the run's folder: one JSON object a line, whole lines at a time."""

    def __init__(self, folder: RunFolder, redactor: Redactor) -> None:
        self._folder = folder
        self._redactor = redactor
        self._events: list[Event] = []
        self._part: BinaryIO | None = None

    @property
    def is_open(self) -> bool:
        """Whether this process writes to the run's folder."""
        return self._part is not None

    def open(self) -> bool:
        """Make the run's folder; whether this process is the run's first."""
        first = self._folder.open()
        self._part = self._folder.part.open("ab")
        return first

    def write(self, event: Event) -> None:
        """Keep an event for the next flush."""
        self._events.append(event)

    def flush(self) -> None:
        """Write what was kept. A secret of this scenario that was learnt after an event is masked in it now."""
        if self._events and self._part is not None:
            lines = [_line(event) for event in self._events]
            if self._redactor.has_fresh:
                lines = [_masked(line, self._redactor.fresh) for line in lines]
            self._part.write(b"".join(lines))
            self._part.flush()
            self._events.clear()

    def close(self) -> None:
        """Write what is left and let go of the folder."""
        self.flush()
        if self._part is not None:
            self._part.close()
            self._part = None
        self._folder.leave()


_encode: Final = msgspec.json.Encoder().encode


def _line(event: Event) -> bytes:
    """The event as a line: what ``as_record`` gives, without that detour."""
    cls = type(event)
    start = _STARTS.get(cls)
    if start is None:
        start = _STARTS[cls] = f'{{"event":"{kind_of(cls)}",'.encode()
    try:
        return start + _encode(event)[1:] + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair, from a text that somebody tried: as an escape
        return json.dumps(event.as_record()).encode() + b"\n"


_STARTS: Final[dict[type[Event], bytes]] = {}


_FREE: Final = frozenset({"command", "message", "name", "payload", "reason", "rejected", "row", "text"})
"""The fields of events whose texts people or the product wrote. The others say which scenario and what became of it: a
secret may be a word that stands there too, and a scenario with a mark in its id is another scenario."""


def _masked(line: bytes, mask: Callable[[str], str]) -> bytes:
    text = line.decode()
    if mask(text) == text:
        return line
    # json, not msgspec, which refuses the escape of half a surrogate pair
    record = {key: _mask(value, mask) if key in _FREE else value for key, value in json.loads(text).items()}
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _mask(value: Any, mask: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [_mask(item, mask) for item in value]
    if isinstance(value, dict):
        return {mask(key): _mask(item, mask) for key, item in value.items()}
    return value
