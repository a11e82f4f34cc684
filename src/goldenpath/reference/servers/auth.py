"""Auth over HTTP."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter

from goldenpath.ports.auth import Account, Claims, Client, Grant, User
from goldenpath.reference.servers.application import Here, Token, control
from goldenpath.reference.servers.errors import answers
from goldenpath.reference.servers.wire import (
    AccountRequest,
    ClientRequest,
    LoginRequest,
    RefreshRequest,
    SessionList,
    SignedIn,
    ValidateRequest,
)


@cache
def routes() -> APIRouter:
    """Signing in, sessions, and what a token says."""
    router = APIRouter(tags=["auth"])

    @router.post("/auth/login", response_model=SignedIn, responses=answers(401, 422, 429))
    async def login(asked: LoginRequest, here: Here) -> Grant:
        """Sign in by password. A wrong password and an unknown email are told alike; five failures lock."""
        return await here.auth.login(asked.email, asked.password, asked.device)

    @router.post("/auth/refresh", response_model=SignedIn, responses=answers(401, 422))
    async def refresh(asked: RefreshRequest, here: Here) -> Grant:
        """Exchange a refresh token, once; its second use ends the session."""
        return await here.auth.refresh(asked.refresh_token)

    @router.post("/auth/logout", status_code=204, responses=answers(401))
    async def logout(token: Token, here: Here) -> None:
        """End the session of this token at once, everywhere."""
        await here.auth.logout(token)

    @router.get("/auth/sessions", responses=answers(401))
    async def sessions(token: Token, here: Here) -> SessionList:
        """The user's sessions that have not ended, oldest first."""
        return SessionList(sessions=await here.auth.sessions(token))

    @router.delete("/auth/sessions/{session_id}", status_code=204, responses=answers(401, 404, 422))
    async def end_session(session_id: str, token: Token, here: Here) -> None:
        """End one of the user's own sessions."""
        await here.auth.end_session(token, session_id)

    @router.get("/auth/me", responses=answers(401))
    async def me(token: Token, here: Here) -> User:
        """Who the token belongs to."""
        return await here.auth.me(token)

    @router.post("/auth/validate", responses=answers(401, 422))
    async def validate(asked: ValidateRequest, here: Here) -> Claims:
        """What a token says, if it is good now."""
        return await here.auth.validate(asked.token)

    @router.get("/.well-known/openid-configuration", responses=answers())
    async def discovery(here: Here) -> dict[str, Any]:
        """The provider's metadata (OpenID Connect Discovery 1.0, 3)."""
        return await here.auth.discovery()

    @router.get("/.well-known/jwks.json", responses=answers())
    async def jwks(here: Here) -> dict[str, Any]:
        """The public keys that tokens are signed with (RFC 7517)."""
        return await here.auth.jwks()

    return router


@cache
def controls() -> APIRouter:
    """Accounts and programs for scenarios."""
    router = control()

    @router.post("/accounts", status_code=201)
    async def create_account(asked: AccountRequest, here: Here) -> Account:
        return await here.auth.create_account(asked.name, asked.permissions)

    @router.post("/clients", status_code=201)
    async def register_client(asked: ClientRequest, here: Here) -> Client:
        return await here.auth.register_client(asked.redirect_uri, asked.scope)

    return router
