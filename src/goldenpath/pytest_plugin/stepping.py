"""A scenario's hooks and steps, one after the other: matched, given their arguments, called."""

from __future__ import annotations

import inspect
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from goldenpath.authoring.matching import AmbiguousStep, Match, UndefinedStep
from goldenpath.domain.errors import MissingCapability, NobodyToLend, StepError
from goldenpath.pytest_plugin.attempt import Failure
from goldenpath.pytest_plugin.bdd_hooks import BddScenario, Silence
from goldenpath.pytest_plugin.failures import UnmatchedSteps, Unproved, sentence
from goldenpath.pytest_plugin.injection import first, inject, no_value, rest, second_value
from goldenpath.pytest_plugin.scenario_hooks import Hooks
from goldenpath.pytest_plugin.telling import ends_the_run, status_of, told
from goldenpath.reports.messages import TestStep, worst

if TYPE_CHECKING:
    from goldenpath.authoring.matching import Call, StepIndex
    from goldenpath.bdd import HookDefinition
    from goldenpath.gherkin import Step
    from goldenpath.pytest_plugin.attempt import Attempt
    from goldenpath.pytest_plugin.stream import Stream

_ACCOUNT = "auth.accounts"
"""What a parameter type needs whose values are persons."""

_FAILED_ISH = frozenset({"failed", "pending", "undefined", "ambiguous"})

Found = Match | StepError


