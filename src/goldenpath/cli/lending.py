"""Which service a command is given from where: the user's own, one that others run, or one that is started."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import urllib.request
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from goldenpath.cli.adopt import ACCOUNT
from goldenpath.cli.standard_ports import STANDARD, admit, forward, listening
from goldenpath.config import Settings
from goldenpath.domain.errors import ServiceUnavailable, UsageError
from goldenpath.domain.values import Mode, Tier
from goldenpath.stack.environment import environment

if TYPE_CHECKING:
    from goldenpath.stack.client import Keeper

ORDER: Final = ("database", "cache", "auth", "agents", "events")
"""What can be lent, in the order of needs; the first two are servers of others, the rest the reference platform."""

_SPACE: Final = "exec"
_SERVERS: Final = {"database": "PostgreSQL", "cache": "Valkey"}
_NEEDS: Final = {"agents": ("auth",), "events": ("auth", "agents")}
_PLATFORM_DATABASE: Final = "/15"
_SECONDS: Final = 10
_WHO: Final = {"name": "Test user", "permissions": ["read", "write"]}


def address_variables(services: Collection[str]) -> frozenset[str]:
    """The variables that say where these services are, and how to get in."""
    return frozenset(
        name for each in services for name in environment({each: {"url": _EXAMPLES.get(each, "http://h:1")}})
    )


_EXAMPLES: Final = {"database": "postgresql://u:p@h:1/d", "cache": "redis://h:1/0"}


@dataclass
class Lent:
    """Where each service is.

    Attributes:
        urls: By service; those that the user named himself included, where that can be told.
        started: Those that were started here.
        told: What a person is told, a line a service.
        account: The e-mail address and password of somebody who can sign in; empty where none could be made.
    """

    urls: dict[str, str] = field(default_factory=dict)
    started: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    account: dict[str, str] = field(default_factory=dict)

    def variables(self) -> dict[str, str]:
        """The variables for all that is known."""
        return environment(self.places_by_name()) | self.account

    def places_by_name(self) -> dict[str, dict[str, str]]:
        """The addresses as ``environment`` takes them."""
        return {service: {"url": url} for service, url in self.urls.items()}

    def places(self) -> dict[str, SimpleNamespace]:
        """The addresses for texts such as ``{database.url}``."""
        return {service: SimpleNamespace(url=url) for service, url in self.urls.items()}

    def on_standard_ports(self, logins: Collection[str]) -> None:
        """Let what was started answer on the standard ports too, where these are free.

        Args:
            logins: The users and databases that tests name; they are made.
        """
        for service in (each for each in STANDARD if each in self.started):
            door = listening(service)
            if door is None:
                self.told.append(f"{service}: port {STANDARD[service]} is somebody else's, and left alone")
                continue
            if service == "database":
                admit(self.urls[service], logins)
            forward(door, service, self.urls[service])
            self.told.append(f"{service}: also on port {STANDARD[service]}")


def lend(folder: Path, owner: Path, settings: Settings, wanted: Sequence[str], environ: Mapping[str, str]) -> Lent:
    """Find or start each service.

    Args:
        folder: Where the keeper of what is started lives.
        owner: The file that is locked for as long as that is wanted.
        settings: What answers for each service, and where those are that others run.
        wanted: The services.
        environ: Where variables of the user are looked for.

    Raises:
        UsageError: A service cannot be had as the settings want it.
        ServiceUnavailable: It does not start, or does not answer.
    """
    needed = {*wanted, *(need for each in wanted for need in _NEEDS.get(each, ()))}
    lent = Lent()
    to_start: dict[str, Tier] = {}
    for service in (each for each in ORDER if each in needed):
        tier = settings.services.get(service, settings.mode.value)
        if tier == "none":
            continue
        if (name := _set_by_user(service, environ)) is not None:
            lent.told.append(f"{service}: yours, by {name}")
            if name.endswith("_URL"):
                lent.urls[service] = environ[name]
        elif (url := _real(service, settings, tier)) is not None:
            lent.urls[service] = url
            lent.told.append(f"{service}: {_place(url)}, which others run")
        elif tier == Tier.MOCK and service in ORDER[:2]:
            lent.told.append(f"{service}: a mock has no address; nothing is given")
        else:
            to_start[service] = Tier.MOCK if tier == Tier.MOCK else Tier.LOCAL
    if to_start:
        _start(lent, folder, owner, settings, to_start)
    return lent


def _set_by_user(service: str, environ: Mapping[str, str]) -> str | None:
    """The variable by which the user says where a service is."""
    names = [
        each for each in environment({service: {"url": _EXAMPLES.get(service, "http://h:1")}}) if environ.get(each)
    ]
    return next((each for each in names if each.endswith(("_URL", "HOST")) and not each.startswith("JWT")), None)


def _real(service: str, settings: Settings, tier: str) -> str | None:
    """The address of a service that others run, where it is named, wanted, and answers; None for one to start."""
    if tier not in {Mode.HYBRID, Tier.REAL}:
        if tier == Tier.DOCKER:
            raise UsageError(
                "exec starts no containers", where=f"{service}=docker", try_next=f"--service {service}=local"
            )
        return None
    table: Any = settings.service_settings.get(service, {}).get("real", {})
    url = os.environ.get(f"GOLDENPATH_{service.upper()}_URL") or table.get("url")
    reason = _why_not(service, settings) if url else "no address is named"
    if url and not reason:
        return str(url)
    if tier == Tier.REAL or not settings.stand_ins:
        raise ServiceUnavailable(service, f"{reason}; set GOLDENPATH_{service.upper()}_URL to one that answers")
    return None


def _why_not(service: str, settings: Settings) -> str:
    """Why a service that others run cannot be had, as its probe says; empty where it can."""
    from goldenpath.resolution import Registry, probe

    tables = settings.service_settings
    known = Registry.installed().configured(tables).of(service)
    real = [replace(each, settings=tables.get(service, {})) for each in known if each.tier is Tier.REAL]
    seen = asyncio.run(probe(real, settings.probe_deadline))
    return "" if any(each.up for each in seen.values()) else "; ".join(each.reason for each in seen.values())


def _start(lent: Lent, folder: Path, owner: Path, settings: Settings, tiers: Mapping[str, Tier]) -> None:
    from goldenpath.stack.client import Keeper

    is_platform_local = any(tiers[each] is Tier.LOCAL for each in ORDER[2:] if each in tiers)
    servers = [each for each in ORDER[:2] if each in tiers or is_platform_local]
    keeper = Keeper.at(folder, owner, [*servers, *(each for each in ORDER[2:] if each in tiers)])
    secret = secrets.token_hex(16)
    for service, tier in tiers.items():
        lent.urls[service] = _started(keeper, lent, settings, service, tier, secret)
        lent.started.add(service)
        words = (
            "the reference platform" if service in ORDER[2:] else {"database": "PostgreSQL", "cache": "Valkey"}[service]
        )
        memory = ", in memory" if tier is Tier.MOCK else ""
        lent.told.append(f"{service}: {_place(lent.urls[service])}, {words}{memory}, until the command ends")
    if "auth" in tiers:
        lent.account = _account(lent.urls["auth"], secret)


def _started(keeper: Keeper, lent: Lent, settings: Settings, service: str, tier: Tier, secret: str) -> str:
    """Start one service. The command's database is empty; the platform has others, which no FLUSHDB empties."""
    if service == "database":
        return keeper.database(_SPACE, tables=False)
    if service == "cache":
        return keeper.cache(_SPACE)[0]
    options: dict[str, Any] = {f"{each}_url": lent.urls[each] for each in _NEEDS.get(service, ()) if each in lent.urls}
    if tier is Tier.MOCK:
        options |= {"database_url": "", "cache_url": ""}
    else:
        url, prefix = keeper.cache(_SPACE)
        options |= {"cache_url": url.rpartition("/")[0] + _PLATFORM_DATABASE, "cache_prefix": prefix}
    scripts = [str(each.resolve()) for each in settings.scripts]
    return keeper.serve(_SPACE, service, fault=settings.fault, secret=secret, scripts=scripts, **options)


def _account(url: str, secret: str) -> dict[str, str]:
    request = urllib.request.Request(  # noqa: S310 - an address of our own server
        f"{url}/control/accounts",
        json.dumps(_WHO).encode(),
        {"Content-Type": "application/json", "X-Goldenpath-Secret": secret},
    )
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=_SECONDS) as answer:
            account = json.load(answer)
    except (OSError, ValueError) as error:
        raise ServiceUnavailable("auth", f"it makes no account: {error}") from error
    return dict(zip(ACCOUNT, (account["email"], account["password"]), strict=True))


def _place(url: str) -> str:
    """Where an address leads, without what opens it."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or url
