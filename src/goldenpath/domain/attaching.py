"""The way from ``attach``, ``log`` and ``link`` to the run: one context variable, which the runner sets.

Whoever writes steps imports ``goldenpath.bdd``, which knows nothing of runs; the runner knows nothing of who attaches.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal

LOG: Final = "text/x.cucumber.log+plain"
"""The media type by which Cucumber's reports know a line of a log."""

LINK: Final = "text/uri-list"
"""The media type of links (RFC 2483)."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something that a step or a hook gives to the reports.

    Attributes:
        body: The text, or the bytes in base64.
        encoding: Which of the two it is, in the words of Cucumber Messages.
        media_type: What it is, e.g. ``image/png`` (RFC 6838).
        file_name: The name under which a report shows or saves it; None for none.
    """

    body: str
    encoding: Literal["IDENTITY", "BASE64"]
    media_type: str
    file_name: str | None = None


sink: ContextVar[Callable[[Attachment], None] | None] = ContextVar("goldenpath_attachments", default=None)
"""Takes what is attached, in the scenario or the hook at work; None where nothing is at work."""
