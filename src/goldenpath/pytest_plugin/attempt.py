"""One attempt at a scenario: from its first fixture to the end of its last one."""

from __future__ import annotations

import contextvars
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from goldenpath.domain.attaching import Attachment, sink
from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.reports.messages import AttemptRecord, Result, TestStep

if TYPE_CHECKING:
    import pytest

    from goldenpath.domain.timeline import ServiceUse
    from goldenpath.gherkin import Step
    from goldenpath.runtime.loop import ScenarioTask
    from goldenpath.runtime.session import OpenedScenario


class StepOutcome(Struct, frozen=True):
    """What became of one step; ``status`` is Cucumber's word."""

    step: Step
    status: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The error that ended an attempt, the step in which it was raised, and the function that raised it.

    ``step`` is None where that was a hook before or after the scenario, and ``hook`` is what it is called.
    """

    error: BaseException
    step: Step | None
    func: Callable[..., Any]
    hook: str = ""


class Attempt:
    """What an attempt works with, and what has become of it so far.

    Attributes:
        number: From 1.
        task: The scenario's task on the loop.
        opened: The scenario, as the runtime opened it.
        steps: The outcomes so far, in order.
        planned: The steps and hooks of its test case, in order; empty until they are matched.
        results: What became of them so far, in the same order.
        failure: What ended it within a step or a hook, if anything did.
        status: Cucumber's word for the scenario, so far; ``unknown`` until its steps have run.
        message: The sentence of its failure or the reason of its skip.
        again: Whether the scenario will be tried again after this attempt.
        lost: What to say of services that were lost in it; None if none was.
        forgotten: What its fixtures held and nobody awaited, each as a sentence.
        is_over: Whether its record is closed.
    """

    def __init__(self, number: int, task: ScenarioTask, opened: OpenedScenario) -> None:
        self.number = number
        self.task = task
        self.opened = opened
        self.steps: list[StepOutcome] = []
        self.planned: list[TestStep] = []
        self.results: list[Result] = []
        self.failure: Failure | None = None
        self.status = "unknown"
        self.message: str | None = None
        self.again = False
        self.lost: str | None = None
        self.is_over = False
        self.forgotten: list[str] = []
        self._attached: list[Attachment] = []
        self._begun = time.time_ns()
        self._phase = "setup"
        self._around: list[tuple[str, str]] = []
        # Fixtures that are not async, and pytest's hooks, run outside of the scenario's context.
        self._former_sink = sink.get()
        sink.set(self._attach)
        self._outside = contextvars.copy_context()
        task.call(sink.set, self._attach)

    def _attach(self, attachment: Attachment) -> None:
        self._attached.append(attachment)

    def carry_context(self) -> None:
        """Give the scenario's context the variables that fixtures have set outside of it since the last time."""
        now = contextvars.copy_context()
        changed = [(var, value) for var, value in now.items() if self._outside.get(var, _NOTHING) is not value]
        self._outside = now
        if changed:
            self.task.call(_set_all, changed)

    def done(
        self,
        status: str,
        begun: int,
        *,
        message: str | None = None,
        exception: tuple[str, str, str] | None = None,
        suggestions: Sequence[str] = (),
    ) -> Result:
        """Record what became of the next step or hook of the test case.

        Args:
            status: Cucumber's word.
            begun: When it began, in nanoseconds since 1970; 0 for one that did not run.
            message: What went wrong, redacted.
            exception: Its type, its message and its trace, redacted.
            suggestions: Snippets for a step that nobody answers.
        """
        now = time.time_ns()
        result = Result(status.upper(), begun or now, now - begun if begun else 0, message, exception)
        if self._attached:
            result.attachments, self._attached = self._attached, []
        result.suggestions = suggestions
        self.results.append(result)
        return result

    def finished(self, step: Step, status: str, result: Result | None = None, message: str | None = None) -> None:
        """Record the outcome of the next step for the timeline and for people; ``result`` if it ran."""
        steps = self.steps
        index = len(steps)
        steps.append(StepOutcome(step, status, message))
        took, at = (result.nanoseconds, result.begun + result.nanoseconds) if result is not None else (0, 0)
        self.opened.step_finished(index, step.keyword.strip(), step.text, step.line, status, took / 1e9, message, at=at)

    def judge(self, report: pytest.TestReport) -> None:
        """Take in what pytest says of one phase; what has failed stays so."""
        self._phase = str(report.when)
        if report.failed:
            if self.status in {"unknown", "passed", "skipped"}:
                self.status = "failed"
                self._around.append((self._phase, headline_of(report)))
            self.message = self.message or headline_of(report)
        elif report.skipped and self.status not in {"planned", "empty"}:
            # A failure that pytest calls a skip was expected (xfail).
            self.status, self.message = "skipped", headline_of(report)
        elif report.when == "call" and self.status == "unknown":
            self.status = "passed"

    def complaint(self) -> str | None:
        """What is wrong although every step has passed: a task failed unseen, an operation never ran, or no proof."""
        opened = self.opened
        return _unseen(self.task.unseen()) or opened.never_ran() or opened.passed_without() or opened.proved_nothing()

    def finish(self, write: Callable[[Attempt], None]) -> str | None:
        """Close the services and the record, and end the task.

        Args:
            write: Writes the attempt's messages, when its status is known.

        Returns:
            What has turned out wrong since the steps ended; None if nothing has.
        """
        self.is_over = True
        sink.set(self._former_sink)
        forgotten = next(iter(self.forgotten), None) if self.status == "passed" else None
        wrong = self._fail(forgotten or _unseen(self.task.unseen()))
        wrong = self._fail(self.opened.close(self.status)) or wrong
        wrong = self._fail(_unseen(self.task.close())) or wrong
        self._look_for_losses()
        if self.status != "planned":
            write(self)
        self.opened.finish(self.status, self.message)
        return wrong

    def _look_for_losses(self) -> None:
        """Say of a failure that a service was lost, if that may be why."""
        if self.status != "failed" or self.failure is None:
            return
        self.lost = self.opened.lose(self.failure.error)
        if self.lost is not None and not isinstance(self.failure.error, ServiceUnavailable):
            self.message = f"{self.message} ({self.lost})" if self.message else self.lost

    def let_go(self) -> None:
        """Keep how it ended, and nothing of what it worked with."""
        del self.task, self.opened, self._outside
        self.steps, self.planned, self.results, self.failure = [], [], [], None

    def _fail(self, wrong: str | None) -> str | None:
        if wrong and self.status == "passed":
            self.status, self.message = "failed", wrong
        return wrong

    def record(self, scenario_id: str, pickle_id: str, fixtures: Callable[[str], str]) -> AttemptRecord:
        """The attempt as its messages need it.

        What went wrong around the steps (fixtures, proof, closing) stands as a hook of its own.

        Args:
            scenario_id: Of the scenario.
            pickle_id: Of its pickle's message.
            fixtures: Gives the id of what stands for the fixtures ``before`` or ``after`` the steps.
        """
        planned, results = list(self.planned), list(self.results)
        rest = "UNKNOWN" if self.status == "unknown" else "SKIPPED"
        results += [Result(rest, time.time_ns()) for _ in planned[len(results) :]]
        if self.status == "failed" and not any(each.status == "FAILED" for each in results):
            phase, _ = self._around[0] if self._around else ("", "")
            message = self.opened.redact(self.message or "")
            wrong = Result("FAILED", time.time_ns(), 0, message, (phase or "end", message, message))
            at = 0 if phase == "setup" else len(planned)
            planned.insert(at, TestStep(fixtures("before" if phase == "setup" else "after")))
            results.insert(at, wrong)
        if self._attached and results:
            # What fixtures attached behind the last step.
            results[-1].attachments = [*results[-1].attachments, *self._attached]
        for each in results:
            if each.message is not None or each.exception is not None or each.attachments:
                self._without_secrets(each)
        if (used := self.opened.used()) and results:
            results[-1].attachments = [*results[-1].attachments, _resolution(used)]
        return AttemptRecord(
            scenario_id, pickle_id, self.number, planned, results, self._begun, time.time_ns(), self.again
        )

    def _without_secrets(self, result: Result) -> None:
        """Take out the secrets that have become known since: only now are all of the scenario known."""
        redact = self.opened.redact
        if result.message is not None:
            result.message = redact(result.message)
        if result.exception is not None:
            kind, message, trace = result.exception
            result.exception = kind, redact(message), redact(trace)
        if result.attachments:
            result.attachments = [redacted(each, redact) for each in result.attachments]


