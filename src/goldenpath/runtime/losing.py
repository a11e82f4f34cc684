"""Services that are lost in mid-run: what tells a loss from a wrong answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from goldenpath.domain.errors import NotSeen, ServiceUnavailable
from goldenpath.domain.values import Availability, Choice, Resolution, Tier
from goldenpath.ports.adapter import Adapter, Address

CHECKING: Final = 1.5
"""Seconds in which a service must answer that is looked at because something went wrong."""


def may_be_a_loss(error: BaseException) -> bool:
    """Whether an error may come of a lost service: an adapter says so, or a wait saw nothing. Nothing else does.

    A failed assertion never is one, whatever else has happened meanwhile.
    """
    if isinstance(error, NotSeen):
        return True
    found = list(_within(error))
    if any(isinstance(each, AssertionError) for each in found):
        return False
    return any(isinstance(each, ServiceUnavailable) for each in found)


def named(error: BaseException) -> dict[str, str]:
    """The services that an error says are lost, each with what was seen of it."""
    return {each.service: each.reason for each in _within(error) if isinstance(each, ServiceUnavailable)}


def _within(error: BaseException) -> Iterator[BaseException]:
    """An error, what caused it, and those of a group."""
    seen: set[int] = set()
    left = [error]
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        if each.__cause__ is not None:
            left.append(each.__cause__)
        if isinstance(each, BaseExceptionGroup):
            left += each.exceptions


async def gone(
    resolution: Resolution, adapter: Callable[[str], Adapter], address: Callable[[str, str], Address | None]
) -> dict[str, str]:
    """Which services that were in use answer no more, each with what was seen of it; all are looked at at once.

    Args:
        resolution: What answers each service. A mock cannot be lost.
        adapter: Gives the adapter of a name.
        address: Where a service is, by adapter and service; None for one that was not started, nor used.
    """
    looks: dict[str, asyncio.Task[Availability]] = {}
    for choice in (*resolution.choices, *resolution.behind):
        where = address(choice.adapter, choice.service)
        if choice.tier is not Tier.MOCK and where is not None:
            looks[choice.service] = asyncio.create_task(_look(adapter(choice.adapter), choice, where))
    if not looks:
        return {}
    await asyncio.wait(looks.values(), timeout=CHECKING)
    lost = {}
    for service, look in looks.items():
        if not look.done():
            look.cancel()
            lost[service] = f"no answer within {CHECKING:g} s"
        elif not (seen := look.result()).up:
            lost[service] = seen.reason
    return lost


async def _look(adapter: Any, choice: Choice, address: Mapping[str, str]) -> Availability:
    """What is seen of a service now: an adapter that starts its service knows how to look at it where it is."""
    check = getattr(adapter, "check", None)
    try:
        seen: Availability = await (check(choice.service, address) if check is not None else adapter.probe())
    except Exception as error:  # noqa: BLE001  # an adapter is anybody's code
        return Availability(False, f"{type(error).__name__}: {error}")
    return seen
