"""Requests beside a connection: for tickets, and for events that are fetched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from goldenpath.domain.errors import GoldenPathError
from goldenpath.reference.clients.failures import failure
from goldenpath.reference.clients.http import DEADLINE, answer_to
from goldenpath.wire.events import addresses
from goldenpath.wire.events.errors import refusal, shown
from goldenpath.wire.events.settings import Request
from goldenpath.wire.templates import filled


class Requests:
    """Requests to one gateway.

    Args:
        url: Where it is, by http or ws.
        client: Whoever made it closes it.
        headers: What every request carries besides.
        deadline: Seconds in which a request must be answered.
    """

    def __init__(
        self, url: str, client: httpx.AsyncClient, headers: Mapping[str, str], deadline: float = DEADLINE
    ) -> None:
        self._url = url
        self._client = client
        self._headers = headers
        self._deadline = deadline

    async def ask(self, mapped: Request, values: addresses.Values, key: str) -> Any:
        """What the answer says where the settings look for it.

        Args:
            mapped: What is asked, and where the answer stands.
            values: What its templates stand for.
            key: The table of the settings, below ``services.events``.

        Raises:
            Refused: The gateway says no.
            ServiceUnavailable: It cannot be reached, or did not answer in time.
            GoldenPathError: The answer has nothing where it was looked for.
        """
        answer = await answer_to("events", self._client, self._request(mapped, values), self._deadline)
        if answer.status_code >= 400:
            raise failed(answer, mapped.errors)
        try:
            said = answer.json()
        except ValueError:
            said = None
        found = mapped.answer.of(said)
        if found is None:
            what = f"{mapped.request} answered {answer.status_code} without {mapped.answer.text}"
            raise GoldenPathError(
                f"{what}: {shown(answer.content if said is None else said)}",
                where=f"services.events.{key}.answer",
                try_next=f"set [services.events.{key}] answer",
            )
        return found

    def _request(self, mapped: Request, values: addresses.Values) -> httpx.Request:
        method, _, path = mapped.request.partition(" ")
        sent = {**self._headers, **addresses.headers(mapped.headers, mapped.cookies, values)}
        body = None if mapped.json_body is None else json.dumps(filled(mapped.json_body, values.get)).encode()
        if body is not None:
            sent["Content-Type"] = "application/json"
        where = addresses.address(self._url, path, mapped.query, values, "http")
        return self._client.build_request(method, where, headers=sent, content=body)


def failed(answer: httpx.Response, errors: Mapping[str, Any]) -> GoldenPathError:
    """What an answer that is no success means; its body has been read."""
    status = answer.status_code
    if word := errors.get(str(status)):
        asked = urlsplit(str(answer.request.url)).path
        return refusal(word, f"{answer.request.method} {asked} answered {status}", str(status))
    return failure("events", status, answer.content, answer.headers.get("Retry-After"))
