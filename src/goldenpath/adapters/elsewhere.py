"""Services that others run: where they are, and who may be asked."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any, Final, Self
from urllib.parse import urlsplit

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.domain.values import Availability, Tier
from goldenpath.ports.adapter import Address, OpenContext, StartContext
from goldenpath.wire.line import Line, line_to

_NOTHING: Final[Mapping[str, Any]] = {}


class RealService:
    """A service that someone else runs, named by its address. Whoever inherits says which, and what its port is.

    The address comes from ``GOLDENPATH_<NAME>_URL``, else from ``[services.<name>.real] url``. It is a stand-in only
    where that table says ``stand_in = true``, or ``secret_env``: the environment variable that holds the secret with
    which a server of the reference platform was started. Who has it can do what ``controlled`` names.

    Args:
        table: The table ``[services.<name>.real]``; whoever probes or opens may bring it, too.
        environ: The environment.
    """

    service = ""
    tier = Tier.REAL
    needs: tuple[str, ...] = ()
    capabilities: frozenset[str] = frozenset()
    controlled: frozenset[str] = frozenset()

    def __init__(self, table: Mapping[str, Any] = _NOTHING, environ: Mapping[str, str] | None = None) -> None:
        self.services: tuple[str, ...] = (self.service,)
        self._table = table
        self._environ = os.environ if environ is None else environ
        self.is_reference = "secret_env" in table
        self.stand_in = bool(table.get("stand_in", self.is_reference))
        if self.secret():
            self.capabilities = type(self).capabilities | self.controlled

    def configured(self, table: Mapping[str, Any]) -> Self:
        """The same adapter with its table of the settings."""
        return type(self)(table, self._environ)

    async def probe(self, settings: Mapping[str, Any] = _NOTHING) -> Availability:
        """Whether the service answers as itself at its address.

        Args:
            settings: The service's own table in the settings.
        """
        try:
            url = self.url(settings)
        except ServiceUnavailable as error:
            return Availability(False, error.reason)
        return await self.look(url, self.table(settings))

    async def look(self, url: str, table: Mapping[str, Any]) -> Availability:
        """Whether the service answers as itself at this address, which may be asked."""
        raise NotImplementedError

    async def start(self, context: StartContext) -> Address:
        """Nothing is started: the address, for those who are started and need it.

        Raises:
            ServiceUnavailable: There is none, or none that may be asked.
        """
        return {"url": self.url(context.settings)}

    def table(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """The service's table for this tier."""
        brought = settings.get(Tier.REAL.value, _NOTHING)
        return {**self._table, **brought} if isinstance(brought, Mapping) else self._table

    def url(self, settings: Mapping[str, Any] = _NOTHING) -> str:
        """Where the service is.

        Raises:
            ServiceUnavailable: No address is known, it is none, or it is not on this machine.
        """
        variable = f"GOLDENPATH_{self.service.upper()}_URL"
        url = self._environ.get(variable) or self.table(settings).get("url")
        if not url:
            reason = f"no address: [services.{self.service}.real] url = ..., or {variable}"
            raise ServiceUnavailable(self.service, reason)
        try:
            host = urlsplit(str(url)).hostname
        except ValueError:
            host = None
        if not host:
            raise ServiceUnavailable(self.service, "its url is no address such as scheme://host:port")
        if not is_here(host):
            reason = f"{host} is not on this machine: its address counts only with its profile, by --profile NAME"
            raise ServiceUnavailable(self.service, reason)
        return str(url)

    def secret(self, settings: Mapping[str, Any] = _NOTHING) -> str:
        """What opens the control path of a server of the reference platform; empty where there is none."""
        return self._environ.get(str(self.table(settings).get("secret_env", "")), "")

    @asynccontextmanager
    async def line(self, context: OpenContext) -> AsyncIterator[Line]:
        """A line to the service, for one scenario.

        Raises:
            ServiceUnavailable: As for ``url``.
        """
        url, secret = self.url(context.settings), self.secret(context.settings)
        async with line_to(self.service, url, secret, context) as line:
            yield line


def is_here(host: str) -> bool:
    """Whether a host is this machine by its name alone: nobody is asked what the name means."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
