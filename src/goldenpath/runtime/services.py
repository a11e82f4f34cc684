"""What steps, fixtures and tests are given: the observed ports by service, and their blocking face."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from goldenpath.domain.values import SERVICES
from goldenpath.ports.clock import ScenarioClock

if TYPE_CHECKING:
    from goldenpath.ports.agents import AgentsPort
    from goldenpath.ports.auth import AuthPort
    from goldenpath.ports.blocking import (
        BlockingAgents,
        BlockingAuth,
        BlockingCache,
        BlockingClock,
        BlockingDatabase,
        BlockingEvents,
    )
    from goldenpath.ports.cache import CachePort
    from goldenpath.ports.database import DatabasePort
    from goldenpath.ports.events import EventsPort

Run = Callable[[Awaitable[Any]], Any]


class Services:
    """The services of one scenario: ``services.auth``, ``services["billing"]``.

    Each is an observed port whose adapter is opened at its first operation.

    Attributes:
        clock: The scenario's time.
    """

    if TYPE_CHECKING:
        auth: AuthPort
        events: EventsPort
        agents: AgentsPort
        database: DatabasePort
        cache: CachePort

    def __init__(self, ports: Mapping[str, Any], clock: ScenarioClock, run: Run) -> None:
        self._ports = ports
        self._run = run
        self.clock = clock

    @property
    def sync(self) -> SyncServices:
        """The same services for code that is not asynchronous: each operation blocks until it is done."""
        return SyncServices(self, self._run)

    def __getitem__(self, service: str) -> Any:
        try:
            return self._ports[service]
        except KeyError:
            raise KeyError(f"this project has no service {service!r}; it has {', '.join(self._ports)}") from None

    def __getattr__(self, service: str) -> Any:
        if service.startswith("_") or service not in self._ports:
            raise AttributeError(f"this project has no service {service!r}")
        return self._ports[service]

    def __contains__(self, service: object) -> bool:
        return service in self._ports

    def __dir__(self) -> list[str]:
        return ["clock", "sync", *self._ports]


class SyncServices:
    """The blocking face of ``Services``, for tests and steps that are not asynchronous.

    An operation that is called while an event loop runs in the same thread raises ``RuntimeError``.
    """

    if TYPE_CHECKING:
        auth: BlockingAuth
        events: BlockingEvents
        agents: BlockingAgents
        database: BlockingDatabase
        cache: BlockingCache

    def __init__(self, services: Services, run: Run) -> None:
        self._services = services
        self._run = run

    @property
    def clock(self) -> BlockingClock:
        """The scenario's time; ``advance`` blocks."""
        return cast("BlockingClock", Blocking(self._services.clock, self._run))

    def __getitem__(self, service: str) -> Any:
        return Blocking(self._services[service], self._run)

    def __getattr__(self, service: str) -> Any:
        return Blocking(getattr(self._services, service), self._run)

    def __contains__(self, service: object) -> bool:
        return service in self._services

    def __dir__(self) -> list[str]:
        return [name for name in dir(self._services) if name != "sync"]


class Blocking:
    """Something whose asynchronous operations block until they are done: a port, a connection, a subscription."""

    def __init__(self, target: Any, run: Run) -> None:
        self._target = target
        self._run = run

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._target, name)
        if not callable(member):
            return member

        def blocking(*args: Any, **kwargs: Any) -> Any:
            return self._settled(member(*args, **kwargs))

        return blocking

    def __enter__(self) -> Any:
        return self._settled(self._target.__aenter__())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return cast("bool | None", self._run(self._target.__aexit__(kind, error, traceback)))

    def __dir__(self) -> list[str]:
        return dir(self._target)

    def __repr__(self) -> str:
        return f"<blocking {self._target!r}>"

    def _settled(self, value: Any) -> Any:
        if inspect.isawaitable(value):
            value = self._run(value)
        return Blocking(value, self._run) if _is_asynchronous(cast("Any", type(value))) else value


@cache
def _is_asynchronous(cls: type) -> bool:
    """Whether values of a class have something to await or to enter."""
    members = (getattr(cls, name, None) for name in dir(cls))
    return hasattr(cls, "__aenter__") or any(inspect.iscoroutinefunction(member) for member in members)


def protocol_of(service: str) -> type | None:
    """The protocol of a port that comes with us; None for a service of somebody else's."""
    if service not in SERVICES:
        return None
    port: type = getattr(import_module(f"goldenpath.ports.{service}"), f"{service.capitalize()}Port")
    return port
