"""Scenarios kept apart in one process: each has its own time, keys and services, and sees nothing of another.

Only who has the server's secret is kept apart. Everybody else is one tenant, whose key is empty: the machine's time,
and the keys as they are.
"""

from __future__ import annotations

import asyncio
import hmac
import math
import re
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from goldenpath.domain.errors import UsageError
from goldenpath.ports.agents import AgentsPort
from goldenpath.ports.auth import AuthPort
from goldenpath.ports.cache import CachePort
from goldenpath.ports.clock import ScenarioClock
from goldenpath.ports.database import Store
from goldenpath.reference import faults
from goldenpath.reference.clients.control import TENANT, tenant
from goldenpath.reference.servers.backing import Backing
from goldenpath.reference.servers.config import AGENTS, AUTH, SERVICE_OF, ServerConfig
from goldenpath.reference.signing import process_signer
from goldenpath.reference.storage.redis import RedisCache
from goldenpath.reference.storage.sql import SqlStore

if TYPE_CHECKING:
    import httpx

    from goldenpath.reference.gateway import Gateway
    from goldenpath.reference.scripts import Scripts
    from goldenpath.reference.servers.assistants import ServedAssistant

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

_KEPT: Final = 256
"""Tenants that are remembered while nothing of theirs is at work; who comes back is the same, but for faults."""

_ON_THE_WAY: Final = 0.1

_FARTHEST: Final = 10 * 365 * 86_400.0
"""Seconds that a scenario may be ahead of the machine."""


class RandomIds:
    """Names that nobody can guess (RFC 9562, version 4). See ``Ids``."""

    def new(self, kind: str) -> str:
        """A new id."""
        return str(uuid.uuid4())


class Asked(NamedTuple):
    """For which scenario a request is, and how far its time is ahead of the machine's."""

    key: str
    ahead: timedelta


NOBODY: Final = Asked("", timedelta())


def asked_for(header: str | None, secret: str) -> Asked:
    """What the header of a request says; what is said without the secret is not heard."""
    if not header or not secret:
        return NOBODY
    offered, _, rest = header.partition(".")
    key, _, ahead = rest.partition(".")
    if not hmac.compare_digest(offered.encode(), secret.encode()) or not _KEY.fullmatch(key):
        return NOBODY
    return Asked(key, seconds(ahead))


def seconds(ahead: str | float) -> timedelta:
    """How far ahead; what is no time, or goes back, is none."""
    try:
        value = float(ahead)
    except ValueError:
        return timedelta()
    return timedelta(seconds=value) if math.isfinite(value) and 0 <= value <= _FARTHEST else timedelta()


@dataclass(frozen=True)
class Common:
    """What all tenants of a process share.

    Attributes:
        config: How the process was started.
        served: What it answers itself: ``auth``, ``agents``, ``gateway``.
        backing: What keeps the state.
        http: The client for the servers that it asks.
        scripts: What the assistant can play.
    """

    config: ServerConfig
    served: frozenset[str]
    backing: Backing
    http: httpx.AsyncClient
    scripts: Scripts | None = None


