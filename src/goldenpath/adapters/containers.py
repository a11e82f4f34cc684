"""What all adapters of containers have in common: the look at Docker, the start, and the wait until it is ready."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.domain.values import Availability
from goldenpath.ports.adapter import StartContext

if TYPE_CHECKING:
    from goldenpath.stack.client import Keeper
    from goldenpath.stack.containers.container import Made

READY_SECONDS: Final = 60.0
"""For how long a container may take until it answers."""

_PAUSE: Final = 0.1

Ready = Callable[[int], Awaitable[bool]]
"""Whether what listens on this port of loopback is ready."""


async def look(*images: str, also: tuple[str, ...] = ()) -> Availability:
    """Whether a container can be started here; nothing is started, pulled, built or imported.

    Args:
        images: The images that it takes.
        also: Further modules that must be installed.
    """
    from goldenpath.resolution.probes import probe_docker
    from goldenpath.stack.containers.engine import INSTALL

    if lacking := [name for name in ("testcontainers", *also) if find_spec(name) is None]:
        return Availability(False, f"{', '.join(lacking)} not installed: {INSTALL}")
    seen = await probe_docker(images=images)
    if not seen.up:
        return seen
    reason = f"{images[0]} in {seen.reason.removeprefix('a ')}" if images else seen.reason
    return Availability(True, reason, seen.version, seen.seconds, to_start=True)


async def started(
    keeper: Keeper, context: StartContext, service: str, made: Made, ready: Ready, within: float = READY_SECONDS
) -> dict[str, Any]:
    """Have a container run, and wait until it is ready.

    Args:
        keeper: Who keeps it.
        context: For whom.
        service: The service that it is.
        made: What it is made of.
        ready: Whether it is ready.
        within: Seconds that it may take.

    Returns:
        What ``goldenpath.stack.containers.keeping.Containers.run`` says of it.

    Raises:
        ServiceUnavailable: It does not start, ends, or is not ready in time; with its last lines.
    """
    from goldenpath.stack.containers.engine import engine_host

    options = asdict(made)
    told: dict[str, Any] = keeper.container(
        "run", host=engine_host(), space=context.space, service=service, options=options
    )
    place = {"space": context.space, "service": service}
    end = time.monotonic() + within
    while not await ready(told["port"]):
        now = keeper.container("look", **place)
        late = time.monotonic() > end
        if now["state"] != "running" or late:
            said = keeper.container("tail", **place)
            keeper.container("forget", **place)
            what = f"its container was not ready within {within:g} s" if late else f"its container {now['state']}"
            raise ServiceUnavailable(service, f"{what}; its last lines:\n{said}" if said else what)
        await asyncio.sleep(_PAUSE)
    return told


def inside(addresses: Mapping[str, Mapping[str, str]], service: str, need: str) -> str:
    """Where a container finds what it needs: on the network of containers, or on another machine.

    Raises:
        ServiceUnavailable: It is in no container, and so out of reach.
    """
    where = addresses.get(need, {})
    if "inside" not in where:
        raise ServiceUnavailable(service, f"its container cannot reach {need}, which is in none")
    return where["inside"]


def as_json(values: Mapping[str, Any]) -> str:
    """A file for a container."""
    return json.dumps(values, default=str)
