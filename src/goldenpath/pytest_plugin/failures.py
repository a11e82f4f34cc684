"""What a failed scenario says: first a sentence in the words of the feature, then what led to it.

Python is shown only with ``-v``, and only from the step function on.
"""

from __future__ import annotations

import textwrap
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from _pytest._code.code import (
    ExceptionInfo,
    ReprEntryNative,
    ReprExceptionInfo,
    ReprFileLocation,
    ReprTraceback,
    TerminalRepr,
    Traceback,
    TracebackEntry,
)

from goldenpath.domain.errors import FeatureError, GoldenPathError, NotSeen, Pending, StepError

if TYPE_CHECKING:
    from goldenpath.gherkin import Step
    from goldenpath.pytest_plugin.attempt import Attempt, Failure
    from goldenpath.pytest_plugin.item import FeatureItem, ScenarioItem

WIDTH: Final = 80
SHOWN: Final = 12
"""Observations that are shown: the last ones."""

_MARKS: Final = {"passed": "done", "skipped": "not run"}


class Hollow(FeatureError):
    """Something looks as if it were tested, and would run nothing."""


class Unproved(GoldenPathError):
    """Every step has passed, and the scenario has not."""


class UnmatchedSteps(StepError):
    """Steps of a scenario that no definition answers, or more than one.

    Attributes:
        errors: Each such step with what is wrong with it, in order.
        status: Cucumber's word for the scenario: ``ambiguous``, ``undefined``, or ``failed`` for a definition that is
            ill-made; the worst that there is.
    """

    def __init__(self, errors: Sequence[tuple[Step, StepError]]) -> None:
        from goldenpath.authoring.matching import AmbiguousStep, UndefinedStep

        self.errors = errors
        kinds = {type(error) for _, error in errors}
        self.status = "ambiguous" if AmbiguousStep in kinds else "undefined" if UndefinedStep in kinds else "failed"
        (step, error), others = errors[0], len(errors) - 1
        more = f" (and {others} more of the steps)" if others else ""
        super().__init__(f"{step.text}: {_what_is_wrong(error)}{more}")


def _what_is_wrong(error: StepError) -> str:
    from goldenpath.authoring.matching import AmbiguousStep, UndefinedStep

    if isinstance(error, UndefinedStep):
        return "no step definition says how"
    if isinstance(error, AmbiguousStep):
        return f"{len(error.candidates)} step definitions say how, and nothing says which is meant"
    return _first_line(error.message)


def sentence(text: str, error: BaseException) -> str:
    """What a failed step says, in one line: the step's own words, and what was seen instead."""
    if isinstance(error, NotSeen):
        return f"{text}: after {error.within:g} s {error.seen}"
    if isinstance(error, AssertionError):
        said = _first_line(str(error))
        return f"{text}: {'not so' if not said or said.startswith('assert ') else said}"
    if isinstance(error, Pending):
        return f"{text}: pending{f', {error.reason}' if error.reason else ''}"
    if isinstance(error, GoldenPathError):
        return f"{text}: {error.message}"
    if isinstance(error, pytest.FixtureLookupError):
        return f"{text}: there is no fixture {error.argname!r}"
    if isinstance(error, pytest.fail.Exception):
        return f"{text}: {_first_line(str(error))}"
    try:
        said = _first_line(str(error))
    except Exception as unsaid:  # noqa: BLE001  # an error whose own text is broken is still that error
        said = f"its text cannot be had: {type(unsaid).__name__}"
    return f"{text}: {type(error).__name__}{': ' if said else ''}{said}"


def tell(item: ScenarioItem, excinfo: ExceptionInfo[BaseException]) -> ReprExceptionInfo | None:
    """The whole story of a failure; None when no step is to blame, or pytest was asked for every frame."""
    attempt = item.attempt
    if attempt is None or item.config.getoption("fulltrace", False):
        return None
    error = excinfo.value
    if isinstance(error, UnmatchedSteps):
        step = error.errors[0][0]
        lines = [*_head(error.message), "", *_steps(item, attempt, step), *_unmatched(error)]
        return plain(lines, item.path, step.line, error.message)
    if isinstance(error, Unproved):
        head = attempt.opened.redact(error.message)
        lines = [*_head(head), "", *_steps(item, attempt, None), *_observations(attempt)]
        return plain(lines, item.path, item.scenario.line, head)
    failure = attempt.failure
    if failure is None or failure.error is not error:
        return None
    said = failure.step.text if failure.step is not None else failure.hook
    head = attempt.opened.redact(sentence(said, error))
    lines = [*_head(head), "", *_steps(item, attempt, failure.step), *_evidence(item, failure, excinfo)]
    lines += _missing_too(item)
    lines += _observations(attempt)
    if item.config.get_verbosity() > 0 and (shown := _python(item, failure, excinfo)):
        lines += ["", *shown]
    line = failure.step.line if failure.step is not None else item.scenario.line
    return plain(lines, item.path, line, head)


