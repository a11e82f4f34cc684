"""The log of a server: one line of JSON for each thing that happened, on stderr, without a secret."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from time import perf_counter
from typing import Final, TextIO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from goldenpath.domain.redaction import Redactor
from goldenpath.reference.servers.errors import internal

LOGGER: Final = logging.getLogger("goldenpath.servers")

_LONGEST_PATH: Final = 200


class JsonLines(logging.Formatter):
    """A record as one line of JSON; what it was given as ``extra={"said": {...}}`` stands beside its message."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        # One for each record: what it has seen it keeps, and a server lives long.
        redactor = Redactor()
        line: dict[str, object] = {
            "time": at,
            "level": record.levelname.lower(),
            "message": redactor.text(record.getMessage()),
        }
        line |= getattr(record, "said", {})
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line |= {"error": redactor.text(f"{type(error).__name__}: {error}"), "at": _places(error)}
        return json.dumps(line, default=str)


def to(stream: TextIO | None = None) -> None:
    """Have everything that servers say written to a stream (stderr unless said)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    handler.addFilter(_means_something)
    # What uvicorn says below a warning names addresses with their query strings, tickets and all.
    for name, level in {
        LOGGER.name: logging.INFO,
        "uvicorn.error": logging.WARNING,
        "asyncio": logging.WARNING,
    }.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate, logger.level = [handler], False, level


def _means_something(record: logging.LogRecord) -> bool:
    """Whether uvicorn complains of what is wrong: it does not take a refusal of a handshake for an answer."""
    return "without completing handshake" not in record.getMessage()


class Ledger:
    """Logs each request and what became of it; answers what nobody foresaw.

    Args:
        app: What answers the requests.
        service: Who logs.
    """

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        status, began = 0, perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "websocket.accept":
                status = 101
            elif message["type"].endswith("response.start"):
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            LOGGER.exception("unforeseen", extra={"said": {"service": self._service, "path": _path(scope)}})
            if status == 0:
                await internal()(scope, receive, watched)
        finally:
            self._note(scope, status, perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope.get("method", "WS")
        said = {"service": self._service, "method": method, "path": _path(scope), "status": status}
        LOGGER.info("answered", extra={"said": said | {"ms": round(seconds * 1000, 1)}})


def _path(scope: Scope) -> str:
    """The route, where there is one: a path may name a session."""
    route = scope.get("route")
    return getattr(route, "path", None) or str(scope["path"])[:_LONGEST_PATH]


def _places(error: BaseException) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
