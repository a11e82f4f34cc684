"""The words of the design as frozen values: tier, availability, resolution."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SERVICES: Final = ("auth", "events", "agents", "database", "cache")
"""The services that come with us; a project may have fewer, others, or more."""


class Tier(StrEnum):
    """How real the machinery behind an adapter is, from least to most."""

    MOCK = "mock"
    LOCAL = "local"
    DOCKER = "docker"
    REAL = "real"

    @property
    def rank(self) -> int:
        """The place in the order ``mock < local < docker < real``, from 0."""
        return list(Tier).index(self)


class Mode(StrEnum):
    """What a run asks for: one tier for every service, or the best of what is there."""

    MOCK = "mock"
    LOCAL = "local"
    DOCKER = "docker"
    REAL = "real"
    HYBRID = "hybrid"


REFERENCE: Final = "goldenpath-platform"
"""What the servers of the reference platform call themselves (the product of RFC 9110's ``Server``, 10.2.4)."""


@dataclass(frozen=True, slots=True)
class Availability:
    """What a probe saw of one candidate.

    Attributes:
        up: Whether the service answered as itself.
        reason: Why it is up or not, for people.
        version: What the service says of itself; empty when it does not say.
        seconds: How long the look took.
        to_start: Whether nothing runs yet: it can be had, but must be started first.
        is_reference: Whether it said of itself that it is a server of the reference platform.

    It is true when it is up.
    """

    up: bool
    reason: str
    version: str = ""
    seconds: float = 0.0
    to_start: bool = False
    is_reference: bool = False

    def __bool__(self) -> bool:
        return self.up


@dataclass(frozen=True, slots=True)
class Rejected:
    """A candidate that was not chosen, and why; ``adapter`` is the name under which it was registered."""

    tier: Tier
    reason: str
    adapter: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What answers for one service, and every candidate that does not.

    Attributes:
        service: The name of the service.
        adapter: The name under which the adapter was registered, e.g. ``auth.mock``.
        tier: How real its machinery is.
        stand_in: Whether no code of the team's product answers behind it.
        reason: Why it was chosen, for people.
        rejected: The others.
        capabilities: What it can do that not every service of its kind can.
    """

    service: str
    adapter: str
    tier: Tier
    stand_in: bool
    reason: str
    rejected: tuple[Rejected, ...] = ()
    capabilities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A service of the project for which nothing that was asked for answers, and why each candidate does not."""

    service: str
    rejected: tuple[Rejected, ...] = ()

    @property
    def reason(self) -> str:
        """Why, for people."""
        return "; ".join(f"{each.tier}: {each.reason}" for each in self.rejected)


@dataclass(frozen=True, slots=True)
class Resolution:
    """The choice for each service, in the order of the services, and the services without one.

    Attributes:
        choices: What answers.
        unanswered: What nothing answers.
        fallback: Whether another adapter may answer when one of these is lost; if not, a loss is an error.
        behind: What stand-ins of ours use of services that the project does not have; no scenario sees it.
    """

    choices: tuple[Choice, ...]
    unanswered: tuple[Unanswered, ...] = ()
    fallback: bool = True
    behind: tuple[Choice, ...] = ()

    def __getitem__(self, service: str) -> Choice:
        if (choice := self.answering(service)) is None:
            raise KeyError(service)
        return choice

    def answering(self, service: str) -> Choice | None:
        """What answers a service for an adapter that needs it, be it one of the project's or not; None for nothing."""
        return next((choice for choice in (*self.choices, *self.behind) if choice.service == service), None)

    def __contains__(self, service: object) -> bool:
        return any(choice.service == service for choice in self.choices)

    def can(self, need: str) -> bool:
        """Whether what answers a service has a capability; what nothing answers lacks none.

        Args:
            need: ``service.capability``.
        """
        service, _, capability = need.partition(".")
        return not capability or service not in self or capability in self[service].capabilities

    @property
    def services(self) -> tuple[str, ...]:
        """The names of the services that something answers."""
        return tuple(choice.service for choice in self.choices)
