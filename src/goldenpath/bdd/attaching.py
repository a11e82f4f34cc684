"""What a step or a hook says to the run: attachments, lines of a log, links, and that it is still to be written."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

from goldenpath.domain.attaching import LINK, LOG, Attachment, sink
from goldenpath.domain.errors import Pending, StepError


class Readable(Protocol):
    """An open file, or what is read like one."""

    def read(self) -> str | bytes:
        """All that is left in it."""


Data = str | bytes | bytearray | memoryview | Path | dict[str, Any] | list[Any] | Readable
"""What can be attached."""

_TEXT: Final = "text/plain"
_JSON: Final = "application/json"
_BYTES: Final = "application/octet-stream"


def attach(data: Data, media_type: str | None = None, *, file_name: str | None = None) -> None:
    """Show something in the reports, at the step or the hook that calls this.

    Text stays text; bytes travel in base64, whatever their media type.

    Args:
        data: Text, bytes, a dict or a list (shown as JSON, and what JSON lacks as its text), the path of a file, or an
            open file, which is read from where it stands and left open.
        media_type: What it is; without one ``text/plain`` for text, ``application/json`` for a dict or a list, what
            the ending of its name says for a file, and ``application/octet-stream`` for other bytes.
        file_name: The name under which a report shows or saves it; a path brings its own.

    Raises:
        StepError: Nothing is running that could have an attachment, or the data are none of these.
        OSError: A file cannot be read.
    """
    give = _sink("attach")
    if isinstance(data, Path):
        file_name = file_name or data.name
        media_type = media_type or _guess(file_name)
    content = _content(data)
    if isinstance(content, str):
        kind = media_type or (_TEXT if not isinstance(data, dict | list) else _JSON)
        give(Attachment(_encodable(content), "IDENTITY", kind, file_name))
    else:
        give(Attachment(b64encode(content).decode("ascii"), "BASE64", media_type or _BYTES, file_name))


def log(text: object) -> None:
    """Show a line in the reports, at the step or the hook that calls this; escapes for colours are shown as colours.

    Raises:
        StepError: Nothing is running that could have a log.
    """
    _sink("log")(Attachment(_encodable(str(text)), "IDENTITY", LOG))


def link(url: str, title: str | None = None) -> None:
    """Show a link in the reports, at the step or the hook that calls this.

    Args:
        url: Where it leads.
        title: What stands above it.

    Raises:
        StepError: Nothing is running that could have a link.
    """
    # A title within a list of links would be a comment, which reports show as one more link.
    _sink("link")(Attachment(_encodable(url), "IDENTITY", LINK, title))


def pending(reason: str = "") -> NoReturn:
    """Say that this step, or this hook, is still to be written: the scenario ends here, and counts as pending.

    Args:
        reason: What it waits for.

    Raises:
        Pending: Always.
    """
    raise Pending(reason)


def _sink(what: str) -> Any:
    give = sink.get()
    if give is None:
        raise StepError(
            f"{what}() was called where no scenario is running, so that no report can show it",
            try_next=f"call {what}() in a step, in a hook, or in what they call",
        )
    return give


def _content(data: Data) -> str | bytes:
    if isinstance(data, str):
        return data
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    if isinstance(data, Path):
        return data.read_bytes()
    if isinstance(data, dict | list):
        return json.dumps(data, ensure_ascii=False, indent=2, default=str)
    if callable(getattr(data, "read", None)):
        return _content(data.read())
    raise StepError(
        f"attach() takes text, bytes, a dict, a list, a path or an open file, not {type(data).__name__}",
        try_next="attach(str(...)) shows anything as text",
    )


def _encodable(text: str) -> str:
    """The text without halves of surrogate pairs (as in file names that are no UTF-8), which JSON cannot carry."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _guess(name: str) -> str | None:
    from mimetypes import MimeTypes

    # Its own table only: what a machine has registered would make one run say other things than the next.
    return MimeTypes().guess_type(name)[0]
