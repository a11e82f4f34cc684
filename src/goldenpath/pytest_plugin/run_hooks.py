"""Hooks before and after the run: once in each process that runs scenarios."""

from __future__ import annotations

import time
import traceback
from typing import TYPE_CHECKING

from goldenpath.domain.attaching import Attachment, sink
from goldenpath.pytest_plugin.failures import sentence, users_trace
from goldenpath.pytest_plugin.scenario_hooks import call, parameters_of
from goldenpath.reports.messages import Result

if TYPE_CHECKING:
    from goldenpath.bdd import HookDefinition
    from goldenpath.pytest_plugin.run import Run


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
        if result.status != "PASSED":
            wrong.append(f"a hook {when.replace('_', ' the ')} failed: {result.message}")
    return wrong[0] if wrong else None


def _run(run: Run, hook: HookDefinition) -> Result:
    attachments: list[Attachment] = []
    redact = run.session.redactor.text
    task = run.loop.scenario(f"hook {hook.where}")
    task.call(sink.set, attachments.append)
    begun = time.time_ns()
    result = Result("PASSED", begun)
    try:
        if names := parameters_of(hook.func):
            raise TypeError(f"a hook around the run gets no fixtures, and this one asks for {', '.join(names)}")
        call(hook.func, task, {})
    except Exception as error:  # noqa: BLE001  # hooks are anybody's code
        result.status = "FAILED"
        result.message = redact(sentence(hook.name or hook.where, error))
        trace = "".join(traceback.format_list(users_trace(error)))
        result.exception = (type(error).__name__, redact(str(error)), redact(f"{trace}{type(error).__name__}: {error}"))
    finally:
        task.close()
    result.nanoseconds = time.time_ns() - begun
    result.attachments = attachments
    return result
