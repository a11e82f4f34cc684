"""The choice of what answers each service: pure, from settings, adapters, what their probes saw, and a test's demands.

- A mode that names a tier takes that tier only; a word for one service stands above the mode, and a test that is
  ``service_independent`` above both.
- ``hybrid`` takes what the product answers behind first, the most real first; then stand-ins, the least real
  (the mock) first, since among stand-ins only speed and steadiness count. A floor lets nothing less real answer.
- What is chosen makes sense together: see ``Policy.clash``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final
from weakref import WeakKeyDictionary

from goldenpath.config import Settings
from goldenpath.config.file import nearest
from goldenpath.config.options import NONE
from goldenpath.domain.errors import NoAdapter
from goldenpath.domain.values import Availability, Choice, Mode, Rejected, Resolution, Tier, Unanswered
from goldenpath.resolution.demands import INDEPENDENT, REAL_SERVICES, Demands, demands_of
from goldenpath.resolution.policy import Policy, is_ours
from goldenpath.resolution.policy import needs as needs_of
from goldenpath.resolution.registry import Candidate, Registry
from goldenpath.resolution.search import best

MOST_REAL: Final = "the most real that answers"
"""Why hybrid takes what the product answers behind."""


def services(settings: Settings, registry: Registry) -> tuple[str, ...]:
    """The services of the project: those that an adapter answers or the settings name, but for its ``none``."""
    named = [service for service in settings.services if service not in registry.services]
    return tuple(each for each in (*registry.services, *named) if settings.services.get(each) != NONE)


def absent(settings: Settings, registry: Registry) -> tuple[str, ...]:
    """The services that the project does not have, and that our stand-ins need behind them all the same."""
    needed = {need for each in registry if is_ours(each) for need in needs_of(each)}
    return tuple(each for each in registry.services if settings.services.get(each) == NONE and each in needed)


def candidates(settings: Settings, registry: Registry) -> tuple[Candidate, ...]:
    """The adapters that are worth a probe, each once.

    These are the ones that may answer this run, and the mocks, which a ``service_independent`` test uses in every mode.

    Raises:
        NoAdapter: A service has no adapter of the tier that was asked for.
    """
    policy, independent = Policy(settings), Policy(settings, Demands(category=INDEPENDENT))
    found: dict[str, Candidate] = {}
    named = services(settings, registry)
    for service in named:
        _check_asked(service, policy, registry)
    for service in (*named, *absent(settings, registry)):
        table = settings.service_settings.get(service, {})
        for each in registry.of(service):
            if policy.refusal(service, each) is None or independent.refusal(service, each) is None:
                found.setdefault(each.name, replace(each, settings=table))
    return tuple(found.values())


def resolve(settings: Settings, registry: Registry, availability: Mapping[str, Availability]) -> Resolution:
    """The choice for every service of the project, for a test without demands of its own.

    Args:
        settings: What was asked for.
        registry: The adapters that there are.
        availability: What was seen of each of ``candidates``, by name; one that is not in it counts as down.

    Raises:
        NoAdapter: A service has no adapter of the tier that was asked for.
    """
    for service in services(settings, registry):
        _check_asked(service, Policy(settings), registry)
    return _Resolving(Policy(settings, seen=availability), registry, availability).resolution()


def resolve_for(
    settings: Settings,
    registry: Registry,
    availability: Mapping[str, Availability],
    tags: Iterable[str] = (),
    path: str = "",
    needs: Iterable[str] = (),
) -> Resolution:
    """The choice for one test; cheap enough to ask for each: tests with equal demands share one.

    A service for which the test demands more than is there is left unanswered, with the reason.

    Args:
        settings: What was asked for.
        registry: The adapters that there are.
        availability: What was seen of each of ``candidates``, by name.
        tags: The tags or markers of the test, with or without ``@``.
        path: Its file, relative to the root of the project.
        needs: The capabilities that it needs, as ``service.capability``: in ``hybrid`` what lacks one leaves the place
            to what has it, if anything does.
    """
    known = _resolved.get(registry)
    if known is None or not known.fits(settings, registry, availability):
        known = _resolved[registry] = _Known(settings, registry, availability)
    return known.resolution(demands_of(settings, tags, path, needs))


def without(availability: Mapping[str, Availability], adapter: str, reason: str) -> dict[str, Availability]:
    """What is known when a service was lost: the same, but that this adapter is down, with the reason."""
    return {**availability, adapter: Availability(False, reason)}


def _check_asked(service: str, policy: Policy, registry: Registry) -> None:
    """Let no service be asked for in a way that no adapter could ever answer."""
    known = registry.of(service)
    if any(policy.not_asked_for(service, each) is None for each in known):
        return
    tier = policy.tier_asked(service)
    asked = f"no {tier} adapter" if tier else "no adapter that is not a stand-in" if known else "no adapter"
    known = tuple(sorted(known, key=lambda each: each.tier.rank))
    meant = "" if known else nearest(service, registry.services)
    exists = ", ".join(f"{each.name} ({each.tier})" for each in known) or "none"
    raise NoAdapter(
        f"the service {service!r} has {asked}{meant or f'; what exists: {exists}'}",
        where=service,
        try_next=f"one of: {', '.join(registry.services)}"
        if meant
        else f"--service {service}={known[0].tier if known else NONE}",
    )


class _Known:
    """The resolutions of one run so far, by demands."""

    def __init__(self, settings: Settings, registry: Registry, availability: Mapping[str, Availability]) -> None:
        self._settings = settings
        self._adapters = registry.names
        self._availability = dict(availability)
        self._registry = registry
        self._by_demands: dict[Demands, Resolution] = {}

    def fits(self, settings: Settings, registry: Registry, availability: Mapping[str, Availability]) -> bool:
        """Whether nothing has changed since."""
        same = settings is self._settings and registry.names == self._adapters
        return same and availability == self._availability

    def resolution(self, demands: Demands) -> Resolution:
        if demands not in self._by_demands:
            policy = Policy(self._settings, demands, self._availability)
            self._by_demands[demands] = _Resolving(policy, self._registry, self._availability).resolution()
        return self._by_demands[demands]


_resolved: WeakKeyDictionary[Registry, _Known] = WeakKeyDictionary()


class _Resolving:
    """One resolution: the best choice, and why each other candidate was not chosen."""

    def __init__(self, policy: Policy, registry: Registry, availability: Mapping[str, Availability]) -> None:
        self._policy = policy
        self._settings = policy.settings
        self._availability = availability
        self._services = services(policy.settings, registry)
        self._absent = absent(policy.settings, registry)
        self._candidates = {service: self._in_order(service, registry.of(service)) for service in self._services}
        for service in self._absent:
            # What others run of it is none of the project's.
            own = (each for each in registry.of(service) if each.tier is not Tier.REAL)
            self._candidates[service] = self._in_order(service, own)
        self._usable = {service: self._fit(service, known) for service, known in self._candidates.items()}
        self._answers = best(self._usable, policy)
        # The product's own code is worth more than a stand-in that could not hear it.
        deaf = [each for each, answer in self._answers.items() if answer and policy.deaf(answer, self._answers)]
        self._answers |= dict.fromkeys(deaf)

    def resolution(self) -> Resolution:
        answered = {
            service: each for service, each in self._answers.items() if each is not None and service in self._services
        }
        gone = [service for service in self._services if service not in answered]
        return Resolution(
            choices=tuple(self._choice(service, each) for service, each in answered.items()),
            unanswered=tuple(Unanswered(service, self._why_not(service, None)) for service in gone),
            fallback=self._settings.mode is Mode.HYBRID and not self._policy.demands.critical,
            behind=tuple(self._choice(service, each) for service, each in self._behind(answered.values())),
        )

    def _behind(self, chosen: Iterable[Candidate]) -> Iterator[tuple[str, Candidate]]:
        """What the chosen need, at any remove, of services that the project does not have."""
        wanted = {need for each in chosen for need in needs_of(each)}
        for service in self._absent:
            if service in wanted and (answer := self._answers[service]) is not None:
                yield service, answer

    def _in_order(self, service: str, known: Iterable[Candidate]) -> list[Candidate]:
        """What may answer a service, the preferred one first; then what may not."""
        return sorted(
            known,
            key=lambda each: (
                self._policy.refusal(service, each) is not None,
                self._policy.preference(service, each, self._availability.get(each.name)),
            ),
        )

    def _unusable(self, service: str, candidate: Candidate) -> str | None:
        """Why a candidate cannot answer, whatever answers the other services; or None."""
        if reason := self._policy.refusal(service, candidate):
            return reason
        seen = self._availability.get(candidate.name)
        if seen is None:
            return "nobody looked whether it is there"
        if not seen.up:
            return seen.reason
        has = {*self._services, *(self._absent if is_ours(candidate) else ())}
        lacking = [need for need in needs_of(candidate) if need not in has]
        if lacking and candidate.tier is not Tier.REAL:
            return f"it needs {lacking[0]}, which this project does not have"
        return None

    def _fit(self, service: str, known: Iterable[Candidate]) -> list[Candidate]:
        """Which candidates may answer a service: those that can do what the test needs, if there are any."""
        usable = [each for each in known if self._unusable(service, each) is None]
        return [each for each in usable if not self._policy.lacking(service, each)] or usable

    def _choice(self, service: str, candidate: Candidate) -> Choice:
        return Choice(
            service=service,
            adapter=candidate.name,
            tier=candidate.tier,
            stand_in=self._policy.stand_in(candidate),
            reason=f"{self._why(service, candidate)}: {self._availability[candidate.name].reason}",
            rejected=self._why_not(service, candidate),
            capabilities=frozenset(candidate.adapter.capabilities),
        )

    def _why(self, service: str, candidate: Candidate) -> str:
        demands = self._policy.demands
        if demands.category == INDEPENDENT:
            return "tests of service_independent run on mocks"
        if service in self._settings.services:
            return f"{candidate.tier} was asked for"
        if self._policy.rises(service, candidate):
            return f"mode {self._settings.mode}, and another process needs it"
        if self._settings.mode is not Mode.HYBRID:
            return f"mode {self._settings.mode}"
        if not self._policy.stand_in(candidate):
            return MOST_REAL
        if demands.floor is not None or demands.category == REAL_SERVICES:
            return "nothing of the product answers, and no less was asked for"
        for each in self._candidates[service]:
            lacking = self._policy.lacking(service, each)
            if lacking and not self._policy.stand_in(each) and self._unusable(service, each) is None:
                return f"the product that answers does not have {lacking}"
        return "nothing of the product answers"

    def _why_not(self, service: str, chosen: Candidate | None) -> tuple[Rejected, ...]:
        others = (each for each in self._candidates[service] if each != chosen)
        return tuple(Rejected(each.tier, self._reason(service, each, chosen), each.name) for each in others)

    def _reason(self, service: str, candidate: Candidate, chosen: Candidate | None) -> str:
        """Why a candidate was not chosen."""
        if reason := self._unusable(service, candidate):
            return reason
        if candidate not in self._usable[service]:
            return f"it does not have {self._policy.lacking(service, candidate)}"
        order = self._candidates[service]
        if chosen is not None and order.index(chosen) < order.index(candidate):
            is_less = self._policy.stand_in(candidate) and not chosen.adapter.stand_in
            like = "a stand-in, too, and " if self._policy.stand_in(candidate) and not is_less else ""
            return f"{like}{chosen.name} comes first"
        return self._clash(service, candidate) or "what needs it could not be had with it"

    def _clash(self, service: str, candidate: Candidate) -> str | None:
        """What stands against a candidate in what was chosen for the other services."""
        if reason := self._policy.deaf(candidate, self._answers):
            return reason
        for need in (each for each in needs_of(candidate) if each in self._answers):
            answer = self._answers[need]
            if answer is None and any(service in needs_of(each) for each in self._usable[need]):
                return f"it needs {need}, which needs it in turn"
            if reason := self._policy.clash(candidate, need, answer):
                return reason
        for other in self._answers.values():
            if other is not None and service in needs_of(other) and self._policy.clash(other, service, candidate):
                return f"{other.name} needs {service} and would not see this one"
        return None
