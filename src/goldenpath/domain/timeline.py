"""What happens in a run, as events, in the order in which it happens.

Producers emit these on a bus; the writer, the terminal and every report only read them, and nobody changes one. They
are not frozen by Python: ten are made for a scenario of eight steps, and freezing costs more than all else of them.
``as_record`` gives the JSON object of one line of ``timeline.ndjson``; its schema is ``docs/timeline.schema.json``.
Times are ISO 8601 in UTC; durations are seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, ClassVar

FORMAT = 1
"""The version of the records' shape. It grows when a field changes its meaning or goes."""


@dataclass(slots=True, kw_only=True)
class Event:
    """One line of the timeline. ``at`` is the instant, ``worker`` the process that saw it (``main``, ``gw0``)."""

    kind: ClassVar[str]
    at: str
    worker: str = "main"

    def as_record(self) -> dict[str, Any]:
        """The JSON object of this event: ``event`` (its kind), then its fields."""
        cls = type(self)
        record: dict[str, Any] = {"event": kind_of(cls)}
        for name in _names(cls):
            value = getattr(self, name)
            record[name] = _plain(value) if isinstance(value, tuple) else value
        return record


_NAMES: dict[type, tuple[str, ...]] = {}
_KINDS: dict[type, str] = {}


def _names(cls: type) -> tuple[str, ...]:
    if cls not in _NAMES:
        _NAMES[cls] = tuple(each.name for each in fields(cls))
    return _NAMES[cls]


def kind_of(cls: type) -> str:
    """The event's name in the timeline: ``RunStarted`` is ``run_started``."""
    if cls not in _KINDS:
        _KINDS[cls] = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
    return _KINDS[cls]


def _plain(items: tuple[Any, ...]) -> list[Any]:
    """Texts as they are, and small values of this module as objects."""
    return [
        {name: getattr(item, name) for name in _names(type(item))} if is_dataclass(item) else item for item in items
    ]


@dataclass(slots=True, kw_only=True)
class RunStarted(Event):
    """The run began. ``mode`` and ``profile`` are what was asked for; ``command`` the arguments of pytest."""

    run: str
    mode: str
    command: tuple[str, ...] = ()
    version: str = ""
    python: str = ""
    platform: str = ""
    workers: int = 1
    fault: str | None = None
    profile: str | None = None
    format: int = FORMAT


@dataclass(slots=True, kw_only=True)
class RejectedCandidate:
    """A candidate that was not chosen, and why."""

    tier: str
    reason: str


@dataclass(slots=True, kw_only=True)
class ServiceResolved(Event):
    """Which adapter answers for one service in this run, and why the others do not."""

    service: str
    adapter: str
    tier: str
    stand_in: bool
    reason: str
    rejected: tuple[RejectedCandidate, ...] = ()


@dataclass(slots=True, kw_only=True)
class ScenarioStarted(Event):
    """One attempt at a scenario began. ``uri`` and ``line`` say where it stands; ``scenario`` is its id."""

    scenario: str
    attempt: int
    feature: str
    rule: str | None
    name: str
    uri: str
    line: int
    tags: tuple[str, ...] = ()
    row: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class StepFinished(Event):
    """One step was done. ``status`` is Cucumber's word; ``index`` counts from 0, Background included."""

    scenario: str
    attempt: int
    index: int
    keyword: str
    text: str
    line: int
    status: str
    seconds: float
    message: str | None = None


@dataclass(slots=True, kw_only=True)
class Observation(Event):
    """One operation on one port, or one event that arrived, awaited or not.

    Attributes:
        service: Whose port.
        operation: The port's operation, or ``event`` for one that arrived.
        caller: ``scenario``, or the service that called (rule 3: what a service needs is handed to it).
        tier: The tier of the adapter that answered.
        stand_in: Whether it is a stand-in.
        outcome: ``ok``, or the class of the error.
        seconds: How long it took.
        step: The index of the step in which it happened; None outside steps.
        payload: ``{"in": ..., "out": ...}``, redacted.
    """

    scenario: str
    attempt: int
    service: str
    operation: str
    caller: str
    tier: str
    stand_in: bool
    outcome: str
    seconds: float
    step: int | None = None
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class ServiceUse:
    """What answered one service in one scenario."""

    service: str
    tier: str
    stand_in: bool


@dataclass(slots=True, kw_only=True)
class ScenarioFinished(Event):
    """One attempt at a scenario ended.

    Attributes:
        status: Cucumber's word: passed, failed, skipped, pending, undefined, ambiguous, unknown (cut short); or
            ours: planned, empty. A scenario is flaky whose last attempt passed and an earlier one did not.
        standing: ``verified`` (passed, and no stand-in answered), ``rehearsed`` (passed on stand-ins), else None.
        services: What answered in it, only services that were used.
        message: The sentence of its failure, or the reason of its skip.
        degraded: Whether a service was lost in an earlier attempt, and this one started again on what was left.
        lost: The services that were lost in this attempt.
    """

    scenario: str
    attempt: int
    status: str
    standing: str | None
    seconds: float
    services: tuple[ServiceUse, ...] = ()
    message: str | None = None
    degraded: bool = False
    lost: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class RunFinished(Event):
    """The run ended. ``status`` is ``finished`` or ``interrupted``; ``exit_status`` is pytest's, if it had one."""

    run: str
    status: str
    exit_status: int | None
    seconds: float
    counts: dict[str, int] = field(default_factory=dict)


EVENTS: tuple[type[Event], ...] = (
    RunStarted,
    ServiceResolved,
    ScenarioStarted,
    StepFinished,
    Observation,
    ScenarioFinished,
    RunFinished,
)
