"""What every server has: who asks, errors, health, readiness, and the control path where there is a secret."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from goldenpath.domain.errors import NotFound, NotSignedIn
from goldenpath.reference.clients.control import SECRET, TENANT
from goldenpath.reference.servers import errors
from goldenpath.reference.servers.backing import Check, looked_at
from goldenpath.reference.servers.config import SERVICE_OF
from goldenpath.reference.servers.log import Ledger
from goldenpath.reference.servers.tenants import Asked, Tenant, Tenants, seconds
from goldenpath.reference.servers.wire import ClockRequest, Health, Readiness

VERSION: Final = version("goldenpath")

_bearer = HTTPBearer(auto_error=False, description="The access token of a sign-in.")


async def _tenant(connection: HTTPConnection) -> Tenant:
    tenants: Tenants = connection.app.state.tenants
    return await tenants.of(connection.headers.get(TENANT))


Here = Annotated[Tenant, Depends(_tenant)]
"""The tenant that a request is for."""


async def _token(offered: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    if offered is None:
        raise NotSignedIn("no access token was sent", code="no_token")
    return offered.credentials


Token = Annotated[str, Depends(_token)]
"""The access token that a request was sent with."""


async def _with_secret(connection: HTTPConnection, offered: Annotated[str, Header(alias=SECRET)] = "") -> None:
    tenants: Tenants = connection.app.state.tenants
    if not hmac.compare_digest(offered.encode(), tenants.common.config.secret.encode()):
        raise NotFound("Not Found", code="no_route")


def control() -> APIRouter:
    """Routes that are there for who has the secret, and for nobody else: what every server has of them."""
    router = APIRouter(prefix="/control", dependencies=[Depends(_with_secret)], include_in_schema=False)

    @router.post("/clock", status_code=204)
    async def clock(asked: ClockRequest, connection: HTTPConnection) -> None:
        tenants: Tenants = connection.app.state.tenants
        await tenants.at(Asked(asked.scenario, seconds(asked.offset)))

    return router


def application(
    name: str, tenants: Tenants, checks: Mapping[str, Check], *routers: APIRouter, controls: APIRouter
) -> FastAPI:
    """A server's application.

    Args:
        name: What is served: ``auth``, ``agents`` or ``gateway``.
        tenants: Who is served.
        checks: What the service needs, by name, to be told whether it is ready.
        routers: What it answers.
        controls: What it answers to who has the secret.
    """
    app = FastAPI(title=f"Golden Path reference platform: {name}", version=VERSION, docs_url=None, redoc_url=None)
    app.state.tenants, app.state.checks, app.state.service = tenants, checks, SERVICE_OF[name]
    app.add_middleware(Ledger, service=SERVICE_OF[name])
    errors.install(app)
    for router in (*routers, operation(), *([controls] if tenants.common.config.secret else [])):
        app.include_router(router)
    return app


@cache
def operation() -> APIRouter:
    """How a server is, for who runs it."""
    router = APIRouter(tags=["operation"])

    @router.get("/health")
    async def health(request: Request) -> Health:
        """Whether the process lives."""
        return Health(status="ok", service=request.app.state.service, version=VERSION)

    @router.get("/ready", responses={503: {"model": Readiness, "description": "Something that it needs is away."}})
    async def ready(request: Request, response: Response) -> Readiness:
        """Whether all that it needs is there, looked at now."""
        state = request.app.state
        said = await looked_at(state.checks)
        is_ready = all(each == "ok" for each in said.values())
        response.status_code = 200 if is_ready else 503
        status: Literal["ready", "not_ready"] = "ready" if is_ready else "not_ready"
        return Readiness(status=status, service=state.service, version=VERSION, checks=said)

    return router
