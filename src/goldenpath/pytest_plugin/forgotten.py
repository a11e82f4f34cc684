"""Coroutines that steps made and nobody awaited: they never ran, so nothing that they were to assert was looked at."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CoroutineType
from typing import Any, Final
from unittest import mock

_HOOK: Final = "_warn_unawaited_coroutine"
"""What Python calls in ``warnings`` for a coroutine that goes away without having run; it knows the very frame."""


class Unawaited:
    """Hears of what goes away unawaited, for whoever asked last.

    Python's own warning is given as ever. A list of warnings would have to stand between the steps and fixtures such
    as ``recwarn``, so Python's call is heard instead. Mocks are not meant: code under test may leave theirs.

    It is there once a run, not once a scenario: to put it in place takes as long as a short step.
    """

    def __init__(self) -> None:
        self._told: list[str] | None = None
        self._warn: Any = getattr(warnings, _HOOK, None)
        if self._warn is not None:  # a Python that has no such call only warns
            setattr(warnings, _HOOK, self._hear)

    def tell(self) -> list[str]:
        """A list to which is added from now on what goes away, each as a sentence, with the line that let it go."""
        told: list[str] = []
        self._told = told
        return told

    def rest(self) -> None:
        """Tell nobody, until somebody asks again."""
        self._told = None

    def restore(self) -> None:
        """Give Python its call back."""
        if self._warn is not None:
            setattr(warnings, _HOOK, self._warn)

    def _hear(self, coroutine: CoroutineType[Any, Any, Any]) -> None:
        if self._told is not None and coroutine.cr_code.co_filename != mock.__file__:
            frame = sys._getframe(1)
            where = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
            self._told.append(f"{coroutine.__qualname__} was called and never awaited, so it never ran ({where})")
        self._warn(coroutine)


@contextmanager
def never_awaited() -> Iterator[list[str]]:
    """What goes away unawaited in this context."""
    unawaited = Unawaited()
    try:
        yield unawaited.tell()
    finally:
        unawaited.restore()
