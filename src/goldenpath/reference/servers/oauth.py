"""OAuth 2.1 over HTTP: forms in, and refusals as RFC 6749 has them."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from goldenpath.domain.errors import AccountLocked, Invalid, NotSignedIn, Refused, WrongCredentials
from goldenpath.ports.auth import AuthPort, Grant
from goldenpath.reference.servers.application import Here
from goldenpath.reference.servers.errors import answers
from goldenpath.reference.servers.wire import Granted, OauthError

_NEVER_KEPT: Final = {"Cache-Control": "no-store"}

Form = Mapping[str, str]


async def _form(request: Request) -> Form:
    """Names and values of the query and of the body, none of them twice (RFC 6749, 3.1).

    Raises:
        Invalid: One is there twice, or the body is no form.
    """
    try:
        body = (await request.body()).decode("ascii")
        pairs = [
            pair
            for text in (request.scope["query_string"].decode("ascii"), body)
            for pair in parse_qsl(text, keep_blank_values=True, errors="surrogatepass")
        ]
    except ValueError:
        raise Invalid("the body is no form", code="invalid_request") from None
    if len(form := dict(pairs)) != len(pairs):
        raise Invalid("a parameter is there twice", code="invalid_request")
    return form


async def _answered(work: Callable[[Form], Awaitable[Response]], request: Request) -> Response:
    try:
        return await work(await _form(request))
    except Refused as error:
        return _refusal(error)


def _refusal(error: Refused) -> JSONResponse:
    """A refusal in the shape of RFC 6749, 5.2."""
    status, code, headers = 400, error.code, dict(_NEVER_KEPT)
    if isinstance(error, WrongCredentials):
        status = 401
    elif isinstance(error, AccountLocked):
        status = 429
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    elif isinstance(error, NotSignedIn):
        code = "invalid_grant"
    return JSONResponse({"error": code, "error_description": error.message}, status, headers)


def _needed(form: Form, name: str) -> str:
    if name not in form:
        raise Invalid(f"{name} is missing", code="invalid_request")
    return form[name]


async def _by_code(auth: AuthPort, form: Form) -> Grant:
    names = ("client_id", "redirect_uri", "code_verifier")
    return await auth.exchange_code(_needed(form, "code"), **{name: _needed(form, name) for name in names})


async def _by_refresh_token(auth: AuthPort, form: Form) -> Grant:
    return await auth.refresh(_needed(form, "refresh_token"))


async def _by_secret(auth: AuthPort, form: Form) -> Grant:
    program, secret = _needed(form, "client_id"), _needed(form, "client_secret")
    return await auth.client_credentials(program, secret, form.get("scope", ""))


_GRANTS: Final[Mapping[str, Callable[[AuthPort, Form], Awaitable[Grant]]]] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh_token,
    "client_credentials": _by_secret,
}


async def _sign_in(auth: AuthPort, form: Form) -> str:
    if form.get("response_type", "code") != "code":
        raise Invalid("only a code can be asked for", code="unsupported_response_type")
    names = ("client_id", "redirect_uri", "state", "code_challenge")
    return await auth.authorize(
        _needed(form, "email"),
        _needed(form, "password"),
        **{name: _needed(form, name) for name in names},
        # Without a word it would be "plain" (RFC 7636, 4.3), which OAuth 2.1 does not have.
        code_challenge_method=form.get("code_challenge_method", "plain"),
    )


def _takes(*needed: str, **more: str) -> dict[str, Any]:
    """The description of a form."""
    texts = {name: {"type": "string"} for name in [*needed, *more]}
    schema = {"type": "object", "required": list(needed), "properties": texts}
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


_OPTIONAL: Final = ("code", "redirect_uri", "client_id", "client_secret", "code_verifier", "refresh_token", "scope")
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {400: {"model": OauthError}, 401: {"model": OauthError}}


@cache
def routes() -> APIRouter:
    """The authorization endpoint and the token endpoint."""
    router = APIRouter(tags=["oauth"])

    @router.post(
        "/oauth/authorize",
        status_code=302,
        response_class=RedirectResponse,
        responses={**answers(), **_REFUSALS, 429: {"model": OauthError}},
        openapi_extra=_takes("email", "password", "client_id", "redirect_uri", "state", "code_challenge"),
    )
    async def authorize(request: Request, here: Here) -> Response:
        """Sign in for a program: the answer leads to its address, with ``code`` and ``state`` (OAuth 2.1, 4.1)."""

        async def sign_in(form: Form) -> Response:
            return RedirectResponse(await _sign_in(here.auth, form), 302, _NEVER_KEPT)

        return await _answered(sign_in, request)

    @router.post(
        "/oauth/token",
        response_model=Granted,
        responses={**answers(), **_REFUSALS},
        openapi_extra=_takes("grant_type", **dict.fromkeys(_OPTIONAL, "")),
    )
    async def token(request: Request, here: Here) -> Response:
        """A grant by code, by refresh token, or for a program itself (OAuth 2.1, 3.2)."""

        async def grant(form: Form) -> Response:
            kind = _needed(form, "grant_type")
            if kind not in _GRANTS:
                raise Invalid(f"there is no grant {kind!r}", code="unsupported_grant_type")
            granted = Granted.model_validate(await _GRANTS[kind](here.auth, form), from_attributes=True)
            granted.scope = granted.scope or None
            return JSONResponse(granted.model_dump(mode="json", exclude_none=True), headers=_NEVER_KEPT)

        return await _answered(grant, request)

    return router
