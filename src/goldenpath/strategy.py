"""The strategy paper's own names, for plain tests: small faces of availability and resolution.

::

    availability = await ServiceAvailabilityChecker().get_service_matrix()
    manager = HybridExecutionManager(availability)
    result = await manager.execute_with_fallback(test_of_mine)
    assert not manager.degraded
"""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from goldenpath.config import Settings, load
from goldenpath.domain.errors import ServiceUnavailable, UsageError
from goldenpath.domain.redaction import Redactor
from goldenpath.domain.values import Availability, Resolution, Tier
from goldenpath.resolution import Candidate, Registry, services
from goldenpath.resolution.diagnosis import DOCKER, everything, look
from goldenpath.resolution.policy import Policy
from goldenpath.runtime.testing import Current

REAL: Final = "real_services"
CONTAINERS: Final = "docker_services"
MOCKS: Final = "mock_services"
LADDER: Final = (REAL, CONTAINERS, MOCKS)
"""The paper's modes, the best first."""

NAMES: Final = {"postgres": "database", "redis": "cache", "auth_service": "auth", "websocket": "events"}
"""The paper's names of our services."""

_MODE: Final = "execution_mode"
"""A function with a parameter of this name is told on what it is to run."""

_log: Final = logging.getLogger("goldenpath.strategy")


class ServiceAvailabilityChecker:
    """What can be used here, by the names of the paper and by ours. What it gives is true when it is up.

    A service is up when something that is no stand-in answers, or can be started: a mock is always there and says
    nothing. Every answer has its reason, version and seconds.

    Args:
        settings: Those of the project; None to read them where the process stands, and to count as up what answers in
            the test that is at work.
        registry: The adapters that there are; None for those that are installed.
        deadline: Seconds for all looks together; None for the setting ``probe_deadline``.
    """

    def __init__(
        self, settings: Settings | None = None, registry: Registry | None = None, *, deadline: float | None = None
    ) -> None:
        self._is_told = settings is not None
        read = load(Path.cwd(), {}, os.environ) if settings is None else settings
        self._settings = read if deadline is None else replace(read, probe_deadline=deadline)
        known = Registry.installed() if registry is None else registry
        self._registry = known.configured(self._settings.service_settings)

    async def check_docker_available(self) -> Availability:
        """Whether a Docker engine answers, in time."""
        return (await look(self._settings, ()))[DOCKER]

    async def check_service_health(self, service: str) -> Availability:
        """Whether one service is up.

        Args:
            service: One of our names (``database``) or of the paper's (``postgres``, ``docker``).

        Raises:
            UsageError: There is no such service.
        """
        if service == DOCKER:
            return await self.check_docker_available()
        known = services(self._settings, self._registry)
        name = NAMES.get(service, service)
        if name not in known:
            raise UsageError(
                f"there is no service {service!r}", where="check_service_health", try_next=f"one of: {', '.join(known)}"
            )
        wanted = tuple(each for each in self._candidates() if name in each.adapter.services)
        return self._answered({name: self._best(name, wanted, await look(self._settings, wanted))})[name]

    async def get_service_matrix(self) -> Mapping[str, Availability]:
        """Every service by our name, four of them by the paper's too, and ``docker``: all seen at once."""
        wanted = self._candidates()
        seen = await look(self._settings, wanted)
        ours = {
            name: self._best(name, [each for each in wanted if name in each.adapter.services], seen)
            for name in services(self._settings, self._registry)
        }
        absent = Availability(False, "this project does not have it")
        papers = {paper: ours.get(name, absent) for paper, name in NAMES.items()}
        return self._answered({DOCKER: seen[DOCKER], **papers, **ours})

    def _answered(self, matrix: Mapping[str, Availability]) -> Mapping[str, Availability]:
        """What was seen, and what answers in the test at work."""
        return matrix if self._is_told or Current.any is None else with_answers(matrix, Current.any.resolution)

    def _candidates(self) -> tuple[Candidate, ...]:
        """What is no stand-in."""
        policy = Policy(self._settings)
        return tuple(each for each in everything(self._settings, self._registry) if not policy.stand_in(each))

    def _best(self, service: str, wanted: Iterable[Candidate], seen: Mapping[str, Availability]) -> Availability:
        """What is up and would be preferred; else why nothing is."""
        policy = Policy(self._settings)
        order = sorted(wanted, key=lambda each: policy.preference(service, each, seen[each.name]))
        found = next((seen[each.name] for each in order if seen[each.name]), None)
        if found is not None:
            return found
        reasons = "; ".join(f"{each.name}: {seen[each.name].reason}" for each in order)
        return Availability(False, reasons or "only stand-ins could answer it")


