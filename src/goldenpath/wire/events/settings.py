"""What describes a gateway in the settings, read and checked: the tables below ``[services.events]``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError

from goldenpath.domain.errors import SettingsError
from goldenpath.wire.templates import places

Kind = Literal["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed", "agent_failed"]
"""The six types of ``goldenpath.ports.events``."""

Word = Literal["not_signed_in", "not_found", "invalid", "conflict", "unavailable"]
"""What a refusal means, as the errors of the port."""

PLACEHOLDERS: Final = frozenset(
    (
        "access_token",
        "ticket",
        "user_id",
        "run_id",
        "last_seq",
        "last_event_id",
        "cursor",
        "prompt",
        "thread_id",
        "request_id",
    )
)
"""What the templates of these tables may name."""

LARGEST: Final = 2**20
"""Bytes that one message may have, unless the settings say otherwise."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A JMESPath expression (https://jmespath.org)."""

    text: str
    parsed: Any

    def of(self, value: Any) -> Any:
        """What it finds in a value; None where it finds nothing, or the value is of another kind than it works on."""
        try:
            return self.parsed.search(value)
        except JMESPathError:
            return None


def _compiled(text: object) -> Expression:
    if not isinstance(text, str) or not text:
        raise ValueError("it is to be a JMESPath expression, as a text")
    try:
        return Expression(text, jmespath.compile(text))
    except JMESPathError as error:
        raise ValueError(f"it is no JMESPath expression: {' '.join(str(error).split())}") from None


def _template(value: Any) -> Any:
    for name in places(value):
        if name not in PLACEHOLDERS:
            raise ValueError(f"{{{name}}} is unknown; known are {', '.join(sorted(PLACEHOLDERS))}")
    return value


Path = Annotated[Expression, PlainValidator(_compiled)]
Template = Annotated[Any, PlainValidator(_template)]
"""A text with placeholders, or lists and tables of such."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Envelope(_Table):
    """Where an event says what; what is not named is derived. See ``Reading``."""

    type: Path
    event_id: Path | None = None
    seq: Path | None = None
    run_id: Path | None = None
    thread_id: Path | None = None
    user_id: Path | None = None
    agent: Path | None = None
    timestamp: Path | None = None
    data: Path | None = None
    carried: tuple[Literal["run_id", "thread_id", "user_id"], ...] = ()


class Opening(_Table):
    """How a socket or a stream is opened. What names a placeholder that has no value is left out.

    Attributes:
        path: Behind the address of the service.
        subprotocols: Offered in the handshake, of a socket only.
        first: Messages that are sent first, of a socket only; ``resume`` after them, by who comes back.
        welcome: Which message says that the socket is open; before it, a message of ``refused`` or an end is a no.
        errors: HTTP statuses, close codes and codes of ``refused`` messages, and what they mean.
        closes: Close codes after which the session has ended, or the service was lost.
        ends: What it means when a stream ends, of a stream only.
        largest: Bytes that one message may have.
    """

    path: Annotated[str, PlainValidator(_template)] = ""
    query: dict[str, Template] = {}
    headers: dict[str, Template] = {}
    cookies: dict[str, Template] = {}
    subprotocols: tuple[Template, ...] = ()
    first: tuple[Template, ...] = ()
    resume: tuple[Template, ...] = ()
    welcome: Path | None = None
    refused: Path | None = None
    errors: dict[str, Word] = {}
    closes: dict[str, Literal["session_ended", "lost", "goodbye"]] = {}
    ends: Literal["goodbye", "session_ended", "reconnect"] = "goodbye"
    largest: Annotated[int, Field(gt=0)] = LARGEST


class Answer(_Table):
    """The message that accepts a question.

    Attributes:
        match: Which message it is: an expression that is true of it.
        request_id: Where it says which question it answers; without it, the oldest that waits.
        run_id, thread_id: Where it says what was begun.
    """

    match: Path
    request_id: Path | None = None
    run_id: Path
    thread_id: Path | None = None


class Refusal(_Table):
    """The message that refuses a question; ``errors`` says what its codes mean, else it is invalid."""

    match: Path
    request_id: Path | None = None
    code: Path | None = None
    message: Path | None = None
    errors: dict[str, Word] = {}


class Ask(_Table):
    """How a question is asked over the socket."""

    message: Template
    answer: Answer
    refusal: Refusal | None = None


class Request(_Table):
    """A request over HTTP.

    Attributes:
        request: Its method and its path, as ``GET /events``.
        answer: Where its answer says what was asked for.
        errors: HTTP statuses and what they mean, where that is not evident.
    """

    request: Annotated[str, Field(pattern=r"^(GET|POST|PUT) /"), AfterValidator(_template)]
    query: dict[str, Template] = {}
    headers: dict[str, Template] = {"Authorization": "Bearer {access_token}"}
    cookies: dict[str, Template] = {}
    json_body: Template = Field(default=None, alias="json")
    answer: Path
    errors: dict[str, Word] = {}


class Polling(Request):
    """How events are fetched: ``answer`` is where the list of them stands.

    Attributes:
        cursor: Where an event says from where to go on: what ``{cursor}`` stands for next time.
        interval: Seconds between two looks.
    """

    cursor: Path | None = None
    interval: Annotated[float, Field(gt=0, le=60)] = 0.2


class Gateway(_Table):
    """All that is said of a gateway, by the names of the tables."""

    protocol: Literal["websocket", "sse", "polling"] = "websocket"
    socket: Opening = Opening()
    stream: Opening = Opening(headers={"Authorization": "Bearer {access_token}"})
    polling: Polling | None = None
    ticket: Request | None = None
    envelope: Envelope
    types: dict[str, Kind | Literal["ignore"]]
    data: dict[Kind, dict[str, Path]] = {}
    ask: Ask | None = None

    @property
    def opening(self) -> Opening:
        """What opens a connection, by the protocol."""
        return self.stream if self.protocol == "sse" else self.socket


def gateway(table: Mapping[str, Any], service: str = "events") -> Gateway:
    """What a service's table says of a gateway.

    Raises:
        SettingsError: It is missing, misspelt or of another kind; ``where`` is the key.
    """
    said = {key: table[key] for key in Gateway.model_fields if key in table}
    try:
        found = Gateway.model_validate(said)
    except ValidationError as error:
        raise _settings_error(error, service) from None
    if found.protocol == "polling" and found.polling is None:
        raise SettingsError(
            "events are to be polled, and nothing says where",
            where=f"services.{service}.polling",
            try_next=f'[services.{service}.polling] request = "GET /events?after={{last_seq}}"',
        )
    return found


def _settings_error(error: ValidationError, service: str) -> SettingsError:
    first = error.errors()[0]
    where = ".".join(["services", service, *(str(part) for part in first["loc"] if part != "[key]")])
    said = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "missing":
        said = "this setting is missing"
    elif first["type"] == "extra_forbidden":
        said = "there is no such setting"
    return SettingsError(said[0].lower() + said[1:], where=where, try_next="see docs/mappings-events.md")
