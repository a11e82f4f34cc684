"""What a server is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

AUTH: Final = "auth"
AGENTS: Final = "agents"
GATEWAY: Final = "gateway"

SERVED: Final = (AUTH, AGENTS, GATEWAY)
"""What can be served, in the order of needs."""

SERVICE_OF: Final = {AUTH: "auth", AGENTS: "agents", GATEWAY: "events"}
"""The service that each of them is for those who use it."""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """One server.

    Attributes:
        service: ``auth``, ``agents`` or ``gateway``.
        host: The address to listen at.
        port: The port to listen at; 0 for any that is free.
        database_url: ``postgresql://user:password@host:port/name``; empty for a database in memory.
        cache_url: ``redis://host:port/0``; empty for a cache in memory.
        cache_prefix: What every key and channel starts with.
        auth_url: Where auth is; agents and gateway ask it.
        agents_url: Where the assistant is; the gateway asks it.
        fault: The named fault to behave with, or None.
        secret: Who has it may keep scenarios apart and move their time; without one nobody may.
        scripts: Files with more scripts for the assistant.
    """

    service: str
    host: str = "127.0.0.1"
    port: int = 0
    database_url: str = ""
    cache_url: str = ""
    cache_prefix: str = ""
    auth_url: str = ""
    agents_url: str = ""
    fault: str | None = None
    secret: str = ""
    scripts: tuple[Path, ...] = ()
