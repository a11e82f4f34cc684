"""Time that passes."""

from __future__ import annotations

from datetime import timedelta

from goldenpath.bdd import when
from goldenpath.ports.clock import Clock


@when("{duration} pass(es)", needs=("auth.clock",))
async def _(duration: timedelta, clock: Clock) -> None:
    await clock.advance(duration)
