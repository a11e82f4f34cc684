"""One server of the reference platform, in a process of its own.

On Linux it is forked from the keeper, which has imported beforehand what the server needs; elsewhere, where a fork of
a process that has used the system's libraries is not safe or not there, a new interpreter is started.
"""

from __future__ import annotations

import gc
import json
import signal
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from goldenpath.stack.children import FORKS, KILL, Child, fork, run
from goldenpath.stack.errors import INSTALL, not_started, tail
from goldenpath.stack.ports import ATTEMPTS, free_port, is_taken
from goldenpath.stack.waiting import until

if TYPE_CHECKING:
    from goldenpath.reference.servers.config import ServerConfig

START_SECONDS: Final = 20
STOP_SECONDS: Final = 6
"""More than a server gives itself to end properly."""

_PRELOADED: Final[list[bool]] = []
"""Whether this process has loaded what the servers need."""


class PlatformServer:
    """A server of ``home`` for one space; it keeps its port when it is started again.

    Args:
        home: Where its log goes.
        name: What tells it from every other server of the home.
        service: The service that it is for those who use it.
        config: What it is started with.
    """

    def __init__(self, home: Path, name: str, service: str, config: ServerConfig) -> None:
        self.service = service
        self.config = config
        self.log = home / f"{name}.log"
        self._ready = home / f"{name}.ready"
        self.url = ""
        self.child: Child | None = None

    def start(self) -> str:
        """Start it and wait until it listens; gives its address.

        Raises:
            ServiceUnavailable: It ended, or was not ready in time.
        """
        for _ in range(ATTEMPTS):
            port = self.config.port or free_port()
            self._ready.unlink(missing_ok=True)
            self.child = _launched(replace(self.config, port=port), self._ready, self.log)
            url = until(self._settled, START_SECONDS)
            if url:
                self.config = replace(self.config, port=port)
                self.url = url
                return url
            fate = self.child.fate()
            self.child.send(KILL)
            if self.config.port or not is_taken(tail(self.log)):
                raise not_started(self.service, f"its server did not start ({fate})", self.log)
        raise not_started(self.service, "its server found no free port", self.log)

    def is_like(self, config: ServerConfig) -> bool:
        """Whether it runs, and was started with this (a port apart that was not asked for)."""
        runs = self.child is not None and self.child.ended() is None
        return runs and self.config == replace(config, port=config.port or self.config.port)

    def _settled(self) -> str | None:
        """Its address when it listens, empty when it has ended."""
        if self._ready.exists():
            return self._ready.read_text(encoding="utf-8")
        return "" if self.child is None or self.child.ended() is not None else None

    def stop(self) -> None:
        """Let it finish what it does, for a while."""
        if self.child is not None:
            self.child.end(signal.SIGTERM, STOP_SECONDS)


def preload() -> None:
    """Import what the servers need, so that a fork has it.

    Raises:
        ServiceUnavailable: The libraries are not installed.
    """
    if not FORKS or _PRELOADED:
        return
    gc.disable()  # what is imported is kept: to look through it again and again takes a tenth of the time
    try:
        from goldenpath.reference.servers import serving

        serving.preload()
    except ImportError as error:
        raise not_started("auth", f"the platform's servers cannot be loaded ({error})", try_next=INSTALL) from error
    finally:
        gc.enable()
    _PRELOADED.append(True)
    gc.freeze()  # what all forks share is copied when it is touched, and the collector would touch it all


def config_of(service: str, options: Mapping[str, Any]) -> ServerConfig:
    """The configuration of a server, from what can be said in JSON.

    Raises:
        ServiceUnavailable: The platform has no such server, or there is no such option.
    """
    from goldenpath.reference.servers.config import SERVED, SERVICE_OF, ServerConfig

    servers = {user: server for server, user in SERVICE_OF.items()} | {server: server for server in SERVED}
    if service not in servers:
        raise not_started(service, "the platform has no such server", try_next=f"one of: {', '.join(sorted(servers))}")
    known = {field.name for field in fields(ServerConfig)}
    if unknown := sorted(set(options) - known):
        raise not_started(service, f"its server has no option {', '.join(unknown)}")
    scripts = tuple(Path(each) for each in options.get("scripts", ()))
    return ServerConfig(**{**options, "scripts": scripts, "service": servers[service]})


def _launched(config: ServerConfig, ready: Path, log: Path) -> Child:
    if FORKS:
        return fork(lambda: _serve(config, ready), log)
    command = [sys.executable, "-P", "-m", __name__]
    said = {"ready": str(ready), "config": {field.name: getattr(config, field.name) for field in fields(config)}}
    return run(command, log, stdin=json.dumps(said, default=str))


def _serve(config: ServerConfig, ready: Path) -> int:
    from goldenpath.reference.servers.serving import serve

    def tell(url: str) -> None:
        part = ready.with_suffix(".part")
        part.write_text(url, encoding="utf-8")
        part.replace(ready)

    serve(config, ready=tell)
    return 0


def main() -> None:
    """Be a server, as the input says: secrets stay out of the arguments."""
    said = json.load(sys.stdin)
    options = said["config"]
    _serve(config_of(options.pop("service"), options), Path(said["ready"]))


if __name__ == "__main__":
    main()
