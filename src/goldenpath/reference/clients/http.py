"""Requests with a deadline, and answers as what the port promises."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import httpx

from goldenpath.domain.errors import GoldenPathError, NotFound, NotSignedIn, ServiceUnavailable
from goldenpath.domain.route import STRAIGHT, Route
from goldenpath.reference.clients.failures import failure
from goldenpath.reference.clients.transport import WITHIN, StreamTransport

T = TypeVar("T")

Headers = Callable[[], Mapping[str, str]]
"""Gives what each request carries besides: asked anew for every one."""

DEADLINE: Final = 10.0
"""Seconds in which a request must be answered, from connecting to the last byte."""

_IDLE: Final = 2.0
"""Seconds after which an idle connection is not used again: well before servers close it (uvicorn: 5)."""


def no_headers() -> Mapping[str, str]:
    """Nothing besides."""
    return {}


def open_client(url: str, route: Route = STRAIGHT) -> httpx.AsyncClient:
    """A client for the server at ``url``; whoever asks closes it. The environment's proxies are left aside.

    Args:
        url: Where the server is.
        route: How it is reached; its headers go with every request, under those of the request itself.
    """
    trust = route.trust() or _trust(urlsplit(url).scheme in {"https", "wss"})
    transport = StreamTransport(trust, _IDLE, route)
    # The deadline is for all of a request: httpx's are for each read, and a server that drips reads for ever.
    return httpx.AsyncClient(transport=transport, timeout=None, trust_env=False, headers=dict(route.headers))  # noqa: S113


@cache
def _trust(tls: bool) -> ssl.SSLContext:
    """One context a process: a new one costs more than twenty requests, and plain HTTP needs none that knows anyone."""
    return httpx.create_ssl_context() if tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def place(url: str) -> str:
    """Where a server is, for people: without path, name or password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def segment(thing_id: str) -> str:
    """An id as one segment of a path.

    Raises:
        NotFound: It is empty: nothing has such an id.
    """
    if not thing_id:
        raise NotFound("there is nothing without an id", code="no_id")
    return quote(thing_id, safe="", errors="surrogatepass").replace(".", "%2E")


def query(values: Mapping[str, object]) -> str:
    """Names and values of a form or a query, those without a value left out."""
    return urlencode({name: value for name, value in values.items() if value is not None}, errors="surrogatepass")


def bearer(access_token: str | None) -> dict[str, str]:
    """The header that a token is sent in (RFC 6750, 2.1); none without a token.

    Raises:
        NotSignedIn: It has characters that no header can have, so that no server can have given it.
    """
    if not access_token:
        return {}
    if not access_token.isascii() or not access_token.isprintable() or access_token != access_token.strip():
        raise NotSignedIn("the token is none that could be sent", code="invalid_token")
    return {"Authorization": f"Bearer {access_token}"}


class HttpWire:
    """Requests to one server.

    Args:
        service: Whom errors name.
        url: Where it is; paths are put behind it.
        client: Whoever made it closes it.
        headers: What every request carries besides.
        deadline: Seconds in which a request must be answered.
    """

    def __init__(
        self,
        service: str,
        url: str,
        client: httpx.AsyncClient,
        headers: Headers = no_headers,
        deadline: float = DEADLINE,
    ) -> None:
        self.service = service
        self.url = url.rstrip("/")
        self.headers = headers
        self.deadline = deadline
        self._client = client

    async def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: object = None,
        form: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Ask, and give an answer that is no refusal.

        Raises:
            Refused: The service says no; which kind, see ``failures.failure``.
            ServiceUnavailable: It cannot be reached, or did not answer in time.
            GoldenPathError: It is there, and is broken.
        """
        content, kind = content_of(body, form)
        sent = {**self.headers(), **bearer(token), **kind, **(headers or {})}
        request = self._client.build_request(method, self.url + path, content=content, headers=sent)
        answer = await answer_to(self.service, self._client, request, self.deadline)
        if answer.status_code >= 400:
            retry_after = answer.headers.get("Retry-After")
            raise failure(self.service, answer.status_code, answer.content, retry_after)
        return answer

    async def ask(self, read: Callable[[Any], T], method: str, path: str, **asked: Any) -> T:
        """Ask, and give what ``read`` makes of the answer's JSON.

        Raises:
            Refused, ServiceUnavailable: As for ``send``.
            GoldenPathError: The answer is not of the shape that was promised.
        """
        answer = await self.send(method, path, **asked)
        try:
            return read(answer.json())
        except (ValueError, KeyError, TypeError) as error:
            what = f"{method} {path.partition('?')[0]}"
            said = f"the answer to {what} ({answer.status_code}) cannot be read: {type(error).__name__}: {error}"
            raise GoldenPathError(said, where=self.service) from error


async def answer_to(
    service: str, client: httpx.AsyncClient, request: httpx.Request, deadline: float = DEADLINE
) -> httpx.Response:
    """What a server says to one request, whatever that is.

    Raises:
        ServiceUnavailable: It cannot be reached, or did not answer in time.
    """
    try:
        async with asyncio.timeout(deadline) as within:
            request.extensions[WITHIN] = within
            return await client.send(request)
    except TimeoutError:
        raise ServiceUnavailable(service, f"no answer within {deadline:g} s") from None
    except (httpx.TransportError, httpx.DecodingError, OSError) as error:
        raise ServiceUnavailable(service, lost(error, str(request.url))) from error


def lost(error: BaseException, url: str) -> str:
    """Why a server cannot be reached, for people."""
    said = str(error) or "the connection was lost"
    return f"{place(url)}: {type(error).__name__}: {said}"


def content_of(body: object, form: Mapping[str, object] | None) -> tuple[bytes | None, dict[str, str]]:
    """The body of a request and the header that says what it is: a form, else JSON, else nothing."""
    if form is not None:
        return query(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    if body is not None:
        # ASCII: half a surrogate pair can be sent, and is the server's to refuse.
        return json.dumps(body).encode(), {"Content-Type": "application/json"}
    return None, {}
