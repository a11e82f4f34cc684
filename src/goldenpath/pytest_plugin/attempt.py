"""One attempt at a scenario: from its first fixture to the end of its last one."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from goldenpath.gherkin import Step
    from goldenpath.runtime.loop import ScenarioTask
    from goldenpath.runtime.session import OpenedScenario


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What became of one step; ``status`` is Cucumber's word."""

    step: Step
    status: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The error that ended an attempt, the step in which it was raised, and that step's function."""

    error: BaseException
    step: Step
    func: Callable[..., Any]


class Attempt:
    """What an attempt works with, and what has become of it so far.

    Attributes:
        task: The scenario's task on the loop.
        opened: The scenario, as the runtime opened it.
        steps: The outcomes so far, in order.
        failure: What ended it within a step, if anything did.
        status: Cucumber's word for the scenario, so far; ``unknown`` until its steps have run.
        message: The sentence of its failure or the reason of its skip.
        is_over: Whether its record is closed.
    """

    def __init__(self, task: ScenarioTask, opened: OpenedScenario) -> None:
        self.task = task
        self.opened = opened
        self.steps: list[StepOutcome] = []
        self.failure: Failure | None = None
        self.status = "unknown"
        self.message: str | None = None
        self.is_over = False
        self._outside = contextvars.copy_context()

    def carry_context(self) -> None:
        """Give the scenario's context the variables that fixtures have set outside of it since the last time."""
        now = contextvars.copy_context()
        changed = [(var, value) for var, value in now.items() if self._outside.get(var, _NOTHING) is not value]
        self._outside = now
        if changed:
            self.task.call(_set_all, changed)

    def finished(self, step: Step, status: str, seconds: float, message: str | None = None) -> None:
        """Record the outcome of the next step."""
        index = len(self.steps)
        self.steps.append(StepOutcome(step, status, message))
        self.opened.step_finished(
            index=index,
            keyword=step.keyword.strip(),
            text=step.text,
            line=step.line,
            status=status,
            seconds=seconds,
            message=message,
        )

    def judge(self, report: pytest.TestReport) -> None:
        """Take in what pytest says of one phase; what has failed stays so."""
        if report.failed:
            if self.status in {"unknown", "passed", "skipped"}:
                self.status = "failed"
            self.message = self.message or headline_of(report)
        elif report.skipped and self.status in {"unknown", "passed", "failed"}:
            # A failure that pytest calls a skip was expected (xfail).
            self.status, self.message = "skipped", headline_of(report)
        elif report.when == "call" and self.status == "unknown":
            self.status = "passed"

    def complaint(self) -> str | None:
        """What is wrong although every step has passed: a task failed unseen, an operation never ran, or no proof."""
        return _unseen(self.task.unseen()) or self.opened.never_ran() or self.opened.proved_nothing()

    def finish(self) -> str | None:
        """Close the services and the record, and end the task.

        Returns:
            What has turned out wrong since the steps ended; None if nothing has.
        """
        self.is_over = True
        wrong = _unseen(self.task.unseen())
        if wrong and self.status == "passed":
            self.status, self.message = "failed", wrong
        wrong = self.opened.finish(self.status, self.message) or wrong
        return _unseen(self.task.close()) or wrong


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
