"""A provider's sign-in pages, gone through as a browser without scripts would: plain forms, cookies, redirects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urljoin

import httpx

from goldenpath.domain.errors import UnexpectedAnswer, WrongCredentials
from goldenpath.reference.clients.http import content_of, query
from goldenpath.wire.answers import Answer, clean
from goldenpath.wire.http import MappedWire
from goldenpath.wire.mapping import Operation, SignIn

_MOST_PAGES: Final = 12
_TYPED: Final = frozenset({"text", "email", "tel", ""})
_PRESSED: Final = frozenset({"submit", "image"})
_LEFT_ALONE: Final = frozenset({"button", "reset", "file"})


@dataclass
class Button:
    """What sends a form."""

    name: str
    value: str
    words: str = ""

    def is_called(self, name: str) -> bool:
        """Whether this is the one that a mapping means: by its name, its value or its words."""
        return name.casefold() in {self.name.casefold(), self.value.casefold(), self.words.strip().casefold()}


@dataclass
class Form:
    """A form of a page: where it goes, what it holds, and which of its fields people type into."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)
    password: str = ""
    buttons: list[Button] = field(default_factory=list)

    def asks_who(self, names: SignIn) -> bool:
        """Whether it is the form to sign in with."""
        return bool(self.password or (names.password and names.password in self.values))


class _Reader(HTMLParser):
    """Finds the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._button: Button | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(said.get("action", ""), said.get("method", "get").upper())
            self.forms.append(self._form)
        elif self._form is not None and "disabled" not in said:
            if tag == "input":
                self._input(self._form, said, dict(attrs))
            elif tag == "button" and said.get("type", "submit") == "submit":
                self._button = Button(said.get("name", ""), said.get("value", ""))
                self._form.buttons.append(self._button)

    def _input(self, form: Form, said: Mapping[str, str], attrs: Mapping[str, Any]) -> None:
        kind, name = said.get("type", "").lower(), said.get("name", "")
        if kind in _PRESSED:
            form.buttons.append(Button(name, said.get("value", "")))
        elif not name or kind in _LEFT_ALONE or (kind in {"checkbox", "radio"} and "checked" not in attrs):
            return
        else:
            form.values[name] = said.get("value", "on" if kind in {"checkbox", "radio"} else "")
            if kind == "password":
                form.password = form.password or name
            elif kind in _TYPED:
                form.typed.append(name)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "button":
            self._button = None

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._button.words += data


def forms(page: str) -> list[Form]:
    """The forms of a page."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


class Visit:
    """One way through a provider's pages, from the first request to the address to return to.

    Args:
        wire: To the provider.
        way: How ``authorize`` is mapped.
        asked: What it was called with: who signs in, and where to return to.
    """

    def __init__(self, wire: MappedWire, way: Operation, asked: Mapping[str, Any]) -> None:
        self._wire = wire
        self._way = way
        self._asked = asked
        self._cookies = httpx.Cookies()
        self._shown_who = False

    async def back(self, request: httpx.Request) -> str:
        """The address to return to.

        Raises:
            Refused: The provider says no; ``WrongCredentials`` where it asks once more who it is.
            UnexpectedAnswer: Its pages are none that can be gone through so.
        """
        for _ in range(_MOST_PAGES):
            response = await self._shown(request)
            if response.is_redirect:
                target = urljoin(str(request.url), response.headers["location"])
                if _leads_to(target, str(self._asked["redirect_uri"])):
                    return target
                request = self._wire.build("GET", self._wire.may_be_asked(target, "the next page"))
            else:
                request = self._filled(response)
        raise self._lost(f"leads on and on, over {_MOST_PAGES} pages")

    async def _shown(self, request: httpx.Request) -> httpx.Response:
        request.headers["Accept"] = "text/html, application/json;q=0.5"
        self._cookies.set_cookie_header(request)
        response = await self._wire.exchange(request)
        self._cookies.extract_cookies(response)
        if response.status_code >= 400 and not (self._shown_who and self._asking(response)):
            answer = Answer.of(response, self._wire.service, "authorize", self._way, self._asked)
            raise self._wire.refusal(answer) or self._lost(f"leads to {response.status_code}")
        return response

    def _asking(self, response: httpx.Response) -> Form | None:
        found = (form for form in forms(response.text) if form.asks_who(self._way.sign_in))
        return next(found, None)

    def _filled(self, response: httpx.Response) -> httpx.Request:
        if (form := self._asking(response)) is not None:
            if self._shown_who:
                raise WrongCredentials("the provider asks once more who it is", code="asked_again")
            self._shown_who = True
            return self._sent(response, form, self._who(form))
        pages = forms(response.text)
        if not pages:
            kind = clean(response.headers.get("content-type", "").partition(";")[0])
            raise self._lost(f"leads to {kind or 'a page of no type'} without a form, and not back")
        return self._sent(response, pages[0], {})

    def _who(self, form: Form) -> dict[str, str]:
        names = self._way.sign_in
        user = names.user or next(iter(form.typed), "")
        if not user or user not in form.values:
            raise self._lost(f"has a form without a field for the user; it has: {', '.join(map(clean, form.values))}")
        return {user: str(self._asked["email"]), names.password or form.password: str(self._asked["password"])}

    def _sent(self, response: httpx.Response, form: Form, more: Mapping[str, str]) -> httpx.Request:
        values: dict[str, object] = {**form.values, **more}
        if (button := self._button(form)) is not None and button.name:
            values[button.name] = button.value
        target = urljoin(str(response.request.url), form.action)
        target = self._wire.may_be_asked(target, "the next page")
        if form.method == "POST":
            content, headers = content_of(None, values)
            return self._wire.build("POST", target, headers, content)
        return self._wire.build("GET", f"{target.partition('?')[0]}?{query(values)}")

    def _button(self, form: Form) -> Button | None:
        wanted = self._way.sign_in.agree
        called = [button for button in form.buttons if wanted and button.is_called(wanted)]
        return next(iter(called or form.buttons), None)

    def _lost(self, what: str) -> UnexpectedAnswer:
        key = f"set [services.{self._wire.service}.operations.authorize] sign_in"
        return UnexpectedAnswer(f"{self._way.request} {what}", where=self._wire.service, try_next=key)


def _leads_to(target: str, redirect_uri: str) -> bool:
    """Whether an address is the one to return to, with something behind it."""
    return target.startswith((f"{redirect_uri}?", f"{redirect_uri}#", f"{redirect_uri}&")) or target == redirect_uri
