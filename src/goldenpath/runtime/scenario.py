"""One attempt at a scenario, opened: its services, what is observed of them, and its end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from msgspec import Struct

from goldenpath.config.profiles import WRITES_NONE
from goldenpath.domain.errors import MissingCapability, ServiceUnavailable
from goldenpath.domain.timeline import Event, Observation, ScenarioFinished, ScenarioStarted, ServiceUse, StepFinished
from goldenpath.gherkin.messages import id_of
from goldenpath.ports.adapter import Address, Hearer, OpenContext
from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.resolution.policy import is_ours
from goldenpath.resolution.registry import Candidate
from goldenpath.runtime.loop import ScenarioTask
from goldenpath.runtime.observing import ObservedPort, Operation, Seen
from goldenpath.runtime.opening import OpenAdapters
from goldenpath.runtime.payload import payload
from goldenpath.runtime.services import Services, protocol_of
from goldenpath.runtime.timeline import instant, now

if TYPE_CHECKING:
    from goldenpath.runtime.session import RunSession

READ_ONLY: Final = "@read_only"
"""The tag of a scenario that changes nothing, so that it may run where nothing may be written."""

SCENARIO: Final = "scenario"
"""The caller of an operation that a step calls itself."""


class ScenarioInfo(Struct, frozen=True):
    """Which scenario, and which attempt at it.

    Attributes:
        id: The scenario's id (feature path, names, row, ordinal).
        attempt: From 1.
        service_tags: Which of its tags (without ``@``) belong to which service, besides those of the settings.
        lost: What was lost in each earlier attempt that ended with that, so that it started again on what was left.
        needs: What its steps need, as ``service.capability``.
        people: How many persons its sentences name, where that was counted; else 0.
    """

    id: str
    attempt: int
    feature: str
    rule: str | None
    name: str
    uri: str
    line: int
    tags: tuple[str, ...] = ()
    row: tuple[str, ...] = ()
    service_tags: Mapping[str, str] = {}
    lost: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    people: int = 0


class OpenedScenario:
    """One attempt at a scenario, from its first fixture to its last.

    What only services need is made when a step first asks for one: many scenarios never do.

    Attributes:
        observations: What was observed so far, in order, redacted.
        resolution: What answers in it; a loss changes it for later ones only.
        lost: What was lost in it, by service, with what was seen.
    """

    def __init__(self, session: RunSession, info: ScenarioInfo, task: ScenarioTask) -> None:
        self.info = info
        self.observations: list[Observation] = []
        self._hearers: list[Hearer] = []
        self.resolution = session.resolution_for(info.tags, info.uri, info.needs)
        self.lost: dict[str, str] = {}
        self._session = session
        self._task = task
        self._step: int | None = None
        self._begun = time.perf_counter()
        self._is_over = False
        self._refused = ""
        self._emit_start()

    @cached_property
    def services(self) -> Services:
        """The services that its steps talk to."""
        resolution = self.resolution
        names = (*resolution.services, *(each.service for each in resolution.unanswered))
        return Services({name: self._port(name, SCENARIO) for name in names}, self._clock, self._task.run)

    @cached_property
    def _made(self) -> WeakSet[Operation]:
        return WeakSet()

    @cached_property
    def _clock(self) -> ScenarioClock:
        return ScenarioClock()

    @cached_property
    def _ids(self) -> SeededIds:
        return SeededIds(f"{self._session.run_id}:{self._session.worker}:{self.info.id}:{self.info.attempt}")

    @cached_property
    def _adapters(self) -> OpenAdapters:
        session = self._session
        resolution = self.resolution
        adapters = OpenAdapters(
            resolution,
            session.registry.__getitem__,
            self._context,
            lambda service: session.started.address(service, resolution),
        )
        if self._is_over:
            adapters.refuse()
        return adapters

    def step_started(self, index: int) -> None:
        """A step begins: what is observed from now on is its own."""
        self._step = index

    def step_finished(
        self,
        index: int,
        keyword: str,
        text: str,
        line: int,
        status: str,
        seconds: float,
        message: str | None,
        *,
        at: int = 0,
    ) -> None:
        """A step ended, or was not run: its line in the timeline.

        ``message`` is redacted. ``at`` is when, in nanoseconds since 1970; 0 for now.
        """
        self._step = None
        session, info = self._session, self.info
        redact = session.redactor.text
        session.bus.emit(
            StepFinished(
                at=instant(at) if at else now(),
                worker=session.worker,
                scenario=info.id,
                attempt=info.attempt,
                index=index,
                keyword=keyword,
                text=redact(text),
                line=line,
                status=status,
                seconds=round(seconds, 6),
                message=None if message is None else redact(message),
            )
        )

    def redact(self, text: str) -> str:
        """A text for people without the secrets of this run."""
        return self._session.redactor.text(text)

    @property
    def must_run(self) -> bool:
        """Whether what cannot run counts as a failure: on a build server."""
        return self._session.settings.ci

    def owed(self) -> str | None:
        """Why nothing answers a service that this scenario needs, where that counts as a failure.

        On a build server it does; and anywhere where the service was lost in this run, and no other may take its place.
        """
        if self._may_not_write:
            return None
        wanted = {need.partition(".")[0] for need in self.info.needs} | self._owners.keys()
        for choice in self.resolution.choices:
            if choice.service in wanted and (lost := self._session.gone(choice.adapter)):
                return f"{choice.service} is lost, and nothing less may answer: {lost}"
        if not self._session.settings.ci:
            return None
        gone = (each for each in self.resolution.unanswered if each.service in wanted)
        return next((f"nothing answers {each.service}: {each.reason}" for each in gone), None)

    def missing(self) -> str | None:
        """Why this scenario cannot run here, or None."""
        if self._may_not_write:
            return f"the profile {self._session.settings.profile} lets nothing be written: only {READ_ONLY} runs"
        needs = self.info.needs
        if not needs and not self._owners:
            return None
        resolution = self.resolution
        unanswered = {each.service: each.reason for each in resolution.unanswered}
        for need in (*needs, *(f"{service}." for service in self._owners)):
            service, _, capability = need.partition(".")
            if service in unanswered:
                return f"nothing answers {service}: {unanswered[service]}"
            if service not in resolution:
                return f"this project has no service {service!r}"
            choice = resolution[service]
            if capability and capability not in choice.capabilities:
                return f"it needs {capability}, which {service} ({choice.tier}) does not have here"
        return None

    @property
    def _may_not_write(self) -> bool:
        """Whether it might write, where the profile lets nothing be written."""
        return self._session.settings.writes == WRITES_NONE and READ_ONLY not in self.info.tags

    def never_ran(self) -> str | None:
        """What is wrong with steps that called an operation of a port and kept it, and nobody ever awaited it."""
        if "services" not in self.__dict__:
            return None
        waiting = [each.name for each in self._made if each.is_waiting]
        return f"{waiting[0]} was called and never awaited, so it never ran" if waiting else None

    def passed_without(self) -> str | None:
        """What is wrong with an attempt that has passed although nothing answered what it asked for; or None."""
        if self._refused:
            return f"{self._refused}, and it passed all the same"
        own = [each for each in self.observations if each.caller == SCENARIO]
        answered = {each.service for each in own if each.outcome != ServiceUnavailable.__name__}
        silent = next((each.service for each in own if each.service not in answered), None)
        return f"{silent} was lost whenever it was asked, and it passed all the same" if silent else None

    def proved_nothing(self) -> str | None:
        """What is wrong with a scenario whose steps are done and that made no observation through its service's port.

        A scenario that belongs to a service must have used its port in its own steps (rule 4). ``close`` asks the
        same; a runner asks here first, to say it while the scenario still runs. None when nothing is wrong.
        """
        if not self._owners:
            return None
        seen = {each.service for each in self.observations if each.caller == SCENARIO and each.step is not None}
        for service, tag in self._owners.items():
            if service in self.resolution and service not in seen:
                return f"it proved nothing: it is tagged @{tag}, and none of its steps used {service}"
        return None

    def close(self, status: str) -> str | None:
        """Close the adapters of the attempt.

        Args:
            status: Cucumber's word for the scenario, as far as its steps say.

        Returns:
            What is wrong with a scenario that seemed to have passed: it proved nothing, or what it used did not
            close. None when nothing is.
        """
        self._step = None
        wrong = self._close()
        return (self.proved_nothing() or wrong) if status == "passed" else None

    def lose(self, error: BaseException) -> str | None:
        """What to say of services that were lost, if that may be why something went wrong; None if none was.

        Later attempts are resolved without them.
        """
        self.lost = self._session.lose(error, self.resolution)
        told = (f"{name} ({self.resolution[name].tier}): {reason}" for name, reason in self.lost.items())
        return f"lost on the way: {'; '.join(told)}" if self.lost else None

    def finish(self, status: str, message: str | None) -> None:
        """Write the end of the attempt, after ``close``.

        Args:
            status: Cucumber's word for the scenario, or ``planned`` or ``empty``.
            message: The sentence of its failure, or the reason of its skip.
        """
        used = self.used()
        self._emit(
            ScenarioFinished(
                **self._common(),
                status=status,
                standing=_standing(status, used) if self.info.attempt == 1 + len(self.info.lost) else None,
                seconds=round(time.perf_counter() - self._begun, 6),
                services=used,
                message=None if message is None else self._session.redactor.text(message),
                degraded=bool(self.info.lost),
                lost=tuple(self.lost),
            )
        )
        self._session.flush()
        self._session.redactor.settle()

    def used(self) -> tuple[ServiceUse, ...]:
        """The services that answered in it."""
        if not self.observations:
            return ()
        used = {each.service for each in self.observations}
        choices = [choice for choice in self.resolution.choices if choice.service in used]
        return tuple(ServiceUse(service=c.service, tier=c.tier.value, stand_in=c.stand_in) for c in choices)

    def _close(self) -> str | None:
        self._is_over = True
        adapters: OpenAdapters | None = self.__dict__.get("_adapters")
        if adapters is None:
            return None
        if not adapters.opened_any:
            adapters.refuse()
            return None
        try:
            self._task.run(adapters.close())
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # an adapter is anybody's code
            return f"a service did not close: {type(error).__name__}: {error}"
        return None

    @cached_property
    def _owners(self) -> dict[str, str]:
        """The services that the scenario belongs to, each with the tag that says so."""
        if not self.info.tags:
            return {}
        belongs = {**self._session.settings.service_tags, **self.info.service_tags}
        tags = (tag.removeprefix("@") for tag in self.info.tags)
        return {belongs[tag]: tag for tag in tags if tag in belongs}

    def _context(self, service: str, needs: tuple[str, ...], address: Address) -> OpenContext:
        settings = self._session.settings
        scripts = [str(each) for each in self._session.scripts]
        return OpenContext(
            scenario=self.info.id,
            clock=self._clock,
            ids=self._ids,
            ports={need: self._port(need, service) for need in needs},
            settings={"scripts": scripts} | dict(settings.service_settings.get(service, {})),
            fault=settings.fault,
            key=f"{id_of(self.info.id)[:12]}{self.info.attempt}",
            address=address,
            workers=self._session.workers,
            people=self.info.people,
            ours=self._ours,
            listen=self._hearers.append,
        )

    @cached_property
    def _ours(self) -> frozenset[str]:
        """The services that the reference platform's code answers."""
        registry = self._session.registry
        chosen = ((each.service, Candidate(each.adapter, registry[each.adapter])) for each in self.resolution.choices)
        return frozenset(service for service, candidate in chosen if is_ours(candidate))

    def _port(self, service: str, caller: str) -> ObservedPort:
        async def port() -> Any:
            try:
                return await self._adapters.port(service)
            except MissingCapability as missing:
                self._refused = self._refused or missing.message
                raise

        if caller != SCENARIO:
            return ObservedPort(service, caller, protocol_of(service), port, self._observe, promised_only=False)
        return ObservedPort(service, caller, protocol_of(service), port, self._observe, made=self._made.add)

    def _observe(self, seen: Seen) -> None:
        if seen.outcome == "ok":
            for hearer in self._hearers:
                hearer(seen.service, seen.operation, seen.given, seen.answer)
        if seen.service not in self.resolution:
            return
        choice = self.resolution[seen.service]
        told = {"in": payload(seen.given, self._session.redactor)}
        if seen.answer is not None:
            # A bare text is named by its operation: what ``ticket`` gives is a ticket.
            key = seen.operation if seen.outcome == "ok" else ""
            told["out"] = payload(seen.answer, self._session.redactor, key)
        observation = Observation(
            **self._common(),
            service=seen.service,
            operation=seen.operation,
            caller=seen.caller,
            tier=choice.tier.value,
            stand_in=choice.stand_in,
            outcome=seen.outcome,
            seconds=round(seen.seconds, 6),
            step=self._step,
            payload=told,
        )
        self.observations.append(observation)
        self._emit(observation)

    def _emit_start(self) -> None:
        info = self.info
        self._emit(
            ScenarioStarted(
                **self._common(),
                feature=info.feature,
                rule=info.rule,
                name=info.name,
                uri=info.uri,
                line=info.line,
                tags=info.tags,
                row=info.row,
            )
        )
        self._session.flush()

    def _common(self) -> dict[str, Any]:
        return {"at": now(), "worker": self._session.worker, "scenario": self.info.id, "attempt": self.info.attempt}

    def _emit(self, event: Event) -> None:
        self._session.bus.emit(event)


def _standing(status: str, used: tuple[ServiceUse, ...]) -> str | None:
    """What a passed scenario says of the product; nothing when it used no service."""
    if status != "passed" or not used:
        return None
    return "rehearsed" if any(each.stand_in for each in used) else "verified"
