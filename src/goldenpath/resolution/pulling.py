"""Whether images may be pulled in this run."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

PULL: Final = ContextVar("pull", default=False)
"""Whether ``--pull`` was given; without it an image that is not here is not there."""
