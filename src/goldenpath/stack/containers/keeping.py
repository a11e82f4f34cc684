"""What a keeper keeps in Docker: a network, containers that all share, and those of each space."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.stack.containers.container import Container, Made
from goldenpath.stack.containers.engine import Engine, engine_host, labels, leftovers, remove
from goldenpath.stack.ports import LOOPBACK

ALL: Final = ""
"""The space of what is shared."""

DOES: Final = frozenset({"join", "run", "look", "tail", "kill", "restart", "forget"})
"""What others may ask for."""


class Containers:
    """The containers of one keeper. What it makes bears the keeper's labels, so that it is found when all else fails.

    Args:
        lock: The file that the keeper holds locked.
    """

    def __init__(self, lock: Path) -> None:
        self._lock = lock
        self._engine: Engine | None = None
        self._network = f"goldenpath-{secrets.token_hex(6)}"
        self._kept: dict[tuple[str, str], Container] = {}
        self._spaces: set[str] = set()

    def do(self, to: str, **options: Any) -> Any:
        """Do what somebody asks for: ``to`` is one of ``DOES``.

        Raises:
            ServiceUnavailable: It cannot be done.
            ValueError: It is nothing of these.
        """
        if to not in DOES:
            raise ValueError(f"there is nothing like {to!r} to do with containers")
        return getattr(self, to)(**options)

    def join(self, host: str, space: str) -> dict[str, Any]:
        """Be ready to keep containers for a space; what killed keepers have left behind is removed.

        Args:
            host: The engine, as in ``DOCKER_HOST``.
            space: The space.

        Returns:
            The ``network`` for them, and the ``labels`` that whatever is made for the space must bear.

        Raises:
            ServiceUnavailable: The engine does not answer, or others are kept in another one.
        """
        if self._engine is None:
            engine = Engine(host)
            sweep(host)
            engine.network(self._network, labels(self._lock))
            self._engine = engine
        elif self._engine.host != host:
            raise ServiceUnavailable("docker", f"containers of this run are in another engine, {self._engine.host}")
        self._spaces.add(space)
        return {"network": self._network, "labels": labels(self._lock, space)}

    def run(self, host: str, space: str, service: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """A container of a space, or one that all share; one that is there is left as it is.

        Args:
            host: The engine.
            space: The space.
            service: The service that it is.
            options: The fields of ``Made``.

        Returns:
            Its ``port`` on loopback, its address on the network as ``inside``, and what was ``kept`` with it.

        Raises:
            ServiceUnavailable: It does not start.
        """
        self.join(host, space)
        made = Made(**{**options, "command": tuple(options["command"]), "tmpfs": tuple(options["tmpfs"])})
        key = (ALL if made.shared else space, service)
        known = self._kept.get(key)
        if known is None or (not made.shared and known.made != made):
            if known is not None:
                known.remove()
            alias = _plain(service if made.shared else f"{service}-{space}")
            known = Container(service, alias, made, self._network, labels(self._lock, key[0]))
            known.start()
            self._kept[key] = known
        return {"port": known.port, "inside": f"{known.alias}:{made.port}", "kept": dict(known.made.kept)}

    def look(self, space: str, service: str) -> dict[str, str]:
        """How a container is: ``state``, and the last lines that it wrote as ``tail`` unless it runs.

        Raises:
            ServiceUnavailable: There is none, or the engine does not answer.
        """
        container = self._find(space, service)
        state = container.state()
        return {"state": state, "tail": "" if state == "running" else container.tail()}

    def tail(self, space: str, service: str) -> str:
        """The last lines that a container has written.

        Raises:
            ServiceUnavailable: There is none.
        """
        return self._find(space, service).tail()

    def kill(self, space: str, service: str) -> None:
        """End a container at once, as a crash would.

        Raises:
            ServiceUnavailable: There is none, or the engine does not do it.
        """
        self._find(space, service).kill()

    def restart(self, space: str, service: str) -> None:
        """Start a container again, on its port.

        Raises:
            ServiceUnavailable: There is none, or the engine does not do it.
        """
        self._find(space, service).restart()

    def forget(self, space: str, service: str) -> None:
        """Remove a container that is of no use, so that the next who asks gets a new one."""
        for key in ((space, service), (ALL, service)):
            if (container := self._kept.pop(key, None)) is not None:
                container.remove()

    def _find(self, space: str, service: str) -> Container:
        for key in ((space, service), (ALL, service)):
            if key in self._kept:
                return self._kept[key]
        raise ServiceUnavailable(service, f"no container was started for {space!r}")

    def release(self, space: str) -> None:
        """End a space: whatever bears its labels; with the last one also what is shared."""
        if self._engine is None or space not in self._spaces:
            return
        self._spaces.discard(space)
        for key in [key for key in self._kept if key[0] == space or not self._spaces]:
            del self._kept[key]
        if self._spaces:
            self._engine.remove(lock=str(self._lock), space=space)
        else:
            self.end()

    def end(self) -> None:
        """Remove everything that was made for this keeper."""
        engine, self._engine = self._engine, None
        self._kept.clear()
        self._spaces.clear()
        if engine is not None:
            engine.remove(lock=str(self._lock))

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a container, as for the servers of a keeper; a container has no process of ours."""
        for (space, service), container in self._kept.items():
            try:
                state = container.state()
            except ServiceUnavailable as error:
                state = error.reason
            yield {
                "service": service,
                "space": space,
                "pid": 0,
                "running": state == "running",
                "state": state,
                "address": f"{LOOPBACK}:{container.port}",
                "log": f"docker logs {container.alias}",
            }


def sweep(host: str = "") -> list[str]:
    """Remove what keepers have left in an engine that are gone; gives the names of what it was. Never raises."""
    removed: list[str] = []
    try:
        for lock in leftovers(host or engine_host()):
            removed += remove(host or engine_host(), [f"goldenpath.lock={lock}"])
    except ServiceUnavailable:
        pass
    return removed


def _plain(name: str) -> str:
    """A name as networks and containers take it."""
    return re.sub(r"[^a-z0-9-]+", "-", name.lower())[:50]