class Stepping:
    """Runs one attempt: the hooks before, the steps, the hooks after.

    As in Cucumber, the first step that fails, is pending, undefined or ambiguous ends the scenario: of those behind
    it the undefined and the ambiguous are told too, and the others skipped. Behind a step that skips itself all are
    skipped. The hooks after the scenario run in any case.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        found: Sequence[Found],
        hooks: Hooks,
        request: pytest.FixtureRequest,
        attempt: Attempt,
        listeners: BddScenario | Silence,
    ) -> None:
        self._steps = steps
        self._found = found
        self._hooks = hooks
        self._request = request
        self._attempt = attempt
        self._listeners = listeners
        # Most steps have nobody around them: then there is nothing to tell, and nobody to run.
        self._is_alone = isinstance(listeners, Silence) and not hooks.has_step_hooks
        self._state = "passed"
        self._error: BaseException | None = None
        self._complete = False

    def run(self) -> None:
        """Run all of it.

        Raises:
            UnmatchedSteps: Steps are undefined or ambiguous.
            Pending: A step or hook is still to be written.
            Unproved: No step ran, because nothing answers a service, and that counts as a failure here.
        """
        __tracebackhide__ = True
        self._listeners.tell("before_scenario")
        try:
            self._check_needs()
            for hook in self._hooks.before:
                self._run_hook(hook, skipped=self._state != "passed")
            for index, (step, found) in enumerate(zip(self._steps, self._found, strict=True)):
                self._run_step(index, step, found)
            self._complete = True
        finally:
            for step in self._steps[len(self._attempt.steps) :]:
                self._attempt.finished(step, "skipped")
            try:
                self._run_after()
            finally:
                self._listeners.tell("after_scenario")
        self._raise()

    def _check_needs(self) -> None:
        if reason := self._attempt.opened.owed():
            raise Unproved(reason, try_next="without --ci and CI it is skipped")
        if reason := self._attempt.opened.missing():
            raise pytest.skip.Exception(reason, _use_item_location=True)

    def _run_after(self) -> None:
        if self._complete:
            for hook in self._hooks.after:
                self._run_hook(hook, skipped=False)

    def _raise(self) -> None:
        """Raise what ended the scenario; all that is undefined or ambiguous in it at once."""
        __tracebackhide__ = True
        if self._error is None:
            return
        self._attempt.status = worst(each.status for each in self._attempt.results).lower()
        unmatched = [
            (step, each) for step, each in zip(self._steps, self._found, strict=True) if isinstance(each, StepError)
        ]
        if not any(each is self._error for _, each in unmatched):
            raise self._error
        error = UnmatchedSteps(unmatched)
        first_of_them = self._steps.index(unmatched[0][0])
        self._listeners.tell("step_func_lookup_error", first_of_them, exception=error)
        raise error

    def _end(self, status: str, error: BaseException) -> None:
        """Something ended the scenario; what came first is told, unless it was only a skip."""
        if self._error is None or isinstance(self._error, pytest.skip.Exception):
            self._error = error
        if self._state in {"passed", "skipped"} or status == "failed":
            self._state = status

    def _run_hook(self, hook: HookDefinition, *, skipped: bool) -> None:
        __tracebackhide__ = True
        attempt = self._attempt
        if skipped:
            attempt.done("skipped", 0)
            return
        begun = time.time_ns()
        try:
            self._hooks.run(hook)
        except BaseException as error:
            status = status_of(error)
            attempt.done(status, begun, **self._told(hook.name or hook.where, error))
            if ends_the_run(error):
                raise
            if status != "skipped" or hook.when == "before_scenario":
                if attempt.failure is None:
                    attempt.failure = Failure(error, None, hook.func, f"the hook {hook.name or hook.where}")
                self._end(status, error)
        else:
            attempt.done("passed", begun)

    def _run_step(self, index: int, step: Step, found: Found) -> None:
        __tracebackhide__ = True
        attempt = self._attempt
        if isinstance(found, StepError):
            self._unmatched(step, found)
            return
        if self._state != "passed":
            attempt.done("skipped", 0)
            attempt.finished(step, "skipped")
            return
        attempt.opened.step_started(index)
        begun = time.time_ns()
        try:
            self._execute(index, step, found)
        except BaseException as error:
            self._failed(step, found, error, begun)
            if ends_the_run(error):
                raise
        else:
            attempt.finished(step, "passed", attempt.done("passed", begun))

    def _failed(self, step: Step, found: Match, error: BaseException, begun: int) -> None:
        attempt = self._attempt
        if isinstance(error, NobodyToLend if attempt.opened.must_run else MissingCapability):
            error = pytest.skip.Exception(error.message, _use_item_location=True)
        status = status_of(error)
        attempt.failure = Failure(error, step, found.definition.func)
        result = attempt.done(status, begun, **self._told(step.text, error))
        said = str(error) if status == "skipped" else sentence(step.text, error)
        attempt.finished(step, status, result, said)
        self._end(status, error)

    def _unmatched(self, step: Step, found: StepError) -> None:
        """A step that nothing answers, or several, or what is ill-made; told behind another failure, not a skip."""
        attempt = self._attempt
        status = UnmatchedSteps([(step, found)]).status
        if self._state == "skipped" or (status == "failed" and self._state != "passed"):
            attempt.done("skipped", 0)
            attempt.finished(step, "skipped")
            return
        suggestions = found.snippets if isinstance(found, UndefinedStep) else ()
        now = time.time_ns()
        if status == "failed":
            attempt.done(status, now, **self._told(step.text, found))
        else:
            attempt.done(status, now, suggestions=suggestions)
        attempt.finished(step, status)
        self._end(status, found)

    def _told(self, what: str, error: BaseException) -> dict[str, Any]:
        """What the messages say of an error; nothing of a step that is pending or skips itself without a reason."""
        message, exception = told(what, error, self._attempt.opened.redact)
        return {"message": message, "exception": exception}

    def _execute(self, index: int, step: Step, match: Match) -> None:
        """What pytest-bdd does with a step, hooks in its order (``pytest_bdd.scenario._execute_step_function``)."""
        __tracebackhide__ = True
        if self._is_alone:
            value = self._call(match.call, self._arguments(step, match))
            if match.definition.target_fixture is not None:
                inject(self._request, match.definition.target_fixture, value)
            return
        told: dict[str, Any] = {"step_func": match.definition.func}
        self._listeners.tell("before_step", index, **told)
        told["step_func_args"] = {}
        try:
            self._hooks.around_step("before_step", step)
            try:
                told["step_func_args"] = arguments = self._arguments(step, match)
                self._listeners.tell("before_step_call", index, **told)
                value = self._call(match.call, arguments)
            finally:
                self._hooks.around_step("after_step", step)
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
        if not missing:
            return arguments
        known = self._request._fixture_defs
        for name in missing:
            fixture = known.get(name)
            # What is set up is there; to ask pytest for it again would cost as much as the step.
            if fixture is None or fixture.cached_result is None or fixture.cached_result[2] is not None:
                arguments[name] = self._request.getfixturevalue(name)
                self._attempt.carry_context()
            else:
                arguments[name] = fixture.cached_result[0]
        return arguments

    def _call(self, call: Call, arguments: dict[str, Any]) -> Any:
        """Call a step function of whatever kind; one that yields ends with the scenario, as a fixture does."""
        __tracebackhide__ = True
        task, func = self._attempt.task, call.definition.func
        if call.is_coroutine:
            value = task.run(func(**arguments))
            # A future may be what later steps await.
            kept = call.definition.target_fixture is not None and not inspect.iscoroutine(value)
            return value if value is None or kept else _awaited_by_nobody(func, value)
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
        value = task.call(func, **arguments)
        return value if value is None else _awaited_by_nobody(func, value)


def match_all(steps: Sequence[Step], index: StepIndex) -> list[Found]:
    """The definition of every step, before the first one runs: so all that is missing is told at once."""
    found: list[Found] = []
    for step in steps:
        try:
            found.append(
                index.find(
                    step.kind, step.text, docstring=step.docstring is not None, datatable=step.datatable is not None
                )
            )
        except StepError as error:
            found.append(error)
    return found


def needs_of(found: Sequence[Found]) -> tuple[str, ...]:
    """The capabilities that a scenario's steps need, each once, as ``service.capability``."""
    return tuple(dict.fromkeys(need for each in found if isinstance(each, Match) for need in each.definition.all_needs))


def people_of(found: Sequence[Found]) -> int:
    """How many persons a scenario's steps name: the values, or their parts, of parameters that need an account."""
    names: set[str] = set()
    for each in found:
        for value in each.needing(_ACCOUNT) if isinstance(each, Match) else ():
            names.update([value] if isinstance(value, str) else value)
    return len(names)


def plan(stream: Stream, pickle_id: str, found: Sequence[Found], hooks: Hooks) -> list[TestStep]:
    """The test case of a scenario: its hooks, and its steps with what answers them."""
    steps = [TestStep(stream.id_of(hook)) for hook in hooks.before]
    for place, each in enumerate(found):
        matches: Sequence[Match] = ()
        if isinstance(each, Match):
            matches = (each,)
        elif isinstance(each, AmbiguousStep):
            matches = each.matches
        steps.append(stream.planned(f"{pickle_id}-{place}", matches))
    return [*steps, *(TestStep(stream.id_of(hook)) for hook in hooks.after)]


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
    raise StepError(f"{name} gave something to await, and nobody awaited it", try_next="await it, in an async def")


def _first(generator: Generator[Any, Any, Any]) -> Any:
    try:
        return next(generator)
    except StopIteration:
        raise no_value(generator) from None


def _rest(generator: Generator[Any, Any, Any]) -> None:
    for _ in generator:
        generator.close()
        raise second_value(generator)
