"""What an adapter is: one way to answer one or more ports.

An adapter is registered under the entry-point group ``goldenpath.adapters``, or by a project's
``goldenpath_register_adapters(registry)`` hook. Its module stays light: what is heavy is imported in ``open``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from goldenpath.domain.route import STRAIGHT, Route
from goldenpath.domain.values import Availability, Tier
from goldenpath.ports.clock import Ids, ScenarioClock

Hearer = Callable[[str, str, Mapping[str, Any], Any], None]
"""Is told of what was asked in a scenario and answered: the service, the operation, what was given, the answer."""

Address = Mapping[str, str]
"""Where something that was started or that others run is to be found: ``url``, and what its clients need besides
(``prefix`` of keys, ``secret`` of the control path)."""


def _say_nothing(line: str) -> None:
    """What tells nobody."""


def _hear_nothing(hearer: Hearer) -> None:
    """Where nothing is asked but by who opened the port."""


@dataclass(frozen=True, slots=True)
class StartContext:
    """What an adapter is given to start its service with, once a process that runs scenarios.

    Attributes:
        space: What is started for this process alone (databases, keys, servers) is named by this.
        folder: Where what is started is kept, and who looks after it is found.
        owner: A file that this process holds locked for as long as it lives. What was started for a run ends when the
            owners of all its processes are free.
        addresses: Of the services that this one needs, by service.
        settings: The service's own table in the settings.
        scripts: Files with more scripts for the assistant.
        fault: The named fault to behave with, or None.
        wanted: The services of the same tier that will be started with this one, so that all of them can begin at once.
        pull: Whether images may be pulled.
        tell: Shows a line to whoever waits for something that takes long.
    """

    space: str
    folder: Path
    owner: Path
    addresses: Mapping[str, Address] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    scripts: tuple[Path, ...] = ()
    fault: str | None = None
    wanted: tuple[str, ...] = ()
    pull: bool = False
    tell: Callable[[str], None] = _say_nothing


@dataclass(frozen=True, slots=True)
class OpenContext:
    """What an adapter is given when it is opened for one scenario.

    Attributes:
        scenario: The scenario's id; what the adapter makes (accounts, keys) is of this scenario alone.
        clock: The scenario's time.
        ids: Where names for new things come from.
        ports: What the adapter ``needs``, already resolved, by service.
        settings: The service's own table in the settings.
        fault: The named fault to behave with, or None to behave as promised.
        key: A short name for this attempt, of letters and digits, that no other attempt of the run has.
        address: Where its own service is, if it was started or is run by others.
        route: How it is reached: what each request carries, whom to believe, which way, how often.
        workers: How many processes run scenarios, and share a limit.
        people: How many persons the scenario has, as far as its sentences say; 0 where nobody has counted.
        ours: The services that the reference platform's code answers in this scenario, mocks among it.
        listen: Tells a hearer of every operation that is answered from now on, on whichever port of the scenario.
    """

    scenario: str
    clock: ScenarioClock
    ids: Ids
    ports: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    fault: str | None = None
    key: str = ""
    address: Address = field(default_factory=dict)
    route: Route = STRAIGHT
    workers: int = 1
    people: int = 0
    ours: frozenset[str] = frozenset()
    listen: Callable[[Hearer], None] = _hear_nothing


@runtime_checkable
class Adapter(Protocol):
    """One way to answer a port.

    Attributes:
        services: The services that it answers; it is opened once for all of them.
        tier: How real its machinery is.
        stand_in: Whether no code of the team's product answers behind it.
        needs: The services that it calls itself; their ports are opened first and handed to it.
        capabilities: What it can do that not every service of its kind can (see the design's Words).

    An adapter that starts its service has ``async def start(self, context: StartContext) -> Address`` besides, called
    before the first scenario of a process, in the order of needs; it raises ``ServiceUnavailable`` where that fails.
    One whose service is the reference platform's own server says so with ``is_reference = True``. One that depends on
    its table of the settings, ``[services.NAME]``, has ``configured(table)``, which gives it back with that.
    One that makes sense only over the reference platform's own code of some service names that service in ``knows``.
    """

    services: tuple[str, ...]
    tier: Tier
    stand_in: bool
    needs: tuple[str, ...]
    capabilities: frozenset[str]

    async def probe(self) -> Availability:
        """Look whether the service is there. Never raises; the caller sets the deadline."""

    def open(self, context: OpenContext) -> AbstractAsyncContextManager[Mapping[str, Any]]:
        """Open for one scenario: gives the port of each service, closed when the scenario ends.

        Raises:
            ServiceUnavailable: The service is lost.
        """