def plain(lines: Iterable[str], path: Path, line: int, message: str) -> ReprExceptionInfo:
    """Lines as pytest takes them, also from another process; ``message`` is what its summary shows."""
    entry = ReprEntryNative([f"{text}\n" for text in lines])
    return ReprExceptionInfo(
        reprtraceback=ReprTraceback(reprentries=[entry], extraline=None, style="native"),
        reprcrash=ReprFileLocation(str(path), line, message),
    )


def redact(report: pytest.TestReport, redacted: Callable[[str], str]) -> None:
    """Take the secrets out of what a report would show: what pytest says of an error, output, reasons, properties."""
    if report.longrepr is not None:
        report.longrepr = _redacted(report.longrepr, redacted)
    if report.sections:
        report.sections = _redacted(report.sections, redacted)
    if report.user_properties:
        report.user_properties = _redacted(report.user_properties, redacted)
    if hasattr(report, "wasxfail"):
        report.wasxfail = _redacted(report.wasxfail, redacted)


def _redacted(told: Any, redacted: Callable[[str], str]) -> Any:
    """Every text in something of pytest's, redacted; its own objects (frames, locals, arguments) in place."""
    if isinstance(told, str):
        # Half a surrogate pair, which a worker cannot send, is shown as it is written in Python.
        return redacted(told).encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(told, list | tuple):
        return type(told)(_redacted(each, redacted) for each in told)
    if isinstance(told, TerminalRepr):
        for name, value in vars(told).items():
            object.__setattr__(told, name, _redacted(value, redacted))
    return told


def _head(message: str) -> list[str]:
    return textwrap.wrap(message, WIDTH) or [message]


def _steps(item: ScenarioItem, attempt: Attempt, blamed: Step | None) -> Iterator[str]:
    line = blamed.line if blamed is not None else item.scenario.line
    yield from _wrapped("", f"{item.feature.uri}:{line}  {item.scenario.keyword}: {item.scenario.name}")
    for outcome in attempt.steps:
        mark = _MARKS.get(outcome.status, outcome.status)
        yield from _wrapped(f"  {mark:<11}", f"{outcome.step.keyword}{outcome.step.text}")


def _unmatched(error: UnmatchedSteps) -> Iterator[str]:
    for step, each in error.errors:
        yield ""
        yield from _wrapped("", f"{step.keyword}{step.text}")
        yield from textwrap.indent(str(each), "  ").splitlines()


def _missing_too(item: ScenarioItem) -> Iterator[str]:
    """Steps behind the one that failed which nothing answers, so that all that is missing is told at once."""
    behind = [
        (step, each) for step, each in zip(item.scenario.steps, item.found, strict=False) if isinstance(each, StepError)
    ]
    if behind:
        yield from _unmatched(UnmatchedSteps(behind))


def _evidence(item: ScenarioItem, failure: Failure, excinfo: ExceptionInfo[BaseException]) -> Iterator[str]:
    """The assertion with its values, and the line of the step function that it stands in."""
    yield ""
    if isinstance(failure.error, pytest.FixtureLookupError):
        yield from _fixture_is_missing(item, failure)
        return
    for line in _in_python(excinfo).splitlines():
        yield f"E   {line}".rstrip()
    if entries := _written_by_users(failure, excinfo):
        place = entries[-1]
        yield f"{_relative(item, Path(place.path))}:{place.lineno + 1}"


def _fixture_is_missing(item: ScenarioItem, failure: Failure) -> Iterator[str]:
    """Who asks for the fixture that is not there, and where one may be written."""
    if (code := getattr(failure.func, "__code__", None)) is not None:
        yield f"{_relative(item, Path(code.co_filename))}:{code.co_firstlineno} asks for it"
    yield "  try: define it in the step module or in a conftest.py; see pytest --fixtures"


