"""Python's garbage collector while scenarios run.

A large suite is made of objects that live until its end. The collector would go through all of them again and again:
a third of the time of a run. So it comes less often while there are features, and leaves alone what was there when
the first test began. What tests themselves leave behind is still found, and all is as before when pytest ends.
"""

from __future__ import annotations

import gc
from typing import Final

import pytest

THRESHOLD: Final = 50_000
"""How many more objects are made than given back, until the collector comes; Python has 700, or 2000."""

_BEFORE: Final = pytest.StashKey[tuple[int, int, int]]()
_FROZEN: Final = pytest.StashKey[bool]()


def relax(config: pytest.Config) -> None:
    """Let the collector come less often from now on; one that somebody has switched off or relaxed stays so."""
    before = gc.get_threshold()
    if 0 < before[0] < THRESHOLD and gc.isenabled():
        config.stash[_BEFORE] = before
        gc.set_threshold(THRESHOLD, *before[1:])


def freeze(config: pytest.Config) -> None:
    """Let the collector leave alone all that is there by now, unless somebody has frozen something himself."""
    if _BEFORE in config.stash and not gc.get_freeze_count():
        config.stash[_FROZEN] = True
        gc.freeze()


def restore(config: pytest.Config) -> None:
    """Give the collector back as it was found."""
    if config.stash.get(_FROZEN, False):
        gc.unfreeze()
    if (before := config.stash.get(_BEFORE, None)) is not None:
        gc.set_threshold(*before)
