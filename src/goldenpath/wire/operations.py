"""The operations of the ports that can be mapped to HTTP: what each is asked with, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from goldenpath.ports import agents, auth


@dataclass(frozen=True, slots=True)
class PortOperation:
    """What a mapping of one operation may speak of.

    Attributes:
        places: What the request can be filled with.
        gives: The class of the port's value; None where nothing is read, or the answer is taken as it is.
        many: Whether the port gives a list of them.
        echoed: Fields that are what was asked, where the mapping does not say where they come from.
        secret_based: Whether a 401 is about a password or a program's secret, and not about a token.
    """

    places: tuple[str, ...]
    gives: type | None = None
    many: bool = False
    echoed: tuple[str, ...] = ()
    secret_based: bool = False


_TOKEN: Final = ("access_token",)
_WAY_BACK: Final = ("client_id", "client_secret", "redirect_uri")
_PAGES: Final = ("limit", "after", "offset", "page")

AUTH: Final[Mapping[str, PortOperation]] = {
    "create_account": PortOperation(
        ("name", "email", "password", "permissions"), auth.Account, echoed=("email", "password", "user")
    ),
    "login": PortOperation(("email", "password", "device"), auth.Grant, secret_based=True),
    "refresh": PortOperation(("refresh_token", "client_id", "client_secret"), auth.Grant),
    "logout": PortOperation((*_TOKEN, "refresh_token", "client_id", "client_secret")),
    "sessions": PortOperation((*_TOKEN, *_PAGES), auth.Session, many=True),
    "end_session": PortOperation((*_TOKEN, "session_id")),
    "me": PortOperation(_TOKEN, auth.User),
    "validate": PortOperation(_TOKEN, auth.Claims),
    "register_client": PortOperation(
        ("redirect_uri", "scope"), auth.Client, echoed=("secret", "redirect_uri", "scope")
    ),
    "authorize": PortOperation(
        ("email", "password", *_WAY_BACK, "state", "code_challenge", "code_challenge_method"), secret_based=True
    ),
    "exchange_code": PortOperation(("code", *_WAY_BACK, "code_verifier"), auth.Grant),
    "client_credentials": PortOperation(("client_id", "client_secret", "scope"), auth.Grant, secret_based=True),
    "discovery": PortOperation(()),
    "jwks": PortOperation(()),
}

AGENTS: Final[Mapping[str, PortOperation]] = {
    "create_thread": PortOperation((*_TOKEN, "title", "idempotency_key"), agents.Thread),
    "threads": PortOperation((*_TOKEN, *_PAGES), agents.Thread, many=True),
    "thread": PortOperation((*_TOKEN, "thread_id"), agents.Thread),
    "messages": PortOperation((*_TOKEN, "thread_id", *_PAGES), agents.Message, many=True, echoed=("thread_id",)),
    "start": PortOperation((*_TOKEN, "prompt", "thread_id"), agents.Started, echoed=("thread_id",)),
    "run": PortOperation((*_TOKEN, "run_id"), agents.Run),
    "cancel": PortOperation((*_TOKEN, "run_id")),
}
