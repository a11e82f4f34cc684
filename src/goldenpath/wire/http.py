"""Operations of a port over HTTP, as a mapping says: requests filled in, refusals as the port's errors."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from goldenpath.domain.errors import (
    AccountLocked,
    Conflict,
    GoldenPathError,
    Invalid,
    MissingCapability,
    NotFound,
    NotSignedIn,
    Refused,
    ServiceUnavailable,
    SettingsError,
    UnexpectedAnswer,
    WrongCredentials,
)
from goldenpath.domain.route import is_here
from goldenpath.reference.clients.failures import LOST, seconds_to_wait
from goldenpath.reference.clients.http import DEADLINE, Headers, answer_to, content_of, no_headers, query, segment
from goldenpath.wire import templates
from goldenpath.wire.answers import Answer, clean
from goldenpath.wire.mapping import WORDS, Operation, Party, ServiceMapping, TokenPlace
from goldenpath.wire.operations import PortOperation

_MEANINGS: Final[Mapping[int, type[GoldenPathError]]] = {
    400: Invalid,
    401: NotSignedIn,
    403: Refused,
    404: NotFound,
    409: Conflict,
    413: Invalid,
    422: Invalid,
    429: Refused,
    **dict.fromkeys(LOST, ServiceUnavailable),
}
"""What a status means where a mapping does not say (RFC 9110, 15.5)."""

_OF_SECRETS: Final[Mapping[int, type[GoldenPathError]]] = {
    401: WrongCredentials,
    423: AccountLocked,
    429: AccountLocked,
}
"""What it means where a password or a program's secret was shown."""

_SECRET: Final = frozenset(
    {"password", "access_token", "refresh_token", "client_secret", "code", "code_verifier", "state"}
)
_LONGEST_MESSAGE: Final = 200
_MOST_PAGES: Final = 100


