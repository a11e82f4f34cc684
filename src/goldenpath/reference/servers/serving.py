"""A server's life: it opens what it needs, listens, answers, and on SIGTERM ends everything properly within seconds."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import httpx
import uvicorn
from fastapi import FastAPI

from goldenpath.domain.errors import ServiceUnavailable, UsageError
from goldenpath.domain.values import REFERENCE
from goldenpath.reference import scripts
from goldenpath.reference.clients.http import open_client
from goldenpath.reference.servers import agents, auth, gateway, log, oauth
from goldenpath.reference.servers.application import VERSION, application, operation
from goldenpath.reference.servers.backing import Check, backing
from goldenpath.reference.servers.config import AGENTS, AUTH, GATEWAY, SERVED, SERVICE_OF, ServerConfig
from goldenpath.reference.servers.tenants import NOBODY, Common, Tenants
from goldenpath.reference.signing import process_signer

if TYPE_CHECKING:
    from fastapi import APIRouter

STOPPED_WITHIN: Final = 5.0
"""Seconds that the end of a server may take, whatever its clients do."""

_BACKLOG: Final = 2048
_LARGEST_MESSAGE: Final = 64 * 1024
_WINDING_UP: Final = 3.0

Ready = Callable[[str], None]
"""Told the address of a server when it listens."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What makes one of the servers: its routes, those for who has the secret, and whom it asks."""

    routes: tuple[Callable[[], APIRouter], ...]
    controls: Callable[[], APIRouter]
    database: bool
    asks: tuple[str, ...]


_KINDS: Final[Mapping[str, _Kind]] = {
    AUTH: _Kind((auth.routes, oauth.routes), auth.controls, database=True, asks=()),
    AGENTS: _Kind((agents.routes,), agents.controls, database=True, asks=(AUTH,)),
    GATEWAY: _Kind((gateway.routes,), gateway.controls, database=False, asks=(AUTH, AGENTS)),
}


def needed(services: Sequence[str]) -> tuple[str, ...]:
    """These services and those that they ask, in the order of needs."""
    wanted = {*services, *(other for service in services for other in _KINDS[service].asks)}
    return tuple(service for service in SERVED if service in wanted)


def preload() -> None:
    """Do all that a server's start has in common with every other, so that a fork of this process starts at once.

    Afterwards there is no loop, no thread and no socket. Forks share the key that tokens are signed with.
    """
    import anyio._backends._asyncio
    import asyncpg
    import httpcore
    import redis.asyncio
    import sqlalchemy.dialects.postgresql.asyncpg
    import sqlalchemy.ext.asyncio
    import uvicorn.protocols.http.h11_impl
    import uvicorn.protocols.websockets.websockets_sansio_impl

    from goldenpath.reference import assistant, faults
    from goldenpath.reference import auth as who_is_who
    from goldenpath.reference import gateway as windows
    from goldenpath.reference.clients import agents as asking
    from goldenpath.reference.clients import auth as validating

    _: tuple[ModuleType, ...] = (
        anyio,
        asyncpg,
        httpcore,
        redis,
        sqlalchemy,
        uvicorn,
        assistant,
        who_is_who,
        windows,
        asking,
        validating,
    )
    faults.every()
    process_signer()
    operation()
    for kind in _KINDS.values():
        kind.controls()
        for routes in kind.routes:
            routes()


def serve(config: ServerConfig, *, ready: Ready | None = None) -> None:
    """Serve one service until SIGTERM or Ctrl-C.

    Args:
        config: What, where, and over what.
        ready: Called with the address when the server listens.

    Raises:
        UsageError: The configuration cannot be: no such service, an address is missing, the port is taken.
        ServiceUnavailable: The database is not there.
        SettingsError: A file of scripts is ill-made.
    """
    _check(config)
    serve_together([config], ready=ready and (lambda urls: ready(urls[config.service])))


def serve_together(
    configs: Sequence[ServerConfig], *, ready: Callable[[Mapping[str, str]], None] | None = None
) -> None:
    """Serve several services in this process, over one database and one cache, until SIGTERM or Ctrl-C.

    They call each other directly. ``ready`` is called with all addresses, by service.

    Raises:
        UsageError, ServiceUnavailable, SettingsError: As for ``serve``.
    """
    log.to(sys.stderr)
    asyncio.run(_serve(configs, ready or (lambda urls: None)))


async def _serve(configs: Sequence[ServerConfig], ready: Callable[[Mapping[str, str]], None]) -> None:
    first, served = configs[0], frozenset(config.service for config in configs)
    async with AsyncExitStack() as stack:
        sockets = [stack.enter_context(_listening(config)) for config in configs]
        kept = await stack.enter_async_context(
            backing(first.database_url, first.cache_url, database=any(_KINDS[name].database for name in served))
        )
        http = await stack.enter_async_context(open_client(first.auth_url))
        played = scripts.load(first.scripts) if AGENTS in served else None
        tenants = Tenants(Common(first, served, kept, http, played))
        if AGENTS in served and not first.secret:
            # Who has no control path is not told of a crash: what is still at work is of the process before.
            await (await tenants.at(NOBODY)).assistant.recover()
        apps = [_application(config, tenants, {**kept.checks, **_others(config, served, http)}) for config in configs]
        servers = [_Server(app) for app in apps]
        await _run(servers, sockets, tenants, lambda: ready(_addresses(configs, sockets)))


