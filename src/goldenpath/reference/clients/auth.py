"""Who is who, asked over HTTP: ``AuthPort`` for a server that speaks as the reference platform does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx

from goldenpath.domain.errors import GoldenPathError
from goldenpath.ports.auth import Account, Claims, Client, Grant, Session, User
from goldenpath.reference.clients import values
from goldenpath.reference.clients.control import Control
from goldenpath.reference.clients.http import DEADLINE, Headers, HttpWire, no_headers, segment


class HttpAuth:
    """``AuthPort`` over HTTP.

    Args:
        url: Where the server is.
        client: Whoever made it closes it.
        headers: What every request carries besides.
        control: The server's control path; None where there is none, so that no account can be made.
        deadline: Seconds in which a request must be answered.

    Every operation raises ``ServiceUnavailable`` when the server cannot be reached.
    """

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        headers: Headers = no_headers,
        *,
        control: Control | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        self._wire = HttpWire("auth", url, client, headers, deadline)
        self._control = control or Control(self._wire)

    async def create_account(self, name: str, permissions: tuple[str, ...] = ("chat",)) -> Account:
        """See ``AuthPort``."""
        return await self._control.create_account(name, permissions)

    async def login(self, email: str, password: str, device: str = "browser") -> Grant:
        """See ``AuthPort``."""
        body = {"email": email, "password": password, "device": device}
        return await self._wire.ask(values.grant, "POST", "/auth/login", body=body)

    async def refresh(self, refresh_token: str) -> Grant:
        """See ``AuthPort``."""
        return await self._wire.ask(values.grant, "POST", "/auth/refresh", body={"refresh_token": refresh_token})

    async def logout(self, access_token: str) -> None:
        """See ``AuthPort``."""
        await self._wire.send("POST", "/auth/logout", token=access_token)

    async def sessions(self, access_token: str) -> tuple[Session, ...]:
        """See ``AuthPort``."""
        return await self._wire.ask(values.sessions, "GET", "/auth/sessions", token=access_token)

    async def end_session(self, access_token: str, session_id: str) -> None:
        """See ``AuthPort``."""
        await self._wire.send("DELETE", f"/auth/sessions/{segment(session_id)}", token=access_token)

    async def me(self, access_token: str) -> User:
        """See ``AuthPort``."""
        return await self._wire.ask(values.user, "GET", "/auth/me", token=access_token)

    async def validate(self, access_token: str) -> Claims:
        """See ``AuthPort``."""
        return await self._wire.ask(values.claims, "POST", "/auth/validate", body={"token": access_token})

    async def register_client(self, redirect_uri: str | None, scope: str = "") -> Client:
        """See ``AuthPort``."""
        return await self._control.register_client(redirect_uri, scope)

    async def authorize(
        self,
        email: str,
        password: str,
        *,
        client_id: str,
        redirect_uri: str,
        state: str,
        code_challenge: str,
        code_challenge_method: str = "S256",
    ) -> str:
        """See ``AuthPort``."""
        form = {
            "response_type": "code",
            "email": email,
            "password": password,
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge": code_challenge,
            "code_challenge_method": code_challenge_method,
        }
        answer = await self._wire.send("POST", "/oauth/authorize", form=form)
        if answer.status_code not in {302, 303} or "Location" not in answer.headers:
            raise GoldenPathError(f"it answered {answer.status_code}, and no address to return to", where="auth")
        return str(answer.headers["Location"])

    async def exchange_code(self, code: str, *, client_id: str, redirect_uri: str, code_verifier: str) -> Grant:
        """See ``AuthPort``."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "code_verifier": code_verifier,
        }
        granted = await self._wire.ask(values.grant, "POST", "/oauth/token", form=form)
        # RFC 6749, 5.1, does not say who signed in.
        return granted if granted.user is not None else replace(granted, user=await self.me(granted.access_token))

    async def client_credentials(self, client_id: str, client_secret: str, scope: str = "") -> Grant:
        """See ``AuthPort``."""
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": scope or None,
        }
        return await self._wire.ask(values.grant, "POST", "/oauth/token", form=form)

    async def discovery(self) -> dict[str, Any]:
        """See ``AuthPort``."""
        return await self._wire.ask(dict[str, Any], "GET", "/.well-known/openid-configuration")

    async def jwks(self) -> dict[str, Any]:
        """See ``AuthPort``."""
        return await self._wire.ask(dict[str, Any], "GET", "/.well-known/jwks.json")
