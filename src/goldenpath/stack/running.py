"""What a keeper keeps: one PostgreSQL, one Valkey, and the platform's servers, each only when somebody needs it."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.stack.children import KILL
from goldenpath.stack.command import CommandServer, Wanted
from goldenpath.stack.errors import not_started
from goldenpath.stack.homes import Home
from goldenpath.stack.platform_server import STOP_SECONDS, PlatformServer, config_of, preload
from goldenpath.stack.ports import LOOPBACK
from goldenpath.stack.postgres import Postgres, database_name
from goldenpath.stack.valkey import Valkey
from goldenpath.stack.waiting import until

DATABASE: Final = "database"
CACHE: Final = "cache"

Server = Postgres | Valkey


class Running:
    """The servers of one keeper and the spaces on them.

    A space is what one process that runs scenarios has of its own: a database, a prefix of keys, platform servers.
    """

    def __init__(self, fallback: Path) -> None:
        self._fallback = fallback
        self._home: Home | None = None
        self._machinery: dict[str, Server] = {}
        self._starting: set[str] = set()
        self._wanted: set[str] = set()
        self._databases: dict[tuple[str, bool], str] = {}
        self._served: dict[tuple[str, str], PlatformServer | CommandServer] = {}

    @property
    def home(self) -> Path:
        """The folder of everything that is kept; made when it is first asked for."""
        if self._home is None:
            self._home = Home(self._fallback)
        return self._home.path

    def want(self, services: Iterable[str]) -> None:
        """Note what will be asked for soon."""
        self._wanted |= set(services)

    def go_on(self) -> None:
        """Start what was wanted, all at once, and load meanwhile what the platform's servers need.

        What cannot be started is told to whoever asks for it.
        """
        wanted, self._wanted = self._wanted, set()
        for service in sorted(wanted & {DATABASE, CACHE}):
            with suppress(ServiceUnavailable):
                self._launch(service)
        if wanted - {DATABASE, CACHE}:
            with suppress(ServiceUnavailable):
                preload()
        postgres = self._machinery.get(DATABASE)
        if isinstance(postgres, Postgres):
            postgres.go_on()

    def database(self, space: str, *, tables: bool = True) -> str:
        """The address of a space's database; made when it is first asked for.

        Args:
            space: The space.
            tables: Whether it has the platform's tables; a space may have one with and one without.

        Raises:
            ServiceUnavailable: PostgreSQL does not start, or is lost.
        """
        postgres = self._up(DATABASE)
        assert isinstance(postgres, Postgres)
        if (space, tables) not in self._databases:
            name = database_name(space, tables=tables)
            postgres.create(name, tables=tables)
            self._databases[space, tables] = name
        return postgres.url(self._databases[space, tables])

    def cache(self, space: str) -> tuple[str, str]:
        """The address of the cache, and the prefix of a space's keys.

        Raises:
            ServiceUnavailable: Valkey does not start, or is lost.
        """
        valkey = self._up(CACHE)
        assert isinstance(valkey, Valkey)
        return valkey.url, f"{_plain(space)}:"

    def serve(self, space: str, service: str, options: dict[str, Any]) -> str:
        """The address of a space's platform server; one that runs so already is left alone.

        Args:
            space: The space, whose database and cache it uses unless ``options`` name others.
            service: ``auth``, ``agents`` or ``events``.
            options: Fields of the server's configuration.

        Raises:
            ServiceUnavailable: It does not start.
        """
        preload()
        wired = {"database_url": "", "cache_url": "", "cache_prefix": "", **options}
        if "database_url" not in options:
            wired["database_url"] = self.database(space)
        if "cache_url" not in options:
            wired["cache_url"], wired["cache_prefix"] = self.cache(space)
        config = config_of(service, wired)
        known = self._served.get((space, config.service))
        if known is not None:
            if isinstance(known, PlatformServer) and known.is_like(config):
                return known.url
            known.stop()
        server = PlatformServer(self.home, f"{_plain(space)}-{config.service}", service, config)
        self._served[space, config.service] = server
        return server.start()

    def run(self, space: str, service: str, options: dict[str, Any]) -> str:
        """The address of a space's server that a command of the team's starts; one that runs already is left alone.

        Args:
            space: The space.
            service: The service that it answers.
            options: Fields of ``Wanted``.

        Raises:
            ServiceUnavailable: It does not start.
        """
        known = self._served.get((space, service))
        if known is not None:
            if known.child is not None and known.child.ended() is None:
                return known.url
            known.stop()
        server = CommandServer(self.home, f"{_plain(space)}-own-{_plain(service)}", service, Wanted(**options))
        self._served[space, service] = server
        return server.start()

    def kill(self, space: str, service: str) -> None:
        """End a server at once, as a crash would (SIGKILL); ``database`` and ``cache`` are those of all spaces.

        Raises:
            ServiceUnavailable: There is no such server.
        """
        server = self._server(space, service)
        if isinstance(server, CommandServer):
            server.stop(quick=True)
            return
        child = server.child
        if child is not None:
            child.send(KILL)
            until(child.ended, STOP_SECONDS)

    def restart(self, space: str, service: str) -> None:
        """Start a server again, on the port that it had; one that still runs is ended first.

        Raises:
            ServiceUnavailable: There is no such server, or it does not start.
        """
        server = self._server(space, service)
        self.kill(space, service)
        if isinstance(server, PlatformServer | CommandServer):
            server.start()
        else:
            server.launch()
            server.ready()

    def release(self, space: str) -> None:
        """End a space: its servers, its databases, its keys.

        Raises:
            ServiceUnavailable: PostgreSQL is lost.
        """
        for served in [key for key in self._served if key[0] == space]:
            self._served.pop(served).stop()
        for database in [key for key in self._databases if key[0] == space]:
            postgres = self._machinery[DATABASE]
            assert isinstance(postgres, Postgres)
            postgres.drop(self._databases.pop(database))
        valkey = self._machinery.get(CACHE)
        if isinstance(valkey, Valkey) and valkey.child and valkey.child.ended() is None:
            valkey.forget(f"{_plain(space)}:")

    def status(self) -> list[dict[str, Any]]:
        """One row a server: its service, space, process, state, address without secrets, and log."""
        return [
            {
                "service": service,
                "space": space,
                "pid": server.child.pid,
                "running": server.child.ended() is None,
                "state": server.child.fate(),
                "address": address,
                "log": str(server.log),
            }
            for service, space, server, address in self._rows()
            if server.child is not None
        ]

    def _rows(self) -> Iterator[tuple[str, str, Server | PlatformServer | CommandServer, str]]:
        for service, machine in self._machinery.items():
            yield service, "", machine, f"{LOOPBACK}:{machine.port}"
        for (space, _), served in self._served.items():
            yield served.service, space, served, served.url

    def end(self, *, quick: bool) -> None:
        """End everything and remove what was made.

        Args:
            quick: Nobody is left who would care: no time to finish what they do.
        """
        served: list[Server | PlatformServer | CommandServer] = [*self._served.values()]
        servers = [*served, *self._machinery.values()]
        for server in served:
            if server.child is not None:
                server.child.send(KILL if quick else signal.SIGTERM)
        for server in servers:
            server.stop()
        if self._home is not None:
            self._home.remove()

    def _launch(self, service: str) -> Server:
        server = self._machinery.get(service)
        if server is None:
            server = Postgres(self.home) if service == DATABASE else Valkey(self.home)
            server.launch()
            self._machinery[service] = server
            self._starting.add(service)
        return server

    def _up(self, service: str) -> Server:
        """A server that was ready once; whether it still lives its users will see."""
        server = self._launch(service)
        if service in self._starting:
            self._starting.discard(service)
            try:
                server.ready()
            except BaseException:
                del self._machinery[service]
                server.stop()
                raise
        return server

    def _server(self, space: str, service: str) -> Server | PlatformServer | CommandServer:
        if service in self._machinery:
            return self._machinery[service]
        for (owner, name), served in self._served.items():
            if owner == space and service in {name, served.service}:
                return served
        raise not_started(service, f"no such server was started for {space!r}")


def _plain(space: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "_", space)