async def _run(
    servers: Sequence[_Server], sockets: Sequence[socket.socket], tenants: Tenants, ready: Callable[[], None]
) -> None:
    """Listen with all servers; when one is to end, end all."""
    stop = asyncio.Event()
    with _signals(stop):
        pairs = zip(servers, sockets, strict=True)
        running = [asyncio.create_task(server.serve([listening])) for server, listening in pairs]
        all_listen = asyncio.gather(*(server.listens.wait() for server in servers))
        first: set[asyncio.Future[Any]] = {all_listen, *running}
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        for task in running:
            if task.done():
                task.result()
        ready()
        await stop.wait()
        try:
            async with asyncio.timeout(STOPPED_WITHIN):
                await _end(servers, running, tenants)
        except TimeoutError:
            log.LOGGER.warning("not everything ended in time")


async def _end(servers: Sequence[_Server], running: Sequence[asyncio.Task[None]], tenants: Tenants) -> None:
    """Take nothing new, end what is at work and say so, then end."""
    for server in servers:
        server.close()
    try:
        async with asyncio.timeout(_WINDING_UP):
            await tenants.wind_up()
    except TimeoutError:
        log.LOGGER.warning("not everybody could be told of the end")
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*running)


class _Server(uvicorn.Server):
    """One server, which leaves signals to the process and tells when it listens."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="websockets-sansio",
                ws_max_size=_LARGEST_MESSAGE,
                ws_per_message_deflate=False,
                # A client whose loop stands still, as ours does between two steps, answers no ping.
                ws_ping_interval=None,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                headers=[("Server", f"{REFERENCE}/{VERSION}")],
                timeout_graceful_shutdown=1,
            )
        )
        self.listens = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them to the process: it may have several servers."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        self.listens.set()

    def close(self) -> None:
        """Take no more connections."""
        for server in self.servers:
            server.close()


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """Have SIGTERM and Ctrl-C end the servers, once."""
    loop = asyncio.get_running_loop()
    before: dict[signal.Signals, Any] = {}

    def end(*_: object) -> None:
        loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _listening(config: ServerConfig) -> Iterator[socket.socket]:
    """A socket bound to the server's address."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    # asyncio turns Nagle's delay (40 ms an answer) off only where the socket says that it is TCP.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
        if sys.platform != "win32":  # there it would let two servers share a port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((config.host, config.port))
            # Two sockets can be bound to one port, and only one listens.
            bound.listen(_BACKLOG)
        except OSError as error:
            where = f"{config.host}:{config.port}"
            raise UsageError(
                f"cannot listen there: {error.strerror}", where=where, try_next="another --port, or 0 for any"
            ) from None
        yield bound


def _application(config: ServerConfig, tenants: Tenants, checks: Mapping[str, Check]) -> FastAPI:
    kind = _KINDS[config.service]
    routers = [routes() for routes in kind.routes]
    return application(config.service, tenants, checks, *routers, controls=kind.controls())


def _others(config: ServerConfig, served: frozenset[str], http: httpx.AsyncClient) -> dict[str, Check]:
    """How to look at the servers that a service asks and that are not in this process."""
    urls = _urls(config)
    return {
        SERVICE_OF[other]: _lives(http, urls[other]) for other in _KINDS[config.service].asks if other not in served
    }


def _lives(http: httpx.AsyncClient, url: str) -> Check:
    async def look() -> None:
        answer = await http.get(f"{url.rstrip('/')}/health")
        if answer.status_code != 200:
            raise ServiceUnavailable("it", f"it answered {answer.status_code}")

    return look


def _urls(config: ServerConfig) -> dict[str, str]:
    return {AUTH: config.auth_url, AGENTS: config.agents_url}


def _addresses(configs: Sequence[ServerConfig], sockets: Sequence[socket.socket]) -> dict[str, str]:
    return {
        config.service: f"http://{f'[{config.host}]' if ':' in config.host else config.host}:{bound.getsockname()[1]}"
        for config, bound in zip(configs, sockets, strict=True)
    }


def _check(config: ServerConfig) -> None:
    """Refuse what cannot be served alone.

    Raises:
        UsageError: No such service, or whom it asks has no address.
    """
    if config.service not in _KINDS:
        raise UsageError(f"there is no server {config.service!r}", try_next=" | ".join(SERVED))
    for other in _KINDS[config.service].asks:
        if not _urls(config)[other]:
            raise UsageError(f"{config.service} needs the address of {other}", try_next=f"--{other}-url")
