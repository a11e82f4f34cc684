"""Hooks before and after the run: once in each process that runs scenarios."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from goldenpath.domain.attaching import Attachment, sink
from goldenpath.domain.errors import StepError
from goldenpath.pytest_plugin.attempt import redacted
from goldenpath.pytest_plugin.forgotten import never_awaited
from goldenpath.pytest_plugin.scenario_hooks import call, parameters_of
from goldenpath.pytest_plugin.telling import ends_the_run, status_of, told
from goldenpath.reports.messages import Result

if TYPE_CHECKING:
    from goldenpath.bdd import HookDefinition
    from goldenpath.pytest_plugin.run import Run
    from goldenpath.runtime.loop import ScenarioTask


def run_hooks(run: Run, when: str) -> str | None:
    """Run the hooks before (in order) or after (reversed) the run, each whatever became of the one before it.

    Returns:
        What is wrong with the first that failed; None if none did.
    """
    hooks = [hook for hook in run.sentences.run_hooks() if hook.when == when]
    if not hooks:
        return None
    wrong: list[str] = []
    for hook in hooks if when == "before_run" else reversed(hooks):
        result = _run(run, hook)
        run.stream.run_hook(hook, result)
        if result.status not in {"PASSED", "SKIPPED"}:
            where = f" ({hook.where})" if hook.name else ""
            wrong.append(f"a hook {when.replace('_', ' the ')} failed: {result.message}{where}")
    return wrong[0] if wrong else None


def _call(hook: HookDefinition, task: ScenarioTask) -> BaseException | None:
    """Call a hook; gives what is wrong with it, also where only a task of its own has failed."""
    error: BaseException | None = None
    with never_awaited() as forgotten:
        try:
            if names := parameters_of(hook.func):
                raise TypeError(f"a hook around the run gets no fixtures, and this one asks for {', '.join(names)}")
            call(hook.func, task, {})
        except BaseException as raised:
            if ends_the_run(raised):
                raise
            error = raised
        finally:
            unseen = task.close()
    if error is None and unseen:
        return unseen[0]
    return StepError(forgotten[0]) if error is None and forgotten else error


def _run(run: Run, hook: HookDefinition) -> Result:
    attachments: list[Attachment] = []
    redact = run.session.redactor.text
    task = run.loop.scenario(f"hook {hook.where}")
    task.call(sink.set, attachments.append)
    begun = time.time_ns()
    result = Result("PASSED", begun)
    error = _call(hook, task)
    if error is not None:
        result.status = status_of(error).upper()
        result.message, result.exception = told(hook.name or hook.where, error, redact)
    result.nanoseconds = time.time_ns() - begun
    result.attachments = [redacted(each, redact) for each in attachments]
    return result