class MappedWire:
    """Requests to one service, as its mapping says, for one scenario.

    Args:
        service: Whom errors name.
        url: Where it is.
        client: Whoever made it closes it.
        mapping: How it is spoken to.
        port: The operations of its port.
        environ: Where secrets come from.
        headers: What every request carries besides.
        deadline: Seconds in which a request must be answered.
    """

    def __init__(
        self,
        service: str,
        url: str,
        client: httpx.AsyncClient,
        mapping: ServiceMapping,
        port: Mapping[str, PortOperation],
        *,
        environ: Mapping[str, str],
        headers: Headers = no_headers,
        deadline: float = DEADLINE,
    ) -> None:
        self.service = service
        self.url = url.rstrip("/")
        self.mapping = mapping
        self._client = client
        self._port = port
        self._environ = environ
        self._headers = headers
        self._deadline = deadline
        self._found: Mapping[str, Any] | None = None

    def has(self, operation: str) -> bool:
        """Whether the service has an operation, as far as the mapping says."""
        return bool(self.mapping.ways(operation))

    async def way(self, operation: str, **asked: Any) -> Operation:
        """How an operation is carried out: the first way whose places all have a value.

        Raises:
            MissingCapability: There is none.
        """
        lacking = ""
        for each in self.mapping.ways(operation):
            lookup = await self._lookup(each, asked)
            empty = [place for place in each.when if lookup(place) is None]
            if not empty:
                return each
            lacking = f", for want of {', '.join(empty)}"
        key = f"[services.{self.service}.operations.{operation}]"
        message = f"{self.service} has no operation {operation!r} in its mapping{lacking}"
        raise MissingCapability(message, where=self.service, try_next=f"{key} request = ..., if the product has it")

    async def ask(self, operation: str, **asked: Any) -> Any:
        """Carry out an operation, and give the port's value.

        Raises:
            MissingCapability: The service does not have it.
            Refused: The service says no.
            ServiceUnavailable: It cannot be reached, or did not answer in time.
            UnexpectedAnswer: It answered what the mapping does not foresee.
        """
        return (await self.answer(operation, **asked)).value(self._port[operation])

    async def tell(self, operation: str, **asked: Any) -> None:
        """Carry out an operation whose answer is of no interest; errors as for ``ask``."""
        await self.answer(operation, **asked)

    async def all(self, operation: str, **asked: Any) -> tuple[Any, ...]:
        """A list in full, page by page; errors as for ``ask``."""
        found: tuple[Any, ...] = ()
        after: str | None = None
        for _ in range(_MOST_PAGES):
            part, after = await self.page(operation, after=after, **asked)
            found += part
            if after is None:
                return found
        way = await self.way(operation)
        message = f"{way.request} goes on after {_MOST_PAGES} pages"
        key = f"set [services.{self.service}.operations.{operation}] next"
        raise UnexpectedAnswer(message, where=self.service, try_next=key)

    async def page(
        self, operation: str, *, after: str | None, limit: int | None = None, **asked: Any
    ) -> tuple[tuple[Any, ...], str | None]:
        """Part of a list, and what asks for the following part; errors as for ``ask``.

        Raises:
            Invalid: ``after`` was never given.
        """
        way = await self.way(operation)
        if way.paging == "cursor":
            answer = await self.answer(operation, after=after, limit=limit, **asked)
            return answer.value(self._port[operation]), answer.next()
        done = _count(after)
        places = {"offset": done, "page": done + 1, "limit": limit}
        answer = await self.answer(operation, **places, **asked)
        items = answer.value(self._port[operation])
        # Without a word of the service, a list goes on for as long as a page is full.
        goes_on = answer.next() is not None if way.next is not None else len(items) == limit
        step = len(items) if way.paging == "offset" else 1
        return items, str(done + step) if goes_on and items else None

    async def answer(self, operation: str, **asked: Any) -> Answer:
        """What the service says to an operation, where that is no refusal; errors as for ``ask``."""
        way = await self.way(operation, **asked)
        answer = await self.send(operation, way, asked)
        for following in way.then:
            await self.send(operation, following, asked)
        return answer

    async def send(self, operation: str, way: Operation, asked: Mapping[str, Any]) -> Answer:
        """Send one request of an operation; errors as for ``ask``."""
        request = await self.request(operation, way, asked)
        response = await answer_to(self.service, self._client, request, self._deadline)
        answer = Answer.of(response, self.service, operation, way, asked)
        if (error := self.refusal(answer)) is not None:
            raise error
        if not response.is_success:
            raise answer.wrong(_led(response), f'errors."{response.status_code}"')
        return answer

    def build(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> httpx.Request:
        """A request that carries what all of this client carry, and no cookie but those in its headers."""
        self._client.cookies.clear()
        return self._client.build_request(method, url, headers=headers, content=content)

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """What the service says to a request of the caller's making.

        Raises:
            ServiceUnavailable: As for ``ask``.
        """
        return await answer_to(self.service, self._client, request, self._deadline)

    async def request(self, operation: str, way: Operation, asked: Mapping[str, Any]) -> httpx.Request:
        """The request of an operation, filled in.

        Raises:
            NotFound: An id in its path is empty.
            NotSignedIn: The token is none that could be sent.
            MissingCapability: The address was not found.
        """
        assert way.request is not None
        lookup = await self._lookup(way, asked)
        method, _, target = way.request.partition(" ")
        params = templates.filled(way.query, lookup)
        headers = {**self._headers(), "Accept": "application/json"}
        for table in (self.mapping.headers, way.headers):
            headers |= {name: templates.plain(each) for name, each in templates.filled(table, lookup).items()}
        headers |= _basic(way, lookup) | self._token(way, asked, params)
        form = None if way.form is None else templates.filled(way.form, lookup)
        content, kind = content_of(templates.filled(way.json_body, lookup), form and _texts(form))
        for name, value in headers.items():
            _sendable(value, name)
        url = self._target(operation, target, lookup)
        asked_for = query(_texts(params))
        url = f"{url}{'&' if '?' in url else '?'}{asked_for}" if asked_for else url
        return self.build(method, url, headers | kind, content)

    def _target(self, operation: str, target: str, lookup: templates.Lookup) -> str:
        if target.startswith("{found."):
            name = target[1:-1]
            found = lookup(name)
            if not isinstance(found, str) or not found:
                message = f"{self.service} cannot {operation}: what it tells of itself names no {name[6:]}"
                raise MissingCapability(message, where=self.service)
            return self.may_be_asked(found, name[6:])
        return self.url + str(templates.filled(target, lambda name: _segment(lookup(name))))

    def may_be_asked(self, url: str, what: str) -> str:
        """An address that the service has named.

        Raises:
            UnexpectedAnswer: It is none, or is not on this machine although the service is.
        """
        try:
            parts = urlsplit(url)
            host = parts.hostname if parts.scheme in {"http", "https"} and parts.port != 0 else None
        except ValueError:
            host = None
        if not host:
            raise UnexpectedAnswer(f"{what} is no address", where=self.service)
        if is_here(str(urlsplit(self.url).hostname)) and not is_here(host):
            message = f"it is on this machine, and names as {what} an address that is not: {clean(host)}"
            raise UnexpectedAnswer(message, where=self.service, try_next="give the service its own address as issuer")
        return url

    def _token(self, way: Operation, asked: Mapping[str, Any], params: dict[str, Any]) -> dict[str, str]:
        """The header with the token, or the query filled with it."""
        token, place = asked.get("access_token"), way.token or self.mapping.token
        used = "access_token" in templates.places([each for each in way.sent if each is not way.request])
        if token is None or place == "none" or used:
            return {}
        _sendable(token, "token")
        if not isinstance(place, TokenPlace):
            return {"Authorization": f"Bearer {token}"}
        if place.query is not None:
            params[place.query] = token
            return {}
        if place.cookie is not None:
            return {"Cookie": f"{place.cookie}={token}"}
        return {place.header or "Authorization": f"{place.prefix}{token}"}

    def refusal(self, answer: Answer) -> GoldenPathError | None:
        """The port's error that an answer is; None for one that is no refusal, as far as is known."""
        way, told = answer.spec, answer.spec.refusal or self.mapping.refusal
        code, message = clean(answer.text(told.code)), answer.text(told.message)
        kind = self._kind(answer, code)
        if kind is None:
            return None
        shown = clean(self._without_secrets(message, answer.asked), _LONGEST_MESSAGE)
        shown = shown or f"{self.service} answered {answer.status}"
        if kind is ServiceUnavailable:
            return ServiceUnavailable(self.service, shown)
        if kind is AccountLocked:
            wait = answer.headers.get("retry-after") or (answer.text(told.retry_after) if told.retry_after else "")
            return AccountLocked(shown, retry_after=seconds_to_wait(wait), code=code)
        assert issubclass(kind, Refused), way
        return kind(shown, code=code)

    def _kind(self, answer: Answer, code: str) -> type[GoldenPathError] | None:
        both, status = f"{answer.status} {code}", str(answer.status)
        for table in (answer.spec.errors, self.mapping.errors):
            if word := table.get(both) or table.get(status):
                return WORDS[word]
        if answer.status < 300:
            return next((WORDS[word] for path, word in answer.spec.refuse.items() if answer.holds(path)), None)
        if self._port[answer.operation].secret_based and answer.status in _OF_SECRETS:
            return _OF_SECRETS[answer.status]
        return _MEANINGS.get(answer.status)

    def _without_secrets(self, message: str, asked: Mapping[str, Any]) -> str:
        for name in _SECRET & asked.keys():
            secret = asked[name]
            if isinstance(secret, str) and len(secret) > 3:
                message = message.replace(secret, f"<{name}>")
        return message

    async def found(self) -> Mapping[str, Any]:
        """The document in which the service tells where everything is, asked for once a scenario.

        Raises:
            ServiceUnavailable, UnexpectedAnswer: It is not there, or is no document.
        """
        if self._found is None:
            path = self.mapping.discover
            if path is None:
                self._found = {}
            else:
                way = Operation(request=f"GET {path}", token="none")  # noqa: S106  # a word of the mapping
                answer = await self.send("discovery", way, {})
                self._found = answer.value(PortOperation(()))
        return self._found

    async def _lookup(self, way: Operation, asked: Mapping[str, Any]) -> templates.Lookup:
        names = {*templates.places(list(way.sent)), *way.when}
        found = await self.found() if any(name.startswith("found.") for name in names) else {}

        def lookup(name: str) -> object:
            head, _, rest = name.partition(".")
            if not rest:
                return asked.get(name)
            if head == "found":
                return found.get(rest)
            if head == "env":
                return self._variable(rest)
            return self._of_party(getattr(self.mapping, head), rest)

        return lookup

    def _of_party(self, party: Party | None, what: str) -> str | None:
        if party is None:
            return None
        if what == "secret":
            return self.secret(party)
        value: str | None = getattr(party, {"redirect_uri": "redirect_uri"}.get(what, what))
        return value or None

    def secret(self, party: Party) -> str | None:
        """A program's secret; None for one that has none.

        Raises:
            SettingsError: The variable that should hold it is not set.
        """
        return self._variable(party.secret_env) if party.secret_env else None

    def _variable(self, name: str) -> str:
        if not self._environ.get(name):
            where = f"services.{self.service}"
            raise SettingsError(f"the environment variable {name} is not set", where=where, try_next=f"{name}=...")
        return self._environ[name]


def _count(after: str | None) -> int:
    """How far a list was read."""
    if after is None:
        return 0
    if not after.isascii() or not after.isdigit() or len(after) > 9:
        raise Invalid("a list cannot go on after this: it was never given", code="invalid_cursor")
    return int(after)


def _segment(value: object) -> str:
    return segment("" if value is None else templates.plain(value))


def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: templates.plain(each) for name, each in values.items()}


def _basic(way: Operation, lookup: templates.Lookup) -> dict[str, str]:
    """HTTP's own authentication, each half encoded as a form is (RFC 6749, 2.3.1)."""
    both = [] if way.basic is None else templates.filled(way.basic, lookup)
    if len(both) != 2:
        return {}
    half = (query({"": str(each)})[1:] for each in both)
    return {"Authorization": "Basic " + base64.b64encode(":".join(half).encode()).decode()}


def _sendable(value: str, name: str) -> None:
    if value.isascii() and value.isprintable() and value == value.strip():
        return
    if name == "token":
        raise NotSignedIn("the token is none that could be sent", code="invalid_token")
    raise Invalid(f"the header {name} would have characters that no header can have", code="invalid_header")


def _led(response: httpx.Response) -> str:
    if response.is_redirect:
        return f"and leads to {clean(urlsplit(response.headers.get('location', '')).path)}: 2xx was expected"
    return "and the mapping does not say what that means"
