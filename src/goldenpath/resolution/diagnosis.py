"""What there is, what each mode would make of it, and what is missing for something better."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from goldenpath.config import Settings
from goldenpath.config.options import NONE
from goldenpath.domain.values import Availability, Mode, Rejected, Resolution, Tier
from goldenpath.ports.adapter import Adapter
from goldenpath.resolution.policy import Policy, engine_elsewhere
from goldenpath.resolution.probes import probe_docker
from goldenpath.resolution.probing import probe
from goldenpath.resolution.registry import Candidate, Registry
from goldenpath.resolution.resolve import candidates, resolve_for, services

DOCKER: Final = "docker"
"""The name under which the Docker engine itself is looked at; no adapter is called so."""

_UNSEEN: Final = re.compile(r"it needs (\w+) as others run it")
"""How a reason begins that a setting may know better."""

_COMMANDS: Final = {
    Tier.LOCAL: "pip install 'goldenpath[local]'",
    Tier.DOCKER: "start Docker, or name it: DOCKER_HOST=unix:///path/to/docker.sock",
    Tier.REAL: "start it, or say where it runs: GOLDENPATH_{NAME}_URL=http://localhost:PORT",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """A better tier for some services, why it is not there, and the command or setting that gets it."""

    tier: Tier
    services: tuple[str, ...]
    reason: str
    try_next: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was seen and what comes of it.

    Attributes:
        settings: What was asked for.
        services: The services of the project.
        availability: What was seen, by candidate; and of the Docker engine.
        asked: The resolution that was asked for.
        modes: What every mode would resolve to, by its name.
        missing: What would be better.
        seconds: How long looking and resolving took.
    """

    settings: Settings
    services: tuple[str, ...]
    availability: Mapping[str, Availability]
    asked: Resolution
    modes: Mapping[str, Resolution]
    missing: tuple[Missing, ...]
    seconds: float

    def candidates(self, service: str, registry: Registry) -> Iterator[Mapping[str, Any]]:
        """Every adapter of a service as plain values: the chosen one, and the others with the reason."""
        policy = Policy(self.settings, seen=self.availability)
        reasons = {each.adapter: each.reason for each in rejected(self.asked, service)}
        for each in registry.of(service):
            seen = self.availability.get(each.name)
            chosen = service in self.asked and self.asked[service].adapter == each.name
            yield {
                "adapter": each.name,
                "tier": each.tier.value,
                "stand_in": policy.stand_in(each),
                "chosen": chosen,
                "up": seen.up if seen else None,
                "to_start": seen.to_start if seen else None,
                "reason": self.asked[service].reason if chosen else reasons.get(each.name, ""),
                "seen": seen.reason if seen else None,
                "version": seen.version if seen else "",
                "seconds": round(seen.seconds, 3) if seen else None,
            }


async def diagnose(settings: Settings, registry: Registry) -> Diagnosis:
    """Look at everything at once, under the deadline of the settings, and resolve every mode."""
    begun = time.perf_counter()
    anything = everything(settings, registry)
    availability = await look(settings, anything)
    asked = resolve_for(settings, registry, availability)
    modes = {mode.value: resolve_for(_plain(settings, mode), registry, availability) for mode in Mode}
    missing = tuple(_missing(settings, registry, modes[Mode.HYBRID.value], availability))
    seconds = time.perf_counter() - begun
    return Diagnosis(settings, services(settings, registry), availability, asked, modes, missing, seconds)


def everything(settings: Settings, registry: Registry) -> tuple[Candidate, ...]:
    """Every candidate of the project, whatever mode was asked for."""
    return candidates(_plain(settings, Mode.HYBRID), registry)


async def look(settings: Settings, wanted: tuple[Candidate, ...]) -> Mapping[str, Availability]:
    """What was seen of some candidates and of the Docker engine, all at once."""
    docker = Candidate(DOCKER, cast("Adapter", _DockerLook(engine_elsewhere(settings))))
    return await probe([*wanted, docker], settings.probe_deadline)


class _DockerLook:
    """The Docker engine as something to look at.

    Args:
        refusal: Why it may not be asked; None where it may.
    """

    def __init__(self, refusal: str | None) -> None:
        self._refusal = refusal

    async def probe(self) -> Availability:
        """Whether it answers."""
        return await probe_docker() if self._refusal is None else Availability(False, self._refusal)


def rejected(resolution: Resolution, service: str) -> tuple[Rejected, ...]:
    """Every candidate of a service that was not chosen."""
    if service in resolution:
        return resolution[service].rejected
    return next((each.rejected for each in resolution.unanswered if each.service == service), ())


def _plain(settings: Settings, mode: Mode) -> Settings:
    """The same project in another mode, without a word for single services but ``none``."""
    absent = {name: NONE for name, tier in settings.services.items() if tier == NONE}
    return replace(settings, mode=mode, services=absent, stand_ins=True)


def _missing(
    settings: Settings, registry: Registry, hybrid: Resolution, availability: Mapping[str, Availability]
) -> Iterator[Missing]:
    """What is more real than what hybrid gives and is not there: each reason once, with all that it holds for."""
    found: dict[tuple[Tier, str], dict[str, str]] = {}
    for service in services(settings, registry):
        rank = hybrid[service].tier.rank if service in hybrid else -1
        for each in rejected(hybrid, service):
            if each.tier.rank > rank and (not availability.get(each.adapter) or _UNSEEN.match(each.reason)):
                found.setdefault((each.tier, _of_any(each.reason, service)), {})[service] = each.reason
    for (tier, alike), reasons in sorted(found.items(), key=lambda each: each[0][0].rank):
        alone = next(iter(reasons)) if len(reasons) == 1 else ""
        reason = reasons[alone] if alone else alike
        yield Missing(tier, tuple(reasons), reason, _command(tier, reason, alone or "NAME"))


def _command(tier: Tier, reason: str, service: str) -> str:
    """What gets a better tier: something to install or start, or a word in the settings."""
    if unseen := _UNSEEN.match(reason):
        return f'[services.{unseen[1]}.real] url = "...", or [services] {unseen[1]} = "none" where you look into none'
    return _COMMANDS.get(tier, "").replace("{NAME}", service.upper())


def _of_any(reason: str, service: str) -> str:
    """A reason in words that hold for every service."""
    return reason.replace(service.upper(), "NAME").replace(f".{service}.", ".NAME.")
