"""Not asking more often than is welcome."""

from __future__ import annotations

import asyncio
import time
from typing import Final


class Pace:
    """Turns to ask, evenly spread: who comes early waits until it is its turn, in the order of coming.

    Args:
        per_second: The most turns a second; 0 for any number.
    """

    def __init__(self, per_second: float = 0.0) -> None:
        self._apart = 1 / per_second if per_second else 0.0
        self._next = 0.0

    async def turn(self) -> float:
        """Wait for a turn; gives the seconds that it took to come."""
        if not self._apart:
            return 0.0
        begun = time.monotonic()
        mine = max(begun, self._next)
        self._next = mine + self._apart
        if mine > begun:
            await asyncio.sleep(mine - begun)
        return time.monotonic() - begun


ANY_PACE: Final = Pace()
"""As often as one likes."""
