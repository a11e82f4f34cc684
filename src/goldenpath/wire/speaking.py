"""What the speakers of HTTP have in common: the mapping of a table, what it can do, and a look at the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from goldenpath.domain.errors import SettingsError
from goldenpath.domain.values import Availability
from goldenpath.wire.mapping import ServiceMapping, mapping
from goldenpath.wire.operations import PortOperation

Needed = Mapping[str, tuple[str, ...]]
"""The operations that a capability needs."""


def mapping_of(service: str, table: Mapping[str, Any], port: Mapping[str, PortOperation]) -> ServiceMapping:
    """See ``goldenpath.wire.mapping.mapping``."""
    return mapping(service, table, port)


def able(made: ServiceMapping, needed: Needed) -> set[str]:
    """The capabilities that a mapping names and has the operations for."""
    return {each for each in made.capabilities if all(made.ways(name) for name in needed.get(each, ()))}


def check(service: str, table: Mapping[str, Any], port: Mapping[str, PortOperation], needed: Needed) -> None:
    """Whether a mapping is sound, and has an operation for all that its table says that it can do.

    Raises:
        SettingsError: It is not; ``where`` is the key.
    """
    made = mapping_of(service, table, port)
    for each in table.get("capabilities", ()):
        for name in needed.get(each, ()):
            if not made.ways(name):
                message = f"{each!r} needs the operation {name!r}, and the mapping has none"
                raise SettingsError(
                    message,
                    where=f"services.{service}.capabilities",
                    try_next=f'[services.{service}.operations.{name}] request = "..."',
                )


async def probe(service: str, url: str, table: Mapping[str, Any], port: Mapping[str, PortOperation]) -> Availability:
    """Whether a service answers: with the document that ``health`` names, else with anything at all."""
    from goldenpath.resolution.probes import probe_http

    health = mapping_of(service, table, port).health
    return await probe_http(url.rstrip("/") + (health or "/"))
