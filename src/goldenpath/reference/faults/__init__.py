"""Named faults: one promise each that the reference platform can be made to break, from outside the honest path.

A fault is installed on a finished part of the platform (the object behind a port, or behind one of its
collaborators), so that the same fault serves the mocks and the servers, and no honest line knows of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from goldenpath.domain.errors import UsageError
from goldenpath.domain.values import SERVICES


@dataclass(frozen=True, slots=True)
class Fault:
    """One promise broken.

    Attributes:
        name: What it is switched on by, e.g. ``refresh-token-works-twice``.
        service: The service that is broken.
        breaks: What a user would notice, as a sentence.
        install: Breaks the object behind the service's port.
    """

    name: str
    service: str
    breaks: str
    install: Callable[[Any], None]


_REGISTRY: dict[str, Fault] = {}


def fault(name: str, service: str, breaks: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register the decorated function as the installation of a fault."""

    def register(install: Callable[[Any], None]) -> Callable[[Any], None]:
        if name in _REGISTRY:
            raise ValueError(f"two faults are named {name!r}")
        _REGISTRY[name] = Fault(name, service, breaks, install)
        return install

    return register


def every() -> dict[str, Fault]:
    """All faults, by name."""
    for service in SERVICES:
        import_module(f"{__name__}.{service}")
    return dict(_REGISTRY)


def find(name: str) -> Fault:
    """The fault of that name.

    Raises:
        UsageError: There is none.
    """
    known = every()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(
            f"there is no fault {name!r}{meant}", where="--fault", try_next="goldenpath faults, which lists them"
        )
    return known[name]


def install(name: str | None, service: str, target: Any) -> None:
    """Break ``target``, which answers ``service``, if the named fault is that service's; None breaks nothing."""
    if name is not None and (broken := find(name)).service == service:
        broken.install(target)
