"""The steps of a scenario, one after the other: matched, given their arguments, called."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest

from goldenpath.domain.errors import StepError
from goldenpath.pytest_plugin.attempt import Failure
from goldenpath.pytest_plugin.bdd_hooks import BddScenario, Silence
from goldenpath.pytest_plugin.failures import UnmatchedSteps, Unproved, sentence
from goldenpath.pytest_plugin.injection import first, inject, no_value, rest, second_value

if TYPE_CHECKING:
    from goldenpath.authoring.matching import Call, Match, StepIndex
    from goldenpath.gherkin import Step
    from goldenpath.pytest_plugin.attempt import Attempt


class Stepping:
    """Runs the steps of one attempt; the first failure ends it, and what follows is recorded as skipped."""

    def __init__(
        self,
        steps: Sequence[Step],
        index: StepIndex,
        request: pytest.FixtureRequest,
        attempt: Attempt,
        listeners: BddScenario | Silence,
    ) -> None:
        self._steps = steps
        self._index = index
        self._request = request
        self._attempt = attempt
        self._listeners = listeners

    def run(self) -> None:
        """Run all steps.

        Raises:
            UnmatchedSteps: No step ran, because some are undefined or ambiguous.
            Unproved: No step ran, because nothing answers a service, and that counts as a failure here.
        """
        __tracebackhide__ = True
        self._listeners.tell("before_scenario")
        try:
            matches = self._match_all()
            needs = _needs(matches)
            if reason := self._attempt.opened.owed(needs):
                raise Unproved(reason, try_next="without --ci and CI it is skipped")
            if reason := self._attempt.opened.missing(needs):
                pytest.skip(reason)
            for index, (step, match) in enumerate(zip(self._steps, matches, strict=True)):
                self._run_step(index, step, match)
        finally:
            for step in self._steps[len(self._attempt.steps) :]:
                self._attempt.finished(step, "skipped", 0.0)
            self._listeners.tell("after_scenario")

    def _match_all(self) -> list[Match]:
        """The definition of every step, before the first one runs: so all that is missing is told at once."""
        __tracebackhide__ = True
        found: list[Match | StepError] = []
        for step in self._steps:
            try:
                below = {"docstring": step.docstring is not None, "datatable": step.datatable is not None}
                found.append(self._index.find(step.kind, step.text, **below))
            except StepError as error:
                found.append(error)
        matches = [each for each in found if not isinstance(each, StepError)]
        if len(matches) == len(found):
            return matches
        raise self._unmatched(found)

    def _unmatched(self, found: Sequence[Match | StepError]) -> UnmatchedSteps:
        errors = [(step, each) for step, each in zip(self._steps, found, strict=True) if isinstance(each, StepError)]
        unmatched = UnmatchedSteps(errors)
        self._attempt.status = unmatched.status
        for step, each in zip(self._steps, found, strict=True):
            status = UnmatchedSteps([(step, each)]).status if isinstance(each, StepError) else "skipped"
            self._attempt.finished(step, status, 0.0)
        self._listeners.tell("step_func_lookup_error", self._steps.index(errors[0][0]), exception=unmatched)
        return unmatched

    def _run_step(self, index: int, step: Step, match: Match) -> None:
        __tracebackhide__ = True
        attempt = self._attempt
        attempt.opened.step_started(index)
        started = perf_counter()
        try:
            self._execute(index, step, match)
        except BaseException as error:
            skipped = isinstance(error, pytest.skip.Exception)
            attempt.failure = Failure(error, step, match.definition.func)
            said = str(error) if skipped else sentence(step.text, error)
            attempt.finished(step, "skipped" if skipped else "failed", perf_counter() - started, said)
            raise
        attempt.finished(step, "passed", perf_counter() - started)

    def _execute(self, index: int, step: Step, match: Match) -> None:
        """What pytest-bdd does with a step, hooks in its order (``pytest_bdd.scenario._execute_step_function``)."""
        __tracebackhide__ = True
        told: dict[str, Any] = {"step_func": match.definition.func}
        self._listeners.tell("before_step", index, **told)
        told["step_func_args"] = {}
        try:
            told["step_func_args"] = arguments = self._arguments(step, match)
            self._listeners.tell("before_step_call", index, **told)
            value = self._call(match.call, arguments)
        except (Exception, pytest.fail.Exception) as error:
            self._listeners.tell("step_error", index, exception=error, **told)
            raise
        if match.definition.target_fixture is not None:
            inject(self._request, match.definition.target_fixture, value)
        self._listeners.tell("after_step", index, **told)

    def _arguments(self, step: Step, match: Match) -> dict[str, Any]:
        """From the sentence, then the step's table and doc string, then fixtures for what is still required."""
        __tracebackhide__ = True
        arguments, missing = match.call.bind(match.arguments, docstring=step.docstring, datatable=step.datatable)
        if missing:
            arguments |= {name: self._request.getfixturevalue(name) for name in missing}
            self._attempt.carry_context()
        return arguments

    def _call(self, call: Call, arguments: dict[str, Any]) -> Any:
        """Call a step function of whatever kind; one that yields ends with the scenario, as a fixture does."""
        __tracebackhide__ = True
        task, func = self._attempt.task, call.definition.func
        if call.is_coroutine:
            return task.run(func(**arguments))
        if call.is_async_generator:
            asynchronous: AsyncGenerator[Any, None] = func(**arguments)
            value = task.run(first(asynchronous))
            self._request.addfinalizer(lambda: task.run(rest(asynchronous)))
            return value
        if call.is_generator:
            generator: Generator[Any, Any, Any] = func(**arguments)
            value = task.call(_first, generator)
            self._request.addfinalizer(lambda: task.call(_rest, generator))
            return value
        return _awaited_by_nobody(func, task.call(func, **arguments))


def _awaited_by_nobody(func: Callable[..., Any], value: Any) -> Any:
    """The value that a step gave, unless it is one that nobody would ever await.

    Raises:
        StepError: It is.
    """
    if not inspect.isawaitable(value):
        return value
    if inspect.iscoroutine(value):
        value.close()
    name = getattr(func, "__qualname__", repr(func))
    raise StepError(f"{name} gave something to await, and nobody awaited it", try_next="write the step as async def")


def _needs(matches: Sequence[Match]) -> list[str]:
    return list(dict.fromkeys(need for match in matches for need in match.definition.needs))


def _first(generator: Generator[Any, Any, Any]) -> Any:
    try:
        return next(generator)
    except StopIteration:
        raise no_value(generator) from None


def _rest(generator: Generator[Any, Any, Any]) -> None:
    for _ in generator:
        generator.close()
        raise second_value(generator)
