"""The port of a service at an address, spoken as the service's table in the settings says.

What describes the product stands in ``[services.NAME]``, and holds wherever it is. Three ways to speak:

- ``port = "module:factory"``: code of the team's own; the only one for a service that does not come with us.
- ``protocol`` other than ``platform``, or one of the tables of ``MAPPED_BY``: a mapping, read by a speaker.
- neither: the reference platform's wire, by the clients that we have.

A speaker is a module with the four functions of ``Speaker``; it is imported when it is first needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import Any, Final, Protocol, cast

from goldenpath.domain.errors import SettingsError
from goldenpath.domain.values import SERVICES, Availability, Tier
from goldenpath.ports.adapter import OpenContext
from goldenpath.wire.lent import ACCOUNTS, lending, with_people

PLATFORM: Final = "platform"
"""The protocol of a service whose table names none."""

SPEAKERS: Final[Mapping[str, str]] = {
    "auth": "goldenpath.wire.auth",
    "agents": "goldenpath.wire.agents",
    "events": "goldenpath.wire.events",
    "database": "goldenpath.wire.rows",
    "cache": "goldenpath.wire.keys",
}
"""What reads the mapping of a service, by service."""

MAPPED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "auth": ("operations",),
    "agents": ("operations",),
    "events": ("envelope", "socket", "stream", "polling", "ask"),
    "database": ("tables",),
    "cache": ("keys",),
}
"""The tables of a service's settings each of which makes it a mapped one, whatever its protocol."""


class Speaker(Protocol):
    """What a speaker's module has; see the functions of this module for what each does."""

    def open_port(
        self, service: str, url: str, table: Mapping[str, Any], context: OpenContext
    ) -> AbstractAsyncContextManager[object]:
        """The port, for one scenario."""

    def capabilities(self, service: str, table: Mapping[str, Any]) -> frozenset[str]:
        """What the service can do, as far as the mapping says."""

    def check(self, service: str, table: Mapping[str, Any]) -> None:
        """Whether the mapping is sound."""

    async def probe(self, service: str, url: str, table: Mapping[str, Any]) -> Availability:
        """Whether it is there."""


def open_port(
    service: str, url: str, table: Mapping[str, Any], context: OpenContext
) -> AbstractAsyncContextManager[object]:
    """The port of a service, for one scenario; it is closed when the scenario ends.

    Args:
        service: Its name.
        url: Where it is.
        table: What describes it: ``[services.NAME]``, see ``described``.
        context: Whose port it is; ``context.address`` may have a ``secret`` or a ``prefix`` besides.

    Raises:
        SettingsError: As for ``check``.
        ServiceUnavailable: The service is lost, on entering or at any operation.
    """
    opening = speaker(service, table).open_port(service, url, table, context)
    if service != "auth" or not (accounts := lent(service, table)):
        return opening
    return lending(opening, accounts, url, context)


def capabilities(service: str, table: Mapping[str, Any]) -> frozenset[str]:
    """What a service can do that not every service of its kind can; the setting ``capabilities`` stands above all.

    Raises:
        SettingsError: As for ``check``.
    """
    own = _own(service, table)
    return with_people(own, table) if service == "auth" else own


def lent(service: str, table: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The accounts that are lent to the persons of scenarios: none where the service makes some."""
    accounts: Sequence[Mapping[str, Any]] = table.get(ACCOUNTS, ())
    return accounts if ACCOUNTS not in _own(service, table) else ()


def _own(service: str, table: Mapping[str, Any]) -> frozenset[str]:
    said = table.get("capabilities")
    if said is None:
        return speaker(service, table).capabilities(service, table)
    if not isinstance(said, list | tuple) or not all(isinstance(each, str) for each in said):
        message = f"capabilities is {said!r}, and no list of words"
        raise SettingsError(message, where=f"services.{service}.capabilities", try_next='capabilities = ["..."]')
    return frozenset(said)


def check(service: str, table: Mapping[str, Any]) -> None:
    """Look at what describes a service, before anything is started for it.

    Raises:
        SettingsError: It cannot be read so; ``where`` is the key, from ``services.NAME`` on.
    """
    capabilities(service, table)
    speaker(service, table).check(service, table)


async def probe(service: str, url: str, table: Mapping[str, Any]) -> Availability:
    """Whether a service answers at an address as itself. Never raises but for ``SettingsError``; the caller's deadline.

    Raises:
        SettingsError: As for ``check``.
    """
    return await speaker(service, table).probe(service, url, table)


def described(table: Mapping[str, Any], tier: Tier) -> dict[str, Any]:
    """What describes a service as it is at a tier: its own table, and what the tier's table says instead.

    ``port`` is left as the service's own: a container's is a number.
    """
    part = table.get(tier.value, {})
    instead = {key: value for key, value in part.items() if key != "port"} if isinstance(part, Mapping) else {}
    tiers = {each.value for each in Tier}
    return {key: value for key, value in table.items() if key not in tiers} | instead


def speaker(service: str, table: Mapping[str, Any]) -> Speaker:
    """Who speaks for a service.

    Raises:
        SettingsError: Nobody can.
    """
    if "port" in table:
        return _module("goldenpath.wire.own")
    if service not in SERVICES:
        message = f"the service {service!r} is none that comes with Golden Path, and no port of its own is named"
        raise SettingsError(message, where=f"services.{service}.port", try_next='port = "module:factory"')
    if not is_mapped(service, table):
        return _module("goldenpath.wire.platform")
    if service not in SPEAKERS:
        message = f"the service {service!r} cannot be mapped: it is spoken as it is"
        raise SettingsError(message, where=f"services.{service}.protocol", try_next=f'protocol = "{PLATFORM}"')
    return _module(SPEAKERS[service])


def is_mapped(service: str, table: Mapping[str, Any]) -> bool:
    """Whether a service that comes with us is spoken by a mapping of its table."""
    return table.get("protocol", PLATFORM) != PLATFORM or any(key in table for key in MAPPED_BY.get(service, ()))


def _module(name: str) -> Speaker:
    return cast("Speaker", import_module(name))
