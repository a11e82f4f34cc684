"""Adapters and settings that are made up, for tables of what answers."""

from __future__ import annotations

from types import MappingProxyType

from goldenpath.config import Settings
from goldenpath.domain.values import Availability, Tier
from goldenpath.resolution import Registry

NEEDS = {"auth": ("database", "cache"), "agents": ("auth", "database", "cache"), "events": ("auth", "agents", "cache")}
FIVE = ("auth", "events", "agents", "database", "cache")
STORES = ("database", "cache")


class Made:
    """An adapter of which only what it says of itself counts."""

    def __init__(self, services, tier, *, stand_in, needs=(), is_reference=False, capabilities=(), knows=()):
        self.knows = tuple(knows)
        self.capabilities = frozenset(capabilities)
        self.services = services
        self.tier = Tier(tier)
        self.stand_in = stand_in
        self.needs = needs
        self.is_reference = is_reference

    async def probe(self):
        raise AssertionError("resolving looks at nothing")

    def open(self, context):
        raise AssertionError("resolving opens nothing")


def registry(*names, stand_ins=(), reference=(), needs=NEEDS, can=None, knows=None):
    """Adapters by names: ``auth.mock``. Mocks are stand-ins, the others where they are named as such.

    ``can`` has the capabilities of those that have any, by name; ``knows`` whom they know only as ours.
    """
    found = Registry()
    for name in names:
        service, _, tier = name.partition(".")
        is_reference = name in reference
        stand_in = tier == "mock" or name in stand_ins or is_reference
        made = Made(
            (service,),
            tier,
            stand_in=stand_in,
            needs=needs.get(service, ()),
            is_reference=is_reference,
            capabilities=(can or {}).get(name, ()),
            knows=(knows or {}).get(name, ()),
        )
        found.register(name, made)
    return found


def settings(**given):
    for name in ("services", "service_settings", "require", "paths"):
        if name in given:
            given[name] = MappingProxyType(given[name])
    return Settings(**given)


def seen(known, up=None, to_start=()):
    """What the probes saw: all is up, or what is named."""
    return {
        each.name: Availability(True, "it is there", to_start=each.name in to_start)
        if up is None or each.name in up
        else Availability(False, "refused")
        for each in known
    }


def adapters(resolution):
    return {choice.service: choice.adapter for choice in resolution.choices}


def reasons(resolution, service):
    """Why each candidate of a service was rejected, by its adapter's name."""
    if service in resolution:
        return {each.adapter: each.reason for each in resolution[service].rejected}
    return {
        each.adapter: each.reason for gone in resolution.unanswered if gone.service == service for each in gone.rejected
    }
