"""Waits that end: for something to be there, or for a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

Seen = TypeVar("Seen")

_PAUSE: Final = 0.004


def until(look: Callable[[], Seen | None], within: float) -> Seen | None:
    """What ``look`` gives as soon as that is anything but None; None when ``within`` seconds have passed.

    It is looked at least once, whatever the deadline.
    """
    end = time.monotonic() + within
    while (seen := look()) is None and time.monotonic() < end:
        time.sleep(_PAUSE)
    return seen
