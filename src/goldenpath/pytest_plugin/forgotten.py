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


@contextmanager
def never_awaited() -> Iterator[list[str]]:
    """What goes away unawaited in this context, each as a sentence, with the line that let it go.

    Python's own warning is given as ever. A list of warnings would have to stand between the steps and fixtures such
    as ``recwarn``, so Python's call is heard instead. Mocks are not meant: code under test may leave theirs.
    """
    told: list[str] = []
    warn: Any = getattr(warnings, _HOOK, None)

    def hear(coroutine: CoroutineType[Any, Any, Any]) -> None:
        if coroutine.cr_code.co_filename != mock.__file__:
            frame = sys._getframe(1)
            where = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
            told.append(f"{coroutine.__qualname__} was called and never awaited, so it never ran ({where})")
        warn(coroutine)

    if warn is None:  # a Python that has no such call only warns
        yield told
        return
    setattr(warnings, _HOOK, hear)
    try:
        yield told
    finally:
        setattr(warnings, _HOOK, warn)
