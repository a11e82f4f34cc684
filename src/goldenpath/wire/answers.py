"""From a service's answer to the values of a port, or to an error that says what was expected and what came.

What is told of an answer are the names in it, never its values: they may be secrets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import httpx
import jmespath.exceptions

from goldenpath.domain.errors import UnexpectedAnswer
from goldenpath.wire.mapping import Operation, Source, expression, source_of
from goldenpath.wire.operations import PortOperation
from goldenpath.wire.shapes import Field, Unfit, converted, fields_of

_NAMES_TOLD: Final = 12
_LONGEST_NAME: Final = 40
_DEEPEST: Final = 4
_ABSENT: Final = object()


@dataclass(frozen=True)
class Answer:
    """What a service said to one operation.

    Attributes:
        service: Who said it.
        operation: The operation of the port.
        asked: What the operation was called with.
        spec: How it is mapped.
        status: The HTTP status; 0 where nothing was asked.
        headers: Of the answer.
        cookies: That the answer sets.
        content: Its body.
        known: The body's JSON, where that is known already.
    """

    service: str
    operation: str
    asked: Mapping[str, Any]
    spec: Operation
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    known: Any = _ABSENT

    @classmethod
    def of(
        cls, response: httpx.Response, service: str, operation: str, spec: Operation, asked: Mapping[str, Any]
    ) -> Answer:
        """What a response says."""
        return cls(
            service,
            operation,
            asked,
            spec,
            response.status_code,
            response.headers,
            _cookies(response),
            response.content,
        )

    @cached_property
    def document(self) -> Any:
        """The JSON of the body; None where it is none."""
        if self.known is not _ABSENT:
            return self.known
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None

    @property
    def what(self) -> str:
        """What was asked, and how it was answered, for people."""
        if self.spec.request is None:
            return "the token"
        return f"{self.spec.request} answered {self.status}"

    def wrong(self, what: str, key: str) -> UnexpectedAnswer:
        """The error that this answer is.

        Args:
            what: What is wrong with it, to be read after "POST /session answered 200".
            key: The key below the operation's table that would mend it.
        """
        where = f"[services.{self.service}.operations.{self.operation}]"
        return UnexpectedAnswer(f"{self.what} {what}", where=self.service, try_next=f"set {where} {key}")

    def value(self, meant: PortOperation) -> Any:
        """The port's value; a tuple of them where the port gives many.

        Raises:
            UnexpectedAnswer: The answer does not have what the mapping says.
        """
        if meant.gives is None:
            return self._table()
        if not meant.many:
            return self._made(meant.gives, self.spec.answer, self.document, meant)
        return tuple(self._made(meant.gives, self.spec.answer, each, meant) for each in self._listed())

    def next(self) -> str | None:
        """Where a list goes on; None at its end."""
        if self.spec.next is None:
            return None
        source = source_of(self.spec.next)
        found = self._found(source, self.document, "next")
        if found is None or found is False or found == "":
            return None
        return self._fit(found, str, source, "next", "next")  # type: ignore[no-any-return]

    def text(self, path: str) -> str:
        """What a path leads to, where that is a text or a number; else nothing."""
        try:
            found = expression(path).search(self.document)
        except jmespath.exceptions.JMESPathError:
            return ""
        return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""

    def holds(self, condition: str) -> bool:
        """Whether a condition on the answer is true."""
        try:
            return expression(condition).search(self.document) is True
        except jmespath.exceptions.JMESPathError:
            return False

    def _table(self) -> dict[str, Any]:
        if not isinstance(self.document, dict):
            raise self.wrong(f"with {self._kind()}, and a table was expected", "request")
        return self.document

    def _listed(self) -> list[Any]:
        assert self.spec.items is not None
        found = self._search(self.spec.items, self.document, "items")
        if not isinstance(found, list):
            raise self.wrong(f"without a list at {self.spec.items}; it has: {self._has(self.document)}", "items")
        return found

    def _made(
        self, shape: type, answer: Mapping[str, Any], document: Any, meant: PortOperation, above: str = ""
    ) -> Any:
        values = {}
        for name, each in fields_of(shape).items():
            key = f"{above}{name}"
            if name in answer:
                values[name] = self._read(each, answer[name], document, key, meant)
            elif name in meant.echoed and not above:
                values[name] = self.asked.get(name, each.default)
            else:
                values[name] = each.default
        return shape(**values)

    def _read(self, each: Field, said: Any, document: Any, key: str, meant: PortOperation) -> Any:
        if each.inner is not None:
            return self._made(each.inner, said, document, meant, f"{key}.")
        source = source_of(said)
        found = self._found(source, document, f"answer.{key}")
        if found is None:
            if each.needed:
                raise self.wrong(f"without {_name(source)}; it has: {self._has(document)}", f"answer.{key}")
            return each.default
        if each.kind is str and source.words and isinstance(found, str | int):
            found = source.words.get(str(found), found)
        return self._fit(found, each.kind, source, f"answer.{key}", each.name)

    def _found(self, source: Source, document: Any, key: str) -> Any:
        if source.path is not None:
            found = self._search(source.path, document, key)
        elif source.header is not None:
            found = self.headers.get(source.header)
        elif source.cookie is not None:
            found = self.cookies.get(source.cookie)
        elif source.asked is not None:
            found = self.asked.get(source.asked)
        else:
            found = source.value
        return source.default if found is None else found

    def _search(self, path: str, document: Any, key: str) -> Any:
        if self.document is None and self.content.strip() != b"null":
            raise self.wrong(f"with {self._kind()}, not JSON", "request")
        try:
            return expression(path).search(document)
        except (jmespath.exceptions.JMESPathError, TypeError, RecursionError) as error:
            raise self.wrong(f"so that {path} cannot be told of it: {type(error).__name__}", key) from None

    def _fit(self, found: Any, kind: Any, source: Source, key: str, name: str) -> Any:
        try:
            return converted(found, kind, source.way)
        except Unfit as error:
            raise self.wrong(f"with {_name(source)} that is no {name}: {error}", key) from None

    def _kind(self) -> str:
        kind = clean(self.headers.get("content-type", "").partition(";")[0], _LONGEST_NAME)
        if self.document is not None:
            return "JSON that is no table"
        return f"{kind or 'a body of no type'}" if self.content else "an empty body"

    def _has(self, document: Any) -> str:
        names = list(_names(document))
        more = f" and {len(names) - _NAMES_TOLD} more" if len(names) > _NAMES_TOLD else ""
        return ", ".join(names[:_NAMES_TOLD]) + more if names else "nothing"


def _name(source: Source) -> str:
    if source.path is not None:
        return source.path
    for kind in ("header", "cookie", "asked", "value"):
        if (name := getattr(source, kind)) is not None:
            return f"the {kind} {name}" if kind != "value" else "the constant"
    return "null"


def _names(document: Any, above: str = "", depth: int = 0) -> list[str]:
    """The paths to what a document has, as far as people want to read them."""
    if isinstance(document, list):
        return _names(document[0], f"{above}[]", depth + 1) if document else [f"{above}[]"]
    if not isinstance(document, dict) or depth > _DEEPEST or not document:
        return [above] if above else []
    names: list[str] = []
    for key, each in list(document.items())[: 4 * _NAMES_TOLD]:
        names += _names(each, f"{above}.{clean(key)}" if above else clean(key), depth + 1)
    return names


def clean(text: str, longest: int = _LONGEST_NAME) -> str:
    """A text of a service as it may be shown: one line, nothing that a terminal obeys, not too long."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text[: 4 * longest])
    shown = " ".join(shown.split())
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def _cookies(response: httpx.Response) -> dict[str, str]:
    """The cookies that an answer sets, by name; where for and how long is left aside."""
    found = {}
    for line in response.headers.get_list("set-cookie"):
        name, sign, value = line.partition(";")[0].partition("=")
        if sign:
            found[name.strip()] = value.strip()
    return found