def redacted(attachment: Attachment, redact: Callable[[str], str]) -> Attachment:
    """An attachment without secrets; bytes are looked through if they are a text."""
    if attachment.encoding == "IDENTITY":
        return replace(attachment, body=redact(attachment.body))
    try:
        text = b64decode(attachment.body).decode()
    except UnicodeDecodeError:
        return attachment
    return replace(attachment, body=b64encode(redact(text).encode()).decode())


def _resolution(used: Sequence[ServiceUse]) -> Attachment:
    """Which tier answered each service of an attempt, and whether a stand-in did."""
    told = [{"service": each.service, "tier": each.tier, "stand_in": each.stand_in} for each in used]
    return Attachment(json.dumps(told), "IDENTITY", "application/json", "resolution.json")


def _unseen(errors: Sequence[BaseException]) -> str | None:
    """A sentence for errors that nobody saw."""
    if not errors:
        return None
    told = "; ".join(f"{type(error).__name__}: {error}" for error in errors)
    return f"a task that a step had started failed, and nobody saw it: {told}"


_NOTHING = object()


def _set_all(changed: list[tuple[contextvars.ContextVar[Any], Any]]) -> None:
    for variable, value in changed:
        variable.set(value)


def headline_of(report: pytest.TestReport) -> str:
    """The sentence of a failure, or the reason of a skip, from pytest's report."""
    longrepr: Any = report.longrepr
    if isinstance(longrepr, tuple):
        return str(longrepr[2]).removeprefix("Skipped: ")
    if (expected := getattr(report, "wasxfail", "")) and report.skipped:
        return expected
    crash = getattr(longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else longrepr).partition("\n")[0]
