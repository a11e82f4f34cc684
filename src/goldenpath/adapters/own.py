"""Services of a team's own, made of settings alone: a stand-in in this process, a command, an address.

[services.billing]
port = "golden.billing:HttpBilling"          # how it is spoken; ours need none
[services.billing.mock]
port = "golden.billing:MockBilling"
[services.billing.local]
command = "python -m billing --port {port}"
ready = "http://127.0.0.1:{port}/health"
env = { DATABASE_URL = "{database.url}" }
[services.billing.real]
url = "http://localhost:8010"
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from goldenpath.adapters.elsewhere import RealService
from goldenpath.domain.errors import ServiceUnavailable, SettingsError
from goldenpath.domain.route import elsewhere
from goldenpath.domain.values import SERVICES, Availability, Tier
from goldenpath.ports.adapter import Adapter, Address, OpenContext, StartContext
from goldenpath.wire import opening

if TYPE_CHECKING:
    from goldenpath.stack.client import Keeper

_PLACEHOLDER: Final = re.compile(r"\{([a-z_][\w.]*)\}")
_OWN: Final = ("port", "url")
_PARTS: Final = ("host", "port", "user", "password", "name")
_TEXTS: Final = ("command", "ready", "prepare", "cwd")
_KEYS: Final = frozenset({*_TEXTS, "app", "env", "needs", "ready_within", "capabilities", "stand_in"})
_WITHIN: Final = 20.0
_NEEDS: Final = {
    "auth": ("database", "cache"),
    "agents": ("auth", "database", "cache"),
    "events": ("auth", "agents", "cache"),
}
"""What a service of a kind that we know is taken to be wired to, where its table says nothing of ``needs``."""


def mock(service: str, table: Mapping[str, Any], root: Path) -> Adapter | None:
    """The stand-in that ``[services.NAME.mock] port`` names."""
    return OwnMock(service, table) if "port" in table[Tier.MOCK.value] else None


def local(service: str, table: Mapping[str, Any], root: Path) -> Adapter | None:
    """What ``[services.NAME.local] command`` or ``app`` starts.

    Raises:
        SettingsError: They cannot be read so.
    """
    part = table[Tier.LOCAL.value]
    return OwnProcess(service, table, root) if "command" in part or "app" in part else None


def real(service: str, table: Mapping[str, Any], root: Path) -> Adapter | None:
    """What ``[services.NAME.real] url`` names, of services that do not come with us or are spoken in their own way."""
    is_own = service not in SERVICES or "port" in table or opening.is_mapped(service, table)
    return OwnReal(service, table) if is_own and "url" in table[Tier.REAL.value] else None


class OwnMock:
    """A stand-in that the team has written."""

    tier = Tier.MOCK
    stand_in = True
    needs: tuple[str, ...] = ()

    def __init__(self, service: str, table: Mapping[str, Any]) -> None:
        self.services: tuple[str, ...] = (service,)
        self._service = service
        self._table = {"port": table[Tier.MOCK.value]["port"]}
        self.capabilities = opening.capabilities(service, self._table)

    async def probe(self) -> Availability:
        """Always there: nothing but this process is needed."""
        return Availability(True, f"in this process, {self._table['port']}")

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """A stand-in of the scenario's own."""
        async with opening.open_port(self._service, "", self._table, context) as port:
            yield {self._service: port}


class OwnReal(RealService):
    """A service that somebody runs, spoken by code of the team's or by a mapping."""

    def __init__(self, service: str, table: Mapping[str, Any]) -> None:
        self.service = service
        self._whole = table
        super().__init__(opening.described(table, Tier.REAL))
        self.needs = tuple(table.get(Tier.REAL.value, {}).get("needs", _NEEDS.get(service, ())))
        self.capabilities = opening.capabilities(service, opening.described(table, Tier.REAL))

    def configured(self, table: Mapping[str, Any]) -> OwnReal:
        """The same with its settings."""
        return OwnReal(self.service, table)

    async def look(self, url: str, table: Mapping[str, Any]) -> Availability:
        """Whether it answers."""
        return await opening.probe(self.service, url, table)

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """The port, for one scenario."""
        table = opening.described(self._whole, Tier.REAL)
        route, secret = self.route(context.settings, context.workers), self.secret(context.settings)
        there = replace(context, route=route, address={**context.address, "secret": secret})
        async with opening.open_port(self.service, self.url(context.settings), table, there) as port:
            yield {self.service: port}


