"""What was asked in a scenario, wherever: which runs there are, and whose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from goldenpath.domain.errors import MissingCapability, Refused
from goldenpath.ports.agents import Started
from goldenpath.wire.events.errors import not_derived


class Asked:
    """The runs of a scenario, as far as they were begun through a port of it.

    Args:
        ports: What the events need; ``auth`` and ``agents`` are asked for what a gateway does not say.
    """

    def __init__(self, ports: Mapping[str, Any]) -> None:
        self._ports = ports
        self._runs: dict[str, tuple[str, str]] = {}
        self._listeners: list[Callable[[str, str], None]] = []
        self._people: dict[str, str] = {}

    def hear(self, service: str, operation: str, given: Mapping[str, Any], answer: Any) -> None:
        """An operation of a port was answered: a question is remembered, whatever else is left aside."""
        if service == "agents" and operation == "start" and isinstance(answer, Started):
            self.began(str(given.get("access_token", "")), answer)

    def began(self, token: str, started: Started) -> None:
        """A run was begun by the bearer of a token."""
        if started.run_id not in self._runs:
            self._runs[started.run_id] = (token, started.thread_id)
            for listener in tuple(self._listeners):
                listener(token, started.run_id)

    def listen(self, listener: Callable[[str, str], None]) -> None:
        """Tell ``listener`` of each run that begins: the token, and the run's id."""
        self._listeners.append(listener)

    def deafen(self, listener: Callable[[str, str], None]) -> None:
        """Tell it no more."""
        self._listeners.remove(listener)

    def latest(self, token: str) -> str | None:
        """The run that the bearer of a token began last."""
        return next((run_id for run_id in reversed(self._runs) if self._runs[run_id][0] == token), None)

    async def start(self, token: str, prompt: str, thread_id: str | None) -> Started:
        """Ask through the assistant's own port.

        Raises:
            MissingCapability: This project has none.
            Refused, ServiceUnavailable: As for ``AgentsPort.start``.
        """
        if "agents" not in self._ports:
            raise MissingCapability("questions cannot be asked over this connection", where="events")
        started: Started = await self._ports["agents"].start(token, prompt, thread_id)
        self.began(token, started)
        return started

    async def thread(self, token: str, run_id: str) -> str:
        """The conversation of a run.

        Raises:
            GoldenPathError: Nobody knows.
        """
        if run_id not in self._runs:
            if "agents" not in self._ports:
                raise not_derived("thread_id", "this project has no agents that could be asked for it")
            try:
                found = await self._ports["agents"].run(token, run_id)
            except Refused as refused:
                raise not_derived("thread_id", f"agents refuses to say: {refused.message}") from refused
            self._runs[run_id] = (token, str(found.thread_id))
        return self._runs[run_id][1]

    async def person(self, token: str) -> str:
        """Who bears a token.

        Raises:
            GoldenPathError: Nobody knows.
        """
        if token not in self._people:
            if "auth" not in self._ports:
                raise not_derived("user_id", "this project has no auth that could be asked for it")
            try:
                self._people[token] = await self._name(token)
            except Refused as refused:
                # Never as it is: that would look as if the gateway had turned somebody away.
                raise not_derived("user_id", f"auth refuses to say: {refused.message}") from refused
        return self._people[token]

    async def _name(self, token: str) -> str:
        try:
            return str((await self._ports["auth"].me(token)).id)
        except (MissingCapability, AttributeError):
            return str((await self._ports["auth"].validate(token)).sub)
