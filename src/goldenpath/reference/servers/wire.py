"""Bodies of requests and answers that are not a port's values as they stand."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from goldenpath.ports.agents import Message
from goldenpath.ports.auth import Session, User


def _is_text(value: Any) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("text", "a text is needed")
    return value


Text = Annotated[str, PlainValidator(_is_text), WithJsonSchema({"type": "string"})]
"""Any text, half a surrogate pair included: what that means is the service's to say."""


class LoginRequest(BaseModel):
    """Who wants to sign in, and on which device."""

    email: Text
    password: Text
    device: Text = "browser"


class RefreshRequest(BaseModel):
    """What renews a sign-in, once."""

    refresh_token: Text


class ValidateRequest(BaseModel):
    """A token to be looked at."""

    token: Text


class SignedIn(BaseModel):
    """What a person's sign-in gives (RFC 6749, 5.1). ``expires_in`` is in seconds."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int
    user: User


class Granted(BaseModel):
    """What the token endpoint gives (RFC 6749, 5.1), and who signed in, where it was a person."""

    access_token: str
    token_type: str
    expires_in: int
    refresh_token: str | None = None
    scope: str | None = None
    user: User | None = None


class OauthError(BaseModel):
    """A refusal of an OAuth endpoint (RFC 6749, 5.2)."""

    error: str
    error_description: str


class SessionList(BaseModel):
    """The user's sessions that have not ended, oldest first."""

    sessions: tuple[Session, ...]


class ThreadRequest(BaseModel):
    """A conversation to begin; the same key again gives the same one."""

    title: Text
    idempotency_key: Text | None = None


class MessageList(BaseModel):
    """What was said in a conversation, oldest first."""

    messages: tuple[Message, ...]


class RunRequest(BaseModel):
    """A question; without a conversation one begins."""

    prompt: Text
    thread_id: Text | None = None


class TicketGiven(BaseModel):
    """What opens one socket, for so many seconds."""

    ticket: str
    expires_in: int


class StartAgent(BaseModel):
    """A question over a socket; ``request_id`` comes back with the answer."""

    type: Literal["start_agent"]
    prompt: Text
    thread_id: Text | None = None
    request_id: Text | None = None


class Health(BaseModel):
    """The process lives."""

    status: Literal["ok"]
    service: str
    version: str


class Readiness(BaseModel):
    """Whether all that the service needs is there: ``ok`` for each, or what was seen instead."""

    status: Literal["ready", "not_ready"]
    service: str
    version: str
    checks: dict[str, str]


class AccountRequest(BaseModel):
    """An account to make."""

    name: Text
    permissions: tuple[Text, ...] = ("chat",)


class ClientRequest(BaseModel):
    """A program to make known."""

    redirect_uri: Text | None = None
    scope: Text = ""


class ClockRequest(BaseModel):
    """How far a scenario's time is ahead of the machine's, in seconds, in all."""

    scenario: str
    offset: float