def with_answers(matrix: Mapping[str, Availability], resolution: Resolution) -> Mapping[str, Availability]:
    """What is up in a test: what was resolved to answer in it is, a stand-in with a process of its own too; no mock is.

    Args:
        matrix: What was seen, whatever the run uses.
        resolution: What answers.
    """
    answers = {
        choice.service: Availability(True, f"{choice.tier} answers in this run: {choice.reason}")
        for choice in resolution.choices
        if choice.tier is not Tier.MOCK and not matrix.get(choice.service)
    }
    papers = {paper: answers[service] for paper, service in NAMES.items() if service in answers}
    return {**matrix, **papers, **answers}


@dataclass(frozen=True, slots=True)
class Loss:
    """A service that was lost while something ran.

    Attributes:
        service: Which.
        reason: What was seen of it.
        mode: On what it ran.
        then: On what it ran again.
    """

    service: str
    reason: str
    mode: str
    then: str


class HybridExecutionManager:
    """Runs a test on the best that is there, and on less only when a service is lost while it runs.

    A failed assertion, or any other error, is never tried again on anything else. What was lost stays lost: later
    executions begin on what is left.

    Args:
        availability: What is there, by service, true when up; None to begin with the best and find out.

    Attributes:
        execution_mode: On what the next execution runs: ``real_services``, ``docker_services`` or ``mock_services``.
        losses: What was lost so far.
    """

    def __init__(self, availability: Mapping[str, object] | None = None) -> None:
        self._has_docker = availability is None or bool(availability.get(DOCKER))
        self._first = REAL if availability is None else self.determine_execution_mode(availability)
        self.execution_mode = self._first
        self.losses: list[Loss] = []

    @property
    def degraded(self) -> bool:
        """Whether less answers than could be expected at the beginning: a result of then proves nothing more."""
        return self.execution_mode != self._first

    def determine_execution_mode(self, availability: Mapping[str, object]) -> str:
        """The best mode: real services if every service is there, else Docker's, else mocks.

        Args:
            availability: By service, true when up; plain booleans will do. Docker is no service: what answers without
                it needs none.
        """
        services = [name for name in availability if name != DOCKER]
        if services and all(availability[name] for name in services):
            return REAL
        return CONTAINERS if availability.get(DOCKER) else MOCKS

    async def execute_with_fallback(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a test, synchronous or not, and again on less if a service is lost.

        Args:
            func: The test; one with a parameter ``execution_mode`` is told on what it is to run.
            *args: For it.
            **kwargs: For it.

        Raises:
            ServiceUnavailable: A service is lost, and there is nothing less to run on.
            Exception: Whatever else the test raises, at once.
        """
        while True:
            try:
                answer = func(*args, **kwargs, **self._told(func, kwargs))
                return await answer if inspect.isawaitable(answer) else answer
            except ServiceUnavailable as lost:
                if isinstance(lost, AssertionError) or not self._step_down(lost):
                    raise

    def _told(self, func: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, str]:
        try:
            wants = _MODE in inspect.signature(func).parameters and _MODE not in given
        except ValueError:  # a built-in without a signature
            wants = False
        return {_MODE: self.execution_mode} if wants else {}

    def _step_down(self, lost: ServiceUnavailable) -> bool:
        """Take the next mode that is there, and say so; whether there is one."""
        below = LADDER[LADDER.index(self.execution_mode) + 1 :]
        left = [each for each in below if each != CONTAINERS or self._has_docker]
        if not left:
            return False
        loss = Loss(lost.service, Redactor().text(lost.reason), self.execution_mode, left[0])
        self.losses.append(loss)
        self.execution_mode = loss.then
        _log.warning("degraded: %s was lost on %s (%s); again on %s", loss.service, loss.mode, loss.reason, loss.then)
        return True
