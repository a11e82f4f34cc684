"""What is allowed, what is tried first, and what makes sense together: the rules, each as a pure function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from goldenpath.config import Settings
from goldenpath.config.options import NONE
from goldenpath.domain.route import PROFILE
from goldenpath.domain.route import elsewhere as away_from
from goldenpath.domain.values import Availability, Mode, Tier
from goldenpath.resolution.demands import INDEPENDENT, REAL_SERVICES, Demands
from goldenpath.resolution.registry import Candidate


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules for one resolution: what the run asked for, what the test demands, and what was seen of candidates."""

    settings: Settings
    demands: Demands = field(default_factory=Demands)
    seen: Mapping[str, Availability] = field(default_factory=dict)

    def stand_in(self, candidate: Candidate) -> bool:
        """Whether no code of the team's product answers behind it.

        The reference platform's servers are the product where the settings say so; its mocks are never. Of what others
        run the settings may say that it is none: ``[services.billing.real] stand_in = true``; a server that says of
        itself that it is the reference platform's is one, unless they say ``false``.
        """
        said = [table["stand_in"] for table in self._tables(candidate) if "stand_in" in table]
        if any(each is True for each in said):
            return True
        is_product = self.settings.platform.product and self.is_ours(candidate) and candidate.tier is not Tier.MOCK
        if is_product or said:
            return candidate.adapter.stand_in and not is_product
        return candidate.adapter.stand_in or self._says_reference(candidate)

    def is_ours(self, candidate: Candidate) -> bool:
        """Whether the reference platform's code answers, as far as is known."""
        return is_ours(candidate) or self._says_reference(candidate)

    def _says_reference(self, candidate: Candidate) -> bool:
        seen = self.seen.get(candidate.name)
        return seen is not None and seen.is_reference

    def tier_asked(self, service: str) -> Tier | None:
        """The one tier that may answer, or None for any: a word for one service stands above the mode."""
        if self.demands.category == INDEPENDENT:
            return Tier.MOCK
        if (said := self.settings.services.get(service, NONE)) != NONE:
            return Tier(said)
        return None if self.settings.mode is Mode.HYBRID else Tier(self.settings.mode.value)

    def not_asked_for(self, service: str, candidate: Candidate) -> str | None:
        """Why a candidate is not of the kind that the settings or the category ask for, or None."""
        tier = self.tier_asked(service)
        if tier is not None and candidate.tier is not tier and not self._may_rise(service, candidate):
            return "tests of service_independent run on mocks" if self._independent else f"{tier} was asked for"
        if not self._independent and not self.settings.stand_ins and self.stand_in(candidate):
            return "no stand-in was asked for"
        return None

    def rises(self, service: str, candidate: Candidate) -> bool:
        """Whether a candidate is more real than the tier that was asked for, and may be so."""
        tier = self.tier_asked(service)
        return tier is not None and candidate.tier is not tier and self._may_rise(service, candidate)

    def _may_rise(self, service: str, candidate: Candidate) -> bool:
        """Whether something of our starting may answer where the mode names less.

        A service that was asked for in a process of its own cannot see a mock in this one: what it needs may be
        started for it (DESIGN, rule 3).
        """
        named = self.settings.services
        if self._independent or self.settings.mode is Mode.HYBRID or service in named:
            return False
        if self.settings.mode.value != Tier.MOCK.value or candidate.tier is not Tier.LOCAL:
            return False
        return bool({Tier.LOCAL.value, Tier.DOCKER.value}.intersection(named.values()))

    def refusal(self, service: str, candidate: Candidate) -> str | None:
        """Why a candidate may not answer, whether it is up or not; or None."""
        if reason := self.not_asked_for(service, candidate):
            return reason
        if self.demands.category == REAL_SERVICES and candidate.tier is Tier.MOCK:
            return "tests of real_services never run on a mock"
        floor = self.demands.floor
        if floor is not None and candidate.tier.rank < floor.rank:
            return f"@{self.demands.floor_by} asks for at least {floor}"
        if (host := elsewhere(candidate, self.settings.service_settings.get(service, {}))) is not None:
            return f"{host} is not on this machine: its address counts only with its profile, by --profile NAME"
        if candidate.tier is Tier.DOCKER and (reason := engine_elsewhere(self.settings)) is not None:
            return reason
        return None

    def lacking(self, service: str, candidate: Candidate) -> str | None:
        """A capability that the test needs of a service and a candidate does not have, or None."""
        for need in sorted(self.demands.needs):
            of, _, capability = need.partition(".")
            if of == service and capability and capability not in candidate.adapter.capabilities:
                return capability
        return None

    def preference(self, service: str, candidate: Candidate, seen: Availability | None) -> tuple[bool, int, bool]:
        """What sorts the candidates of a service.

        The product comes first, the most real of it before all; then stand-ins, the mock first; within a tier what
        runs already comes before what must be started. Of a tier that was asked for, that tier comes first.
        """
        stand_in, rank = self.stand_in(candidate), candidate.tier.rank
        to_start = seen is not None and seen.to_start
        if self.tier_asked(service) is not None:
            return self.rises(service, candidate), 0, to_start
        return stand_in, rank if stand_in else -rank, to_start

    def clash(self, candidate: Candidate, need: str, answer: Candidate | None) -> str | None:
        """Why a candidate makes no sense with what answers one of its needs, or None (DESIGN, rule 3).

        What others run is wired to what they run, so nothing of ours stands behind it; what runs in a process of its
        own sees nothing that lives in this one. The settings may say that both share a store or a key.
        """
        if self.settings.services.get(need) == NONE and not is_ours(candidate):
            return None
        if need in self._shared(candidate):
            return f"it shares {need} with what is there, and this one would be new" if self._is_new(answer) else None
        if candidate.tier is Tier.REAL:
            if answer is None or answer.tier is Tier.REAL:
                return None
            return f"it needs {need} as others run it and would not see the {answer.tier} one"
        if answer is None:
            return f"it needs {need}, which nothing answers"
        if candidate.tier is not Tier.MOCK and answer.tier is Tier.MOCK:
            return f"it needs {need} and, being another process, cannot see the mock in this one"
        return None

    def deaf(self, candidate: Candidate, answers: Mapping[str, Candidate | None]) -> str | None:
        """Why a candidate is of no use with what answers the other services, although it could be opened; or None."""
        for each in getattr(candidate.adapter, "knows", ()):
            answer = answers.get(each)
            if answer is not None and not self.is_ours(answer):
                return f"it hears nothing of {each} that are not the reference platform's"
        return None

    def _is_new(self, answer: Candidate | None) -> bool:
        """Whether an answer begins with this run, so that nobody else can have put anything into it."""
        if answer is None:
            return False
        seen = self.seen.get(answer.name)
        return answer.tier is Tier.MOCK or (seen is not None and seen.to_start)

    @property
    def _independent(self) -> bool:
        return self.demands.category == INDEPENDENT

    def _shared(self, candidate: Candidate) -> frozenset[str]:
        """The services of which the settings say that a candidate shares them with whatever answers them."""
        found: set[str] = set()
        for table in self._tables(candidate):
            said = table.get("shares", ())
            found.update([said] if isinstance(said, str) else said)
        return frozenset(found)

    def _tables(self, candidate: Candidate) -> list[Mapping[str, Any]]:
        """What the settings say of a candidate: ``[services.NAME.TIER]``."""
        tables = self.settings.service_settings
        return [_table(tables.get(service, {}), candidate.tier) for service in candidate.adapter.services]


