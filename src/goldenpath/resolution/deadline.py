"""How long one probe takes at most, when nobody says it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

DEADLINE: Final = ContextVar("deadline of a probe", default=1.5)
"""Seconds that one probe takes at most; less than all of them together get, so that it can still say why."""