class Tenant:
    """One scenario's share of a process; its services are made when they are first asked for."""

    def __init__(self, key: str, common: Common) -> None:
        self.key = key
        self.clock = ScenarioClock()
        self.ids = RandomIds()
        self._common = common

    async def come_to(self, ahead: timedelta) -> None:
        """Move time to at least so far ahead of the machine's."""
        if ahead > self.clock.offset:
            await self.clock.advance(ahead - self.clock.offset)

    def headers(self) -> Mapping[str, str]:
        """What the servers that are asked on this tenant's behalf are told."""
        secret = self._common.config.secret
        return {TENANT: tenant(secret, self.key, self.clock.offset)} if self.key else {}

    @cached_property
    def cache(self) -> CachePort:
        """The cache, with keys of this tenant's own."""
        prefix = self._common.config.cache_prefix
        cache = RedisCache(self._common.backing.redis, f"{prefix}{self.key}:" if self.key else prefix)
        self._break("cache", cache)
        if self._common.backing.in_memory:
            # Of a cache that others reach, the scenario's own client shortens the lifetimes.
            self.clock.listen(cache.moved)
        return cache

    @cached_property
    def store(self) -> Store:
        """The database, which all tenants share: what is theirs goes by its owner."""
        transaction = self._common.backing.transaction
        if transaction is None:
            raise UsageError("this service has no database", where=self._common.config.service)
        store = SqlStore(transaction)
        self._break("database", store)
        return store

    @cached_property
    def auth(self) -> AuthPort:
        """Auth: here, or where it is."""
        if AUTH not in self._common.served:
            from goldenpath.reference.clients.auth import HttpAuth

            return HttpAuth(self._common.config.auth_url, self._common.http, self.headers)
        from goldenpath.reference.auth import AuthService

        auth = AuthService(self.store, self.cache, self.clock, self.ids, process_signer())
        self._break(SERVICE_OF[AUTH], auth)
        return auth

    @cached_property
    def agents(self) -> AgentsPort:
        """The assistant: here, or where it is."""
        if AGENTS in self._common.served:
            return self.assistant
        from goldenpath.reference.clients.agents import HttpAgents

        return HttpAgents(self._common.config.agents_url, self._common.http, self.headers)

    @cached_property
    def assistant(self) -> ServedAssistant:
        """The assistant that this process is."""
        from goldenpath.reference.servers.assistants import ServedAssistant

        assert self._common.scripts is not None
        assistant = ServedAssistant(
            auth=self.auth,
            store=self.store,
            cache=self.cache,
            clock=self.clock,
            ids=self.ids,
            scripts=self._common.scripts,
        )
        self._break("agents", assistant)
        return assistant

    @cached_property
    def gateway(self) -> Gateway:
        """The gateway that this process is."""
        from goldenpath.reference.gateway import Gateway

        gateway = Gateway(auth=self.auth, agents=self.agents, cache=self.cache, clock=self.clock)
        self._break("events", gateway)
        return gateway

    @property
    def is_idle(self) -> bool:
        """Whether nothing of this tenant's is at work."""
        made = vars(self)
        at_work = "assistant" in made and self.assistant.at_work
        return not at_work and not ("gateway" in made and self.gateway.windows)

    async def wind_up(self) -> None:
        """End what is at work, and say so to whoever watches."""
        made = vars(self)
        if "assistant" in made and await self.assistant.wind_up() and "gateway" in made:
            # The ends of these runs are on their way to windows of this very process.
            await asyncio.sleep(_ON_THE_WAY)
        if "gateway" in made:
            await self.gateway.close()

    def _break(self, service: str, target: object) -> None:
        faults.install(self._common.config.fault, service, target)


@dataclass
class Tenants:
    """All tenants of a process. ``windows`` are the tasks that serve one each."""

    common: Common
    windows: set[asyncio.Task[Any]] = field(default_factory=set)
    _known: OrderedDict[str, Tenant] = field(default_factory=OrderedDict)

    async def of(self, header: str | None) -> Tenant:
        """Whose a request is, by its header."""
        return await self.at(asked_for(header, self.common.config.secret))

    async def at(self, asked: Asked) -> Tenant:
        """The tenant of a key, its time moved at least so far."""
        tenant = self._known.get(asked.key)
        if tenant is None:
            tenant = self._known[asked.key] = Tenant(asked.key, self.common)
            self._forget()
        self._known.move_to_end(asked.key)
        await tenant.come_to(asked.ahead)
        return tenant

    async def wind_up(self) -> None:
        """End what is at work of every tenant, and wait until each window has said goodbye."""
        await asyncio.gather(*(tenant.wind_up() for tenant in list(self._known.values())))
        if self.windows:
            await asyncio.wait(self.windows)

    def _forget(self) -> None:
        """Forget the one that was not asked for longest, where there are many."""
        if len(self._known) > _KEPT:
            longest_ago = next((key for key, each in self._known.items() if each.is_idle), None)
            if longest_ago is not None:
                del self._known[longest_ago]
