"""The choice of what answers each service: pure, from settings, adapters and what their probes saw.

- A mode that names a tier takes that tier only; a word for one service stands above the mode.
- ``hybrid`` takes what the product answers behind first, the most real first; then stand-ins, the least real
  (the mock) first, since among stand-ins only speed and steadiness count.
- A candidate is rejected when something that it needs is answered by nothing, or by something that it cannot
  see: a service that others run sees none of our stand-ins or stores behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from goldenpath.config import Settings
from goldenpath.config.file import nearest
from goldenpath.config.options import NONE
from goldenpath.domain.errors import NoAdapter
from goldenpath.domain.values import Availability, Choice, Mode, Rejected, Resolution, Tier, Unanswered
from goldenpath.resolution.registry import Candidate, Registry


def services(settings: Settings, registry: Registry) -> tuple[str, ...]:
    """The services of the project: those that an adapter answers or the settings name, but for its ``none``."""
    named = [service for service in settings.services if service not in registry.services]
    return tuple(each for each in (*registry.services, *named) if settings.services.get(each) != NONE)


def candidates(settings: Settings, registry: Registry) -> tuple[Candidate, ...]:
    """The adapters that are worth a probe: those of a tier that was asked for, each once.

    Raises:
        NoAdapter: A service has no adapter of the tier that was asked for.
    """
    found: dict[str, Candidate] = {}
    for service in services(settings, registry):
        for each in _wanted(service, settings, registry):
            found.setdefault(each.name, each)
    return tuple(found.values())


def resolve(settings: Settings, registry: Registry, availability: Mapping[str, Availability]) -> Resolution:
    """The choice for every service of the project.

    Args:
        settings: What was asked for.
        registry: The adapters that there are.
        availability: What was seen of each of ``candidates``, by name; one that is not in it counts as down.

    Raises:
        NoAdapter: A service has no adapter of the tier that was asked for.
    """
    return _Resolving(settings, registry, availability).resolution()


def _wanted(service: str, settings: Settings, registry: Registry) -> list[Candidate]:
    """The adapters of a service that the settings allow, in the order in which they are tried."""
    known = registry.of(service)
    tier = _tier_asked(service, settings)
    allowed = [each for each in known if _refusal(each, tier, settings) is None]
    if not allowed:
        asked = f"no {tier} adapter" if tier else "no adapter that is not a stand-in" if known else "no adapter"
        tiers = sorted({each.tier for each in known}, key=lambda each: each.rank)
        meant = "" if known else nearest(service, registry.services)
        raise NoAdapter(
            f"the service {service!r} has {asked}{meant or f'; what exists: {_listed(known)}'}",
            where=service,
            try_next=f"one of: {', '.join(registry.services)}"
            if meant
            else f"--service {service}={tiers[0] if tiers else NONE}",
        )
    return sorted(allowed, key=lambda each: _preference(each) if tier is None else 0)


def _listed(known: Iterable[Candidate]) -> str:
    return ", ".join(f"{each.name} ({each.tier})" for each in known) or "none"


def _preference(candidate: Candidate) -> tuple[bool, int]:
    stand_in, rank = candidate.adapter.stand_in, candidate.tier.rank
    return stand_in, rank if stand_in else -rank


def _tier_asked(service: str, settings: Settings) -> Tier | None:
    """The one tier that may answer, or None for any."""
    if service in settings.services:
        return Tier(settings.services[service])
    return None if settings.mode is Mode.HYBRID else Tier(settings.mode.value)


def _refusal(candidate: Candidate, tier: Tier | None, settings: Settings) -> str | None:
    """Why the settings do not allow a candidate, or None."""
    if tier is not None and candidate.tier is not tier:
        return f"{tier} was asked for"
    if candidate.adapter.stand_in and not settings.stand_ins:
        return "no stand-in was asked for"
    return None


class _Resolving:
    """One resolution on its way: what was chosen so far, and who was rejected and why."""

    def __init__(self, settings: Settings, registry: Registry, availability: Mapping[str, Availability]) -> None:
        self._settings = settings
        self._registry = registry
        self._availability = availability
        self._services = services(settings, registry)
        self._chosen: dict[str, Candidate | None] = {}
        self._rejected: dict[str, list[Rejected]] = {}

    def resolution(self) -> Resolution:
        for service in self._services:
            self._choose(service, ())
        choices = tuple(self._choice(service, each) for service, each in self._chosen_in_order() if each)
        unanswered = tuple(
            Unanswered(service, self._why_not(service, None)) for service, each in self._chosen_in_order() if not each
        )
        return Resolution(choices, unanswered)

    def _chosen_in_order(self) -> list[tuple[str, Candidate | None]]:
        return [(service, self._chosen[service]) for service in self._services]

    def _choose(self, service: str, asking: tuple[str, ...]) -> Candidate | None:
        """The first candidate of a service that is up and gets what it needs; found once a resolution."""
        if service not in self._chosen:
            rejected = self._rejected.setdefault(service, [])
            chosen = None
            for each in _wanted(service, self._settings, self._registry):
                reason = self._down(each) or self._incoherence(each, (*asking, service))
                if reason is None:
                    chosen = each
                    break
                rejected.append(Rejected(each.tier, reason))
            self._chosen[service] = chosen
        return self._chosen[service]

    def _down(self, candidate: Candidate) -> str | None:
        seen = self._availability.get(candidate.name)
        if seen is None:
            return "nobody looked whether it is there"
        return None if seen.up else seen.reason

    def _incoherence(self, candidate: Candidate, asking: tuple[str, ...]) -> str | None:
        """Why a candidate makes no sense together with what answers its needs, or None."""
        for need in candidate.adapter.needs:
            if need in candidate.adapter.services:
                continue
            if need not in self._services:
                return f"it needs {need}, which this project does not have"
            if need in asking:
                return f"it needs {need}, which needs it in turn"
            answer = self._choose(need, asking)
            if answer is None:
                return f"it needs {need}, which nothing answers"
            if candidate.tier is Tier.REAL and answer.tier is not Tier.REAL:
                return f"it needs {need} as others run it and would not see the {answer.tier} one"
        return None

    def _choice(self, service: str, candidate: Candidate) -> Choice:
        adapter = candidate.adapter
        return Choice(
            service=service,
            adapter=candidate.name,
            tier=candidate.tier,
            stand_in=adapter.stand_in,
            reason=self._why(service, candidate),
            rejected=self._why_not(service, candidate),
            capabilities=frozenset(adapter.capabilities),
        )

    def _why(self, service: str, candidate: Candidate) -> str:
        seen = self._availability[candidate.name].reason
        if service in self._settings.services:
            return f"{candidate.tier} was asked for: {seen}"
        if self._settings.mode is not Mode.HYBRID:
            return f"mode {self._settings.mode}: {seen}"
        if candidate.adapter.stand_in:
            return f"nothing of the product answers: {seen}"
        return f"the most real that answers: {seen}"

    def _why_not(self, service: str, chosen: Candidate | None) -> tuple[Rejected, ...]:
        """Every candidate but the chosen one: first those that were tried, then those that were not."""
        tried = self._rejected[service]
        tier = _tier_asked(service, self._settings)
        order = _wanted(service, self._settings, self._registry)
        later = order[order.index(chosen) + 1 :] if chosen else []
        not_tried = [Rejected(each.tier, f"{chosen.name} comes first") for each in later if chosen]
        refused = [
            Rejected(each.tier, reason)
            for each in self._registry.of(service)
            if (reason := _refusal(each, tier, self._settings)) is not None
        ]
        return (*tried, *not_tried, *refused)
