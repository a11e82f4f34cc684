"""Hooks of people who write steps, for one scenario: which of them run, and how they are called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from goldenpath.domain.errors import StepError

if TYPE_CHECKING:
    import pytest

    from goldenpath.bdd import HookDefinition
    from goldenpath.gherkin import Step
    from goldenpath.pytest_plugin.attempt import Attempt


class Hooks:
    """The hooks of one attempt.

    Attributes:
        before: Before the scenario, in order.
        after: After it, in the order in which they run.
        has_step_hooks: Whether there are any before or after its steps.
    """

    def __init__(
        self, hooks: Sequence[HookDefinition], tags: Sequence[str], request: pytest.FixtureRequest, attempt: Attempt
    ) -> None:
        self._request = request
        self._attempt = attempt
        self.before: list[HookDefinition] = []
        self.after: list[HookDefinition] = []
        self._of_steps: dict[str, list[HookDefinition]] = {}
        self.has_step_hooks = False
        if fitting := [hook for hook in hooks if hook.fits(tags)]:
            self._sort(fitting)

    def _sort(self, fitting: Sequence[HookDefinition]) -> None:
        self.before = [hook for hook in fitting if hook.when == "before_scenario"]
        self.after = [hook for hook in reversed(fitting) if hook.when == "after_scenario"]
        self._of_steps = {
            "before_step": [hook for hook in fitting if hook.when == "before_step"],
            "after_step": [hook for hook in reversed(fitting) if hook.when == "after_step"],
        }
        self.has_step_hooks = any(self._of_steps.values())

    def around_step(self, when: str, step: Step) -> None:
        """Run the hooks before or after a step."""
        for hook in self._of_steps.get(when, ()):
            self.run(hook, step=step)

    def run(self, hook: HookDefinition, **given: Any) -> None:
        """Run one hook with the fixtures that it asks for, in the scenario's task.

        Raises:
            Exception: What the hook raises.
        """
        __tracebackhide__ = True
        names = parameters_of(hook.func)
        arguments = {name: given[name] if name in given else self._request.getfixturevalue(name) for name in names}
        if arguments:
            self._attempt.carry_context()
        call(hook.func, self._attempt.task, arguments)


def call(func: Callable[..., Any], task: Any, arguments: dict[str, Any]) -> None:
    """Call a hook in a task, awaiting what it gives.

    Raises:
        StepError: It yields: a hook before and one after say the same more plainly.
    """
    __tracebackhide__ = True
    if inspect.iscoroutinefunction(func):
        task.run(func(**arguments))
        return
    if inspect.isgeneratorfunction(func) or inspect.isasyncgenfunction(func):
        raise StepError(f"the hook {func.__name__} yields", try_next="write one hook before and one after")
    value = task.call(func, **arguments)
    if inspect.isawaitable(value):
        task.run(value)


@lru_cache(maxsize=1024)
def parameters_of(func: Callable[..., Any]) -> tuple[str, ...]:
    """The names of what a hook must be given."""
    parameters = inspect.signature(func).parameters.values()
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return tuple(each.name for each in parameters if each.default is each.empty and each.kind not in kinds)
