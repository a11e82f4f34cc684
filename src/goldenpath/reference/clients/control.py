"""The control path of a server of ours: what a scenario may do to it that a user may not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from goldenpath.domain.errors import MissingCapability
from goldenpath.ports.auth import Account, Client
from goldenpath.reference.clients import values
from goldenpath.reference.clients.http import HttpWire

TENANT: Final = "X-Goldenpath-Scenario"
"""The header that says for which scenario a request is: ``<secret>.<key>.<seconds ahead>``."""

SECRET: Final = "X-Goldenpath-Secret"  # noqa: S105  # the name of a header
"""The header that opens the control path."""


def tenant(secret: str, key: str, ahead: timedelta) -> str:
    """What ``TENANT`` says for a scenario whose time is so far ahead of the machine's."""
    return f"{secret}.{key}.{ahead.total_seconds():.6f}"


class Control:
    """Asks over a server's control path.

    Args:
        wire: To that server, with the header of the scenario.
        secret: What it was started with; empty where it has no control path.
    """

    def __init__(self, wire: HttpWire, secret: str = "") -> None:
        self._wire = wire
        self._secret = secret

    async def create_account(self, name: str, permissions: tuple[str, ...]) -> Account:
        """Make an account.

        Raises:
            MissingCapability: There is no control path.
        """
        body = {"name": name, "permissions": list(permissions)}
        opening = self._opening("accounts")
        return await self._wire.ask(values.account, "POST", "/control/accounts", body=body, headers=opening)

    async def register_client(self, redirect_uri: str | None, scope: str) -> Client:
        """Make a program known.

        Raises:
            MissingCapability: There is no control path.
            Invalid: As for ``AuthPort.register_client``.
        """
        body = {"redirect_uri": redirect_uri, "scope": scope}
        opening = self._opening("oauth_code")
        return await self._wire.ask(values.program, "POST", "/control/clients", body=body, headers=opening)

    async def clock(self, key: str, ahead: timedelta) -> None:
        """Say how far a scenario's time is ahead of the machine's."""
        body = {"scenario": key, "offset": ahead.total_seconds()}
        await self._wire.send("POST", "/control/clock", body=body, headers=self._opening("clock"))

    async def recover(self) -> None:
        """End what an assistant before this one left at work."""
        await self._wire.send("POST", "/control/recover", headers=self._opening("restart"))

    def _opening(self, capability: str) -> Mapping[str, str]:
        if not self._secret:
            service = self._wire.service
            raise MissingCapability(f"{service} at this address has no capability {capability!r}", where=service)
        return {SECRET: self._secret}
