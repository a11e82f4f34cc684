"""What the messages say of an error in a step or a hook."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest

from goldenpath.domain.errors import Pending
from goldenpath.pytest_plugin.failures import sentence, users_trace


def ends_the_run(error: BaseException) -> bool:
    """Whether an error is no matter of the step or hook in which it was raised: Ctrl-C, or ``pytest.exit``."""
    if isinstance(error, pytest.exit.Exception):
        return True
    return not isinstance(error, Exception | pytest.fail.Exception | pytest.skip.Exception | SystemExit)


def status_of(error: BaseException) -> str:
    """Cucumber's word for what a step or hook became that ended with this error."""
    if isinstance(error, pytest.skip.Exception):
        return "skipped"
    if isinstance(error, Pending):
        return "pending"
    return "unknown" if ends_the_run(error) else "failed"


def told(
    what: str, error: BaseException, redact: Callable[[str], str]
) -> tuple[str | None, tuple[str, str, str] | None]:
    """A sentence for people, and the error's type, message and trace, all redacted.

    Neither is there for what is pending or skips itself without a reason.

    Args:
        what: The step or the hook, as people know it.
        error: What ended it.
        redact: Takes the secrets out of a text.
    """
    if isinstance(error, Pending) and not error.reason:
        return None, None
    try:
        said = str(error)
    except Exception as unsaid:  # noqa: BLE001  # an error whose own text is broken is still that error
        said = f"its text cannot be had: {type(unsaid).__name__}"
    if isinstance(error, pytest.skip.Exception) and not said:
        return None, None
    kind = type(error).__name__
    trace = "".join(traceback.format_list(users_trace(error)))
    return redact(sentence(what, error)), (kind, redact(said), redact(f"{trace}{kind}: {said}"))
