"""Looking at all candidates at once, under one deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Final

from goldenpath.domain.values import Availability
from goldenpath.resolution.registry import Candidate

DEADLINE: Final = 2.0
"""Seconds in which every probe must have answered."""


async def probe(candidates: Iterable[Candidate], deadline: float = DEADLINE) -> Mapping[str, Availability]:
    """What each candidate's probe saw, by the candidate's name.

    A probe that raises, answers something else or does not answer in time makes its candidate unavailable, with
    that as its reason; none of them keeps the others waiting.
    """
    looks = {each.name: asyncio.create_task(_look(each)) for each in candidates}
    if not looks:
        return {}
    await asyncio.wait(looks.values(), timeout=deadline)
    found = {name: look.result() if look.done() else _silent(deadline) for name, look in looks.items()}
    late = [look for look in looks.values() if look.cancel()]
    if late:
        # A probe that holds on to its cancellation does not hold us: the loop's owner ends it later.
        await asyncio.wait(late, timeout=0.05)
    return found


async def _look(candidate: Candidate) -> Availability:
    begun = time.perf_counter()
    try:
        seen: object = await candidate.adapter.probe()
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise
    except BaseException as error:  # noqa: BLE001  # an adapter is anybody's code
        return Availability(False, f"its probe failed: {type(error).__name__}: {error}", seconds=_since(begun))
    if not isinstance(seen, Availability):
        return Availability(False, f"its probe gave {seen!r}, no Availability", seconds=_since(begun))
    return seen if seen.seconds else Availability(seen.up, seen.reason, seen.version, _since(begun))


def _silent(deadline: float) -> Availability:
    return Availability(False, f"no answer within {deadline:g} s", seconds=deadline)


def _since(begun: float) -> float:
    return time.perf_counter() - begun
