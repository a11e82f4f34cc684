"""Ports for servers that must be told theirs.

A port that was found free may be taken a moment later: whoever starts a server on one tries again with another when
the server says so. Ports are drawn below those that the system gives to outgoing connections, so that a server can be
brought back on its own port: nobody else is handed it in between.
"""

from __future__ import annotations

import random
import socket
from typing import Final

LOOPBACK: Final = "127.0.0.1"
ATTEMPTS: Final = 5
"""How many ports a server is tried on."""

_LOWEST: Final = 20_000
_HIGHEST: Final = 32_000
_DRAWS: Final = 200
_DRAW: Final = random.SystemRandom()


def free_port() -> int:
    """A port of loopback on which nobody listens at this moment.

    Raises:
        OSError: None was found.
    """
    for _ in range(_DRAWS):
        port = _DRAW.randint(_LOWEST, _HIGHEST)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port from {_LOWEST} to {_HIGHEST}")


def is_taken(log: str) -> bool:
    """Whether a server that ended says that its port was somebody else's."""
    return "in use" in log or "Errno 98" in log or "Errno 48" in log
