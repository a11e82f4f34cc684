"""Who is who, as a mapping says: ``AuthPort`` for a service whose HTTP has paths, fields and codes of its own."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from goldenpath.domain.errors import GoldenPathError, Invalid, MissingCapability, NotSignedIn, Refused
from goldenpath.domain.values import Availability
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.auth import Account, Claims, Client, Grant, Session, User
from goldenpath.reference.clients.control import Control
from goldenpath.wire import speaking, templates
from goldenpath.wire.answers import Answer
from goldenpath.wire.http import MappedWire
from goldenpath.wire.line import line_to
from goldenpath.wire.mapping import Operation, Party, ServiceMapping
from goldenpath.wire.operations import AUTH
from goldenpath.wire.pages import Visit
from goldenpath.wire.tokens import verified

_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "accounts": ("create_account",),
    "password_login": ("login",),
    "sessions": ("sessions", "end_session", "logout"),
    "rotation": ("refresh",),
    "lockout": ("login",),
    "oauth_code": ("authorize", "exchange_code"),
    "client_credentials": ("client_credentials",),
}
"""The operations without which a service cannot do what its mapping says."""


@asynccontextmanager
async def open_port(service: str, url: str, table: Mapping[str, Any], context: OpenContext) -> AsyncIterator[object]:
    """See ``goldenpath.wire.opening.open_port``."""
    made = speaking.mapping_of(service, table, AUTH)
    secret = context.address.get("secret", "")
    async with line_to(service, url, secret, context) as line:
        wire = MappedWire(service, url, line.client, made, AUTH, environ=os.environ, headers=line.headers)
        yield MappedAuth(wire, context, line.control if secret else None)


def capabilities(service: str, table: Mapping[str, Any]) -> frozenset[str]:
    """See ``goldenpath.wire.opening.capabilities``: those of the preset for which the operations are there."""
    made = speaking.mapping_of(service, table, AUTH)
    said = speaking.able(made, _NEEDED)
    if made.ways("create_account"):
        said |= {"accounts"}
    lacking = {"oauth_code"} if not _has_client(made) else set()
    lacking |= {"password_login"} if _goes_by_code(made) and made.client is None else set()
    lacking |= {"client_credentials"} if not _has_program(made) else set()
    return frozenset(said - lacking)


def check(service: str, table: Mapping[str, Any]) -> None:
    """See ``goldenpath.wire.opening.check``."""
    speaking.check(service, table, AUTH, _NEEDED)


async def probe(service: str, url: str, table: Mapping[str, Any]) -> Availability:
    """See ``goldenpath.wire.opening.probe``."""
    return await speaking.probe(service, url, table, AUTH)


def _has_client(made: ServiceMapping) -> bool:
    return bool(made.client and made.client.redirect_uri) or _registers(made)


def _has_program(made: ServiceMapping) -> bool:
    return bool(made.program and made.program.secret_env) or _registers(made)


def _registers(made: ServiceMapping) -> bool:
    return any(not each.when for each in made.ways("register_client"))


def _goes_by_code(made: ServiceMapping) -> bool:
    return any(each.via == "code" for each in made.ways("login"))


class MappedAuth:
    """``AuthPort`` over HTTP, as a mapping says.

    Args:
        wire: To the service.
        context: The scenario; what is made is of it alone.
        control: The control path of a server of ours; None for everybody else's.

    Every operation raises ``MissingCapability`` where the mapping has no such operation, ``UnexpectedAnswer`` where
    the service does not answer as it says, and ``ServiceUnavailable`` where it cannot be reached.
    """

    def __init__(self, wire: MappedWire, context: OpenContext, control: Control | None = None) -> None:
        self._wire = wire
        self._context = context
        self._control = control
        self._made = 0
        self._clients: dict[str, Client] = {}
        self._pages: dict[tuple[str, str], str] = {}
        self._refresh_tokens: dict[str, str | None] = {}
        self._given_to: dict[str, str] = {}

    async def create_account(self, name: str, permissions: tuple[str, ...] = ("chat",)) -> Account:
        """See ``AuthPort``. Who the person is comes from the answer, else from a first sign-in, which is ended."""
        if not self._wire.has("create_account") and self._control is not None:
            return await self._control.create_account(name, permissions)
        self._made += 1
        word = "".join(sign for sign in name.lower() if sign.isascii() and sign.isalnum()) or "person"
        email = f"{word}.{self._context.key.lower()}.{self._made}.{secrets.token_hex(4)}@example.com"
        # Letters of both cases, a digit and a sign: what rules for passwords ask for.
        asked = {"name": name, "email": email, "password": f"Aa1-{secrets.token_urlsafe(18)}"}
        made: Any = await self._wire.ask("create_account", **asked, permissions=permissions)
        account: Account = made if made.user is not None else replace(made, user=await self._seen(made))
        return account

    async def _seen(self, account: Account) -> User:
        grant = await self.login(account.email, account.password)
        if self._wire.has("logout"):
            await self.logout(grant.access_token)
        if grant.user is None:
            message = "neither the answer to create_account nor a sign-in says who the person is"
            key = "set [services.auth.operations.create_account] answer.user"
            raise GoldenPathError(message, where="auth", try_next=key)
        return grant.user

    async def login(self, email: str, password: str, device: str = "browser") -> Grant:
        """See ``AuthPort``."""
        way = await self._wire.way("login")
        if way.via == "code":
            return await self._by_code(email, password)
        return await self._kept(await self._wire.ask("login", email=email, password=password, device=device))

    async def _by_code(self, email: str, password: str) -> Grant:
        """Sign in at the provider's page, as the program that the settings name."""
        client = self._party("client")
        if client is None or client.redirect_uri is None:
            message = "signing in goes over the provider's page, and no program to come back to is known"
            key = "[services.auth.client] id = ..., redirect_uri = ..."
            raise MissingCapability(message, where="auth", try_next=key)
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        sealed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        way = {"client_id": client.id, "redirect_uri": client.redirect_uri}
        back = await self.authorize(email, password, **way, state=state, code_challenge=sealed)
        said = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
        if said.get("state") != state or "code" not in said:
            raise NotSignedIn("the way back carries no code for this sign-in", code="invalid_grant")
        return await self.exchange_code(said["code"], **way, code_verifier=verifier)

    async def refresh(self, refresh_token: str) -> Grant:
        """See ``AuthPort``."""
        asked = self._program_of(refresh_token)
        granted: Grant = await self._wire.ask("refresh", refresh_token=refresh_token, **asked)
        if granted.refresh_token is None:  # RFC 6749, 6: none means that the old one goes on
            granted = replace(granted, refresh_token=refresh_token)
        return await self._kept(granted, asked["client_id"])

    async def logout(self, access_token: str) -> None:
        """See ``AuthPort``."""
        refresh_token = self._refresh_tokens.get(access_token)
        asked = self._program_of(access_token)
        await self._wire.tell("logout", access_token=access_token, refresh_token=refresh_token, **asked)

    async def sessions(self, access_token: str) -> tuple[Session, ...]:
        """See ``AuthPort``."""
        return await self._wire.all("sessions", access_token=access_token)

    async def end_session(self, access_token: str, session_id: str) -> None:
        """See ``AuthPort``."""
        await self._wire.tell("end_session", access_token=access_token, session_id=session_id)

    async def me(self, access_token: str) -> User:
        """See ``AuthPort``."""
        user: User = await self._asked_or_read("me", access_token)
        return user

    async def validate(self, access_token: str) -> Claims:
        """See ``AuthPort``."""
        claims: Claims = await self._asked_or_read("validate", access_token)
        return claims

    async def _asked_or_read(self, operation: str, access_token: str) -> Any:
        way = await self._wire.way(operation)
        if way.verify is None:
            return await self._wire.ask(operation, access_token=access_token)
        return await self._read(operation, way, access_token)

    async def _read(self, operation: str, way: Operation, access_token: str) -> Any:
        """What a token says, as the value of an operation."""
        issuer = way.issuer
        if issuer is not None:
            found = await self._wire.found()
            filled = templates.filled(issuer, lambda name: found.get(name.removeprefix("found.")))
            issuer = None if filled is None else str(filled)
        said = verified(access_token, await self.jwks(), issuer=issuer, audience=way.audience)
        answer = Answer("auth", operation, {"access_token": access_token}, way, 0, content=b"{}", known=said)
        return answer.value(AUTH[operation])

    async def register_client(self, redirect_uri: str | None, scope: str = "") -> Client:
        """See ``AuthPort``: made where the mapping says how, else the one that the settings name."""
        party = self._party("client" if redirect_uri else "program")
        if party is not None:
            return self._lent(party, redirect_uri, scope)
        if not self._wire.has("register_client") and self._control is not None:
            client = await self._control.register_client(redirect_uri, scope)
        else:
            client = await self._wire.ask("register_client", redirect_uri=redirect_uri, scope=scope)
        self._clients[client.id] = client
        return client

    def _lent(self, party: Party, redirect_uri: str | None, scope: str) -> Client:
        """A program that is known already; its own page stands for the one that was asked for."""
        if redirect_uri and party.redirect_uri:
            self._pages[party.id, redirect_uri] = party.redirect_uri
        return Client(party.id, None if redirect_uri else self._wire.secret(party), redirect_uri, scope or party.scope)

    def _party(self, kind: str) -> Party | None:
        party: Party | None = getattr(self._wire.mapping, kind)
        return party

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
        """See ``AuthPort``. The provider's pages are gone through where it shows some."""
        asked = {
            "email": email,
            "password": password,
            **self._shown(client_id, redirect_uri),
            "state": state,
            "code_challenge": code_challenge,
            "code_challenge_method": code_challenge_method,
        }
        way = await self._wire.way("authorize")
        back = await Visit(self._wire, way, asked).back(await self._wire.request("authorize", way, asked))
        error = parse_qs(urlsplit(back).query).get("error", [""])[0]
        if error:
            raise Invalid("the provider sent back a refusal instead of a code", code=error[:40])
        return back

    async def exchange_code(self, code: str, *, client_id: str, redirect_uri: str, code_verifier: str) -> Grant:
        """See ``AuthPort``."""
        shown = self._shown(client_id, redirect_uri)
        granted = await self._wire.ask("exchange_code", code=code, code_verifier=code_verifier, **shown)
        return await self._kept(granted, client_id)

    async def client_credentials(self, client_id: str, client_secret: str, scope: str = "") -> Grant:
        """See ``AuthPort``."""
        asked = {"client_id": client_id, "client_secret": client_secret, "scope": scope or None}
        granted: Grant = await self._wire.ask("client_credentials", **asked)
        return granted

    async def discovery(self) -> dict[str, Any]:
        """See ``AuthPort``."""
        document: dict[str, Any] = await self._wire.ask("discovery")
        return document

    async def jwks(self) -> dict[str, Any]:
        """See ``AuthPort``."""
        keys: dict[str, Any] = await self._wire.ask("jwks")
        return keys

    def _shown(self, client_id: str, redirect_uri: str) -> dict[str, str | None]:
        """How a program shows itself."""
        page = self._pages.get((client_id, redirect_uri), redirect_uri)
        return {"client_id": client_id, "client_secret": self._secret_of(client_id), "redirect_uri": page}

    def _secret_of(self, client_id: str | None) -> str | None:
        if client_id in self._clients:
            return self._clients[client_id].secret
        parties = (self._party("client"), self._party("program"))
        return next((self._wire.secret(each) for each in parties if each and each.id == client_id), None)

    def _program_of(self, token: str) -> dict[str, str | None]:
        """The program to which a token was given; the one of the settings where that is not known."""
        client = self._party("client")
        client_id = self._given_to.get(token) or (client.id if client else None)
        return {"client_id": client_id, "client_secret": self._secret_of(client_id)}

    async def _kept(self, granted: Grant, client_id: str | None = None) -> Grant:
        """Remember what belongs together, and complete who signed in."""
        self._refresh_tokens[granted.access_token] = granted.refresh_token
        for token in (granted.access_token, granted.refresh_token):
            if token and client_id:
                self._given_to[token] = client_id
        if granted.user is not None or not self._wire.has("me"):
            return granted
        try:
            return replace(granted, user=await self.me(granted.access_token))
        except Refused as refusal:
            message = f"a token that was just given is refused by me: {refusal.message}"
            raise GoldenPathError(message, where="auth", try_next="[services.auth.operations.me]") from refusal