def _in_python(excinfo: ExceptionInfo[BaseException]) -> str:
    """The error as Python says it, without the names of modules that everybody knows here."""
    said = excinfo.exconly()
    if isinstance(excinfo.value, GoldenPathError):
        return said.removeprefix(f"{type(excinfo.value).__module__}.")
    return said.removeprefix("AssertionError: ")


def _observations(attempt: Attempt) -> Iterator[str]:
    seen = [each for each in attempt.opened.observations if each.caller == "scenario"]
    if not seen:
        return
    yield ""
    left_out = len(seen) - SHOWN
    yield f"Seen so far ({left_out} earlier ones left out):" if left_out > 0 else "Seen so far:"
    for each in seen[-SHOWN:]:
        what = f"{each.service}.{each.operation}"
        if each.operation == "event":
            what = f"{each.service}: {_event(each.payload)}"
        yield f"  {what:<44} {each.outcome:<20} {each.seconds:6.3f} s"[:WIDTH].rstrip()


def _event(payload: Any) -> str:
    out = payload.get("out") if isinstance(payload, dict) else None
    return str(out.get("type", "event")) if isinstance(out, dict) else "event"


def _python(item: ScenarioItem, failure: Failure, excinfo: ExceptionInfo[BaseException]) -> list[str]:
    entries = _written_by_users(failure, excinfo)
    if not entries:
        return []
    shown = excinfo.getrepr(
        style="long",
        tbfilter=lambda _: entries,
        showlocals=bool(item.config.getoption("showlocals", False)),
        truncate_locals=item.config.get_verbosity() <= 1,
    )
    first, *rest = str(shown).splitlines()
    # The text comes stripped, and so without the first line's indent.
    return [f"    {first}" if first[:1] not in ">E" else first, *rest]


def _written_by_users(failure: Failure, excinfo: ExceptionInfo[BaseException]) -> Traceback:
    """The traceback from the step function on (from a fixture's where it was not reached), but for our own frames."""
    code = getattr(failure.func, "__code__", None)
    entries = list(excinfo.traceback)
    start = next((place for place, entry in enumerate(entries) if entry.frame.code.raw is code), None)
    kept = [entry for entry in entries[start:] if not _is_machinery(entry)]
    return Traceback(kept).filter(excinfo)


def without_lines(item: FeatureItem, excinfo: ExceptionInfo[BaseException]) -> ReprExceptionInfo | None:
    """An error that was raised in no line of a user's: its text alone. None for all others, which pytest tells."""
    told_by_pytest = isinstance(excinfo.value, pytest.FixtureLookupError | pytest.fail.Exception)
    if (
        told_by_pytest
        or item.config.getoption("fulltrace", False)
        or not all(_is_machinery(entry) for entry in excinfo.traceback)
    ):
        return None
    said = str(excinfo.value) if isinstance(excinfo.value, GoldenPathError) else excinfo.exconly()
    return plain([f"E   {line}" for line in said.splitlines()], item.path, item.scenario.line, _first_line(said))


def without_machinery(excinfo: ExceptionInfo[BaseException]) -> Traceback:
    """The frames that users wrote; all of them where there is none."""
    kept = [entry for entry in excinfo.traceback if not _is_machinery(entry)]
    return Traceback(kept or excinfo.traceback)


def users_trace(error: BaseException) -> traceback.StackSummary:
    """The frames of an error that users wrote."""
    frames = traceback.walk_tb(error.__traceback__)
    return traceback.StackSummary.extract(each for each in frames if not _is_ours(each[0].f_globals))


def _is_machinery(entry: TracebackEntry) -> bool:
    return _is_ours(entry.frame.f_globals)


def _is_ours(names: Mapping[str, Any]) -> bool:
    package, _, rest = str(names.get("__name__", "")).partition(".")
    if package == "goldenpath":
        return not rest.startswith("steps")
    return package in {"_pytest", "pluggy", "asyncio"}


def _relative(item: ScenarioItem, path: Path) -> str:
    root = item.config.rootpath
    return path.relative_to(root).as_posix() if root in path.parents else str(path)


def _wrapped(mark: str, text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=mark, subsequent_indent=" " * len(mark) or "  ") or [mark]


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
