"""Refusals as they go over the wire: a status, and one shape of body."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from goldenpath.domain.errors import (
    AccountLocked,
    Conflict,
    GoldenPathError,
    Invalid,
    NotFound,
    NotSignedIn,
    Refused,
    ServiceUnavailable,
    WrongCredentials,
)

INTERNAL: Final = 500

_STATUSES: Final[tuple[tuple[type[GoldenPathError], int], ...]] = (
    (WrongCredentials, 401),
    (NotSignedIn, 401),
    (AccountLocked, 429),
    (NotFound, 404),
    (Invalid, 422),
    (Conflict, 409),
    (Refused, 403),
    (ServiceUnavailable, 503),
)
"""The status of each refusal (RFC 9110, 15.5 and 15.6; RFC 6585, 4); the first that fits."""

_CODES: Final = {400: "bad_request", 404: "no_route", 405: "no_method"}


class ErrorDetail(BaseModel):
    """What went wrong: a word for programs, a sentence for people; ``service`` where another one is lost."""

    code: str
    message: str
    service: str | None = None


class ErrorBody(BaseModel):
    """The body of every answer that is no success."""

    error: ErrorDetail


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer besides its success, for its description."""
    return {status: {"model": ErrorBody} for status in (*statuses, 503)}


def known(error: Exception) -> GoldenPathError | None:
    """The refusal that an error means; None where nobody foresaw it."""
    return error if isinstance(error, Refused | ServiceUnavailable) else None


def status_of(error: GoldenPathError) -> int:
    """The status with which a refusal is answered."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), INTERNAL)


def code_of(error: GoldenPathError) -> str:
    """The word for programs."""
    return error.code if isinstance(error, Refused) else "unavailable"


def headers_of(error: GoldenPathError) -> dict[str, str]:
    """What a refusal says besides: how to sign in (RFC 6750, 3), or when to come again (RFC 9110, 10.2.3)."""
    if isinstance(error, NotSignedIn):
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    if isinstance(error, AccountLocked):
        return {"Retry-After": str(math.ceil(error.retry_after))}
    return {}


def detail(error: GoldenPathError) -> dict[str, str]:
    """What an answer tells of a refusal."""
    if isinstance(error, ServiceUnavailable):
        return {"code": code_of(error), "message": error.reason, "service": error.service}
    return {"code": code_of(error), "message": error.message}


def refusal(error: GoldenPathError) -> JSONResponse:
    """The answer that a refusal is."""
    return JSONResponse({"error": detail(error)}, status_of(error), headers_of(error))


def answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An answer that is no success, and no refusal of a port."""
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def internal() -> JSONResponse:
    """The answer to what nobody foresaw; what it was is in the log, not here."""
    return answer(INTERNAL, "internal", "Something unforeseen happened.")


def install(app: FastAPI) -> None:
    """Have every error of an application answered in this shape."""
    app.add_exception_handler(RequestValidationError, _ill_formed)
    app.add_exception_handler(HTTPException, _no_route)
    for kind in (Refused, ServiceUnavailable):
        app.add_exception_handler(kind, _refused)


async def _refused(request: Request, error: Exception) -> Response:
    meant = known(error)
    if meant is None:
        raise error
    return refusal(meant)


async def _ill_formed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or "the body"
    return answer(422, "ill_formed", f"{place}: {first['msg']}")


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return answer(error.status_code, _CODES.get(error.status_code, "refused"), str(error.detail), error.headers)