def is_ours(candidate: Candidate) -> bool:
    """Whether the reference platform's code answers."""
    return candidate.tier is Tier.MOCK or getattr(candidate.adapter, "is_reference", False)


def needs(candidate: Candidate) -> tuple[str, ...]:
    """The services that a candidate calls and does not answer itself."""
    return tuple(need for need in candidate.adapter.needs if need not in candidate.adapter.services)


def elsewhere(candidate: Candidate, settings: Mapping[str, Any]) -> str | None:
    """The host of a candidate that others run, if it is not this machine and no profile that was named names it."""
    table = _table(settings, Tier.REAL)
    url = table.get("url")
    if candidate.tier is not Tier.REAL or not isinstance(url, str) or PROFILE in table or "://" not in url:
        return None  # what is no address at all, its probe says
    return away_from(url) or None


def engine_elsewhere(settings: Settings) -> str | None:
    """Why the engine of Docker may not be asked, where it is not on this machine and no profile was named; or None."""
    host = "" if settings.profile else away_from(settings.docker_host)
    return f"the engine of Docker at {host} is not on this machine: it counts only with a profile" if host else None


def _table(settings: Mapping[str, Any], tier: Tier) -> Mapping[str, Any]:
    table = settings.get(tier.value, {})
    return table if isinstance(table, Mapping) else {}
