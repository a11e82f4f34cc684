"""Services that others run: where they are, and who may be asked."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final, Self

from goldenpath.domain.errors import ServiceUnavailable, SettingsError
from goldenpath.domain.pace import Pace
from goldenpath.domain.route import AT_WORK, KEYS, PROFILE, Route, elsewhere, filled, hosts_of
from goldenpath.domain.values import Availability, Tier
from goldenpath.ports.adapter import Address, OpenContext, StartContext
from goldenpath.wire.line import Line, line_to
from goldenpath.wire.opening import described

NOTHING: Final[Mapping[str, Any]] = {}
"""The table of what nobody has described."""


class RealService:
    """A service that someone else runs, named by its address. Whoever inherits says which, and what its port is.

    The address is that of the profile that was named for the run; else it comes from ``GOLDENPATH_<NAME>_URL``, else
    from ``[services.<name>.real] url``. How it is reached (headers, certificates, proxy, limit) stands in that table,
    or in the profile's. It is a stand-in only
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
    ways: frozenset[str] = frozenset(KEYS)

    def __init__(self, table: Mapping[str, Any] = NOTHING, environ: Mapping[str, str] | None = None) -> None:
        self.services: tuple[str, ...] = (self.service,)
        self._table = table
        self._environ = os.environ if environ is None else environ
        self.is_reference = "secret_env" in table
        self.stand_in = bool(table.get("stand_in", self.is_reference))
        self._pace: Pace | None = None
        if self.secret():
            self.capabilities = type(self).capabilities | self.controlled

    def configured(self, table: Mapping[str, Any]) -> Self:
        """The same adapter with its table of the settings."""
        return type(self)(described(table, Tier.REAL), self._environ)

    async def probe(self, settings: Mapping[str, Any] = NOTHING) -> Availability:
        """Whether the service answers as itself at its address.

        Args:
            settings: The service's own table in the settings.
        """
        try:
            url = self.url(settings)
            AT_WORK.set(self.route(settings))
        except ServiceUnavailable as error:
            return Availability(False, error.reason)
        variable = self.table(settings).get("secret_env")
        if variable is not None and not self.secret(settings):
            return Availability(False, f"its secret_env names {variable}, which is not set")
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
        brought = settings.get(Tier.REAL.value, NOTHING)
        return {**self._table, **brought} if isinstance(brought, Mapping) else self._table

    def url(self, settings: Mapping[str, Any] = NOTHING) -> str:
        """Where the service is.

        Raises:
            ServiceUnavailable: No address is known, it is none, or it is not on this machine.
        """
        variable = f"GOLDENPATH_{self.service.upper()}_URL"
        table = self.table(settings)
        # Whoever names a profile gets its address, whatever a variable says.
        url = (PROFILE in table and table.get("url")) or self._environ.get(variable) or table.get("url")
        if not url:
            reason = f"no address: [services.{self.service}.real] url = ..., or {variable}"
            raise ServiceUnavailable(self.service, reason)
        if "://" not in str(url) or not hosts_of(str(url)):
            raise ServiceUnavailable(self.service, "its url is no address such as scheme://host:port")
        if PROFILE not in table and (host := elsewhere(str(url))):
            reason = f"{host} is not on this machine: its address counts only with its profile, by --profile NAME"
            raise ServiceUnavailable(self.service, reason)
        try:
            return filled(str(url), self._environ, f"{self._where(table)}.url")
        except SettingsError as error:
            raise ServiceUnavailable(self.service, f"{error.where}: {error.message}") from error

    def route(self, settings: Mapping[str, Any] = NOTHING, workers: int = 1) -> Route:
        """How the service is reached.

        Args:
            settings: The service's own table in the settings.
            workers: How many processes share its limit.

        Raises:
            ServiceUnavailable: What the settings say of it cannot be had, or this kind of service has no such thing.
        """
        table = self.table(settings)
        where = self._where(table)
        if senseless := [key for key in KEYS if key in table and key not in self.ways]:
            known = f"only {', '.join(sorted(self.ways))}" if self.ways else "nothing of the kind"
            raise ServiceUnavailable(self.service, f"{where}.{senseless[0]}: a {self.service} has {known}")
        try:
            route = Route.of(table, self._environ, where)
        except SettingsError as error:
            raise ServiceUnavailable(self.service, f"{error.where}: {error.message}") from error
        if self._pace is None:
            self._pace = Pace(route.limit / workers)
        return replace(route, pace=self._pace)

    def _where(self, table: Mapping[str, Any]) -> str:
        """The name of its table, for people."""
        below = f"profiles.{table[PROFILE]}." if PROFILE in table else ""
        return f"{below}services.{self.service}" if below else f"services.{self.service}.real"

    def secret(self, settings: Mapping[str, Any] = NOTHING) -> str:
        """What opens the control path of a server of the reference platform; empty where there is none."""
        return self._environ.get(str(self.table(settings).get("secret_env", "")), "")

    @asynccontextmanager
    async def line(self, context: OpenContext) -> AsyncIterator[Line]:
        """A line to the service, for one scenario.

        Raises:
            ServiceUnavailable: As for ``url``.
        """
        url, secret = self.url(context.settings), self.secret(context.settings)
        on_route = replace(context, route=self.route(context.settings, context.workers))
        async with line_to(self.service, url, secret, on_route) as line:
            yield line