class OwnProcess:
    """A server of the team's, started by its command for each process that runs scenarios.

    Args:
        service: Which.
        table: Its table of the settings.
        root: The project's folder, in which the command runs.

    Raises:
        SettingsError: The table cannot be read so.
    """

    tier = Tier.LOCAL

    def __init__(self, service: str, table: Mapping[str, Any], root: Path) -> None:
        self.services: tuple[str, ...] = (service,)
        self._service = service
        self._root = root
        self._part: Mapping[str, Any] = table[Tier.LOCAL.value]
        self._described = opening.described(table, Tier.LOCAL)
        self._check()
        self.stand_in = bool(self._part.get("stand_in", False))
        self.needs: tuple[str, ...] = tuple(dict.fromkeys((*self._named(), *self._part.get("needs", ()))))
        # A process of our starting can be crashed and brought back.
        self.capabilities = opening.capabilities(service, self._described) | {"restart"}
        self._keeper: Keeper | None = None
        self._space = ""

    async def probe(self) -> Availability:
        """Whether the program is there; nothing is started."""
        program = self._command()[0]
        found = which(program, path=None) or ((self._root / program).is_file() and program)
        if not found:
            return Availability(False, f"there is no program {program!r}: [services.{self._service}.local] command")
        return Availability(True, f"by its command, {program}", to_start=True)

    async def start(self, context: StartContext) -> Address:
        """Start it over the addresses of what it needs.

        Raises:
            ServiceUnavailable: It does not start.
        """
        from goldenpath.stack.client import Keeper
        from goldenpath.stack.ports import free_port

        port = free_port()
        self._keeper, self._space = Keeper.at(context.folder, context.owner, space=context.space), context.space
        addresses = {name: self._without_our_tables(each) for name, each in context.addresses.items()}
        values = {"port": str(port), "url": f"http://127.0.0.1:{port}", **_values(addresses)}
        url = self._keeper.run(
            self._space,
            self._service,
            command=[self._filled(part, values) for part in self._command()],
            port=port,
            ready=self._filled(str(self._part.get("ready", "")), values),
            within=float(self._part.get("ready_within", _WITHIN)),
            cwd=str((self._root / str(self._part.get("cwd", "."))).resolve()),
            env={name: self._filled(str(value), values) for name, value in self._part.get("env", {}).items()},
            prepare=[self._filled(part, values) for part in shlex.split(str(self._part.get("prepare", "")))],
        )
        return {"url": url}

    async def check(self, address: Address) -> Availability:
        """Whether it still answers where it was started."""
        return await opening.probe(self._service, address["url"], self._described)

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """The port, for one scenario.

        Raises:
            ServiceUnavailable: It was not started.
        """
        if not context.address:
            raise ServiceUnavailable(self._service, "its command was not run")
        async with opening.open_port(self._service, context.address["url"], self._described, context) as port:
            yield {self._service: port}

    def _without_our_tables(self, address: Address) -> Address:
        """Where something is, for the team's code: a database of our starting is an empty one."""
        return {**address, "url": address["own"]} if "own" in address else address

    def _command(self) -> list[str]:
        if "app" in self._part:
            # In a process of its own: between two steps the loop of this one stands still, and would serve nobody.
            app = str(self._part["app"])
            return [sys.executable, "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", "{port}"]
        command = shlex.split(str(self._part["command"]))
        return [sys.executable, *command[1:]] if command[0] in {"python", "python3"} else command

    def _texts(self) -> Iterator[tuple[str, str]]:
        """The settings that may have placeholders, by key."""
        for key in _TEXTS:
            if key in self._part:
                yield key, str(self._part[key])
        for name, value in self._part.get("env", {}).items():
            yield f"env.{name}", str(value)

    def _named(self) -> Iterator[str]:
        """The services that its placeholders name."""
        for _, text in self._texts():
            for name in _PLACEHOLDER.findall(text):
                if "." in name:
                    yield name.partition(".")[0]

    def _filled(self, text: str, values: Mapping[str, str]) -> str:
        def value(found: re.Match[str]) -> str:
            if found[1] not in values:
                reason = f"{{{found[1]}}} is not known; what is: {', '.join(sorted(values))}"
                raise ServiceUnavailable(self._service, reason)
            return values[found[1]]

        return _PLACEHOLDER.sub(value, text)

    def _check(self) -> None:
        where = f"services.{self._service}.local"
        if unknown := sorted(set(self._part) - _KEYS - {"url"}):
            known = ", ".join(sorted(_KEYS))
            raise SettingsError(f"there is no setting {unknown[0]!r}", where=f"{where}.{unknown[0]}", try_next=known)
        for key, kind, like in (("env", Mapping, "{ NAME = ... }"), ("needs", list, '["database"]')):
            if not isinstance(self._part.get(key, kind() if kind is list else {}), kind):
                raise SettingsError(f"{key} is {self._part[key]!r}", where=f"{where}.{key}", try_next=f"{key} = {like}")
        for key in ("command", "prepare"):
            try:
                shlex.split(str(self._part.get(key, "")))
            except ValueError as error:
                raise SettingsError(f"it cannot be read: {error}", where=f"{where}.{key}") from None
        if "command" in self._part and not str(self._part["command"]).strip():
            raise SettingsError("the command is empty", where=f"{where}.command")
        for key, text in self._texts():
            for name in _PLACEHOLDER.findall(text):
                service, _, part = name.partition(".")
                if name not in _OWN and not (part and service != self._service):
                    told = "{port}, {url}, {database.url}, {database.host|port|user|password|name}, {NAME.url}"
                    raise SettingsError(f"there is no {{{name}}} to fill in", where=f"{where}.{key}", try_next=told)
        ready = str(self._part.get("ready", ""))
        if ready and (host := elsewhere(ready.replace("{port}", "1").replace("{url}", "http://127.0.0.1:1"))):
            raise SettingsError(f"{host} is not on this machine", where=f"{where}.ready")


def _values(addresses: Mapping[str, Address]) -> dict[str, str]:
    """What placeholders stand for, of the services that are needed."""
    values: dict[str, str] = {}
    for service, address in addresses.items():
        url = address.get("url", "")
        values[f"{service}.url"] = url
        parts = urlsplit(url)
        found = (parts.hostname, parts.port, parts.username, parts.password, parts.path.strip("/"))
        values |= {f"{service}.{part}": str(value or "") for part, value in zip(_PARTS, found, strict=True)}
        if service == "auth":
            values |= {"auth.issuer": address.get("issuer", url), "auth.jwks_url": f"{url}/.well-known/jwks.json"}
    return values
