"""The mapping of a service that is spoken to over HTTP: what its table in the settings may say, read and checked.

A mapping is a preset (``protocol``; a file in ``presets/``) and what the service's table says instead. One table an
operation of the port; in place of it a list of tables, of which the first that can be used is, or ``"none"`` where the
service has no such thing. A table that names no request refines the preset's.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, Literal

import jmespath
import jmespath.exceptions
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from goldenpath.domain.errors import (
    AccountLocked,
    Conflict,
    GoldenPathError,
    Invalid,
    NotFound,
    NotSignedIn,
    Refused,
    ServiceUnavailable,
    SettingsError,
    WrongCredentials,
)
from goldenpath.wire import templates
from goldenpath.wire.operations import PortOperation
from goldenpath.wire.shapes import WAYS, fields_of

NONE: Final = "none"
"""What stands in place of an operation that a service does not have."""

WORDS: Final[Mapping[str, type[GoldenPathError]]] = {
    "wrong_credentials": WrongCredentials,
    "not_signed_in": NotSignedIn,
    "account_locked": AccountLocked,
    "not_found": NotFound,
    "invalid": Invalid,
    "conflict": Conflict,
    "refused": Refused,
    "unavailable": ServiceUnavailable,
}
"""The errors of the ports, by the words that a mapping has for them."""

_REQUEST: Final = re.compile(r"(GET|POST|PUT|PATCH|DELETE|HEAD) (/\S*|\{found\.[\w.-]+\})")
_ERROR_KEY: Final = re.compile(r"[1-5]\d\d( \S.*)?")
_PARTIES: Final = ("client", "program")
_OUTSIDE: Final = re.compile(r"env\.\w+|found\.[\w.-]+|(client|program)\.(id|secret|redirect_uri|scope)")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class Source(_Strict):
    """Where a field of an answer comes from: one of the first five, JMESPath unless another is named.

    Attributes:
        path: JMESPath on the answer's JSON.
        value: Always this.
        header: A header of the answer.
        cookie: A cookie that the answer sets.
        asked: What was asked, by the name of an argument.
        way: A word of ``shapes.WAYS``.
        words: The product's words for the port's, as ``{ done = "completed" }``; others stay as they are.
        default: What it is where the answer says nothing or null.
    """

    path: str | None = None
    value: Any = None
    header: str | None = None
    cookie: str | None = None
    asked: str | None = None
    way: str | None = Field(default=None, alias="as")
    words: dict[str, str] = {}
    default: Any = None


class Refusal(_Strict):
    """Where an answer that is no success says why: JMESPath each; ``retry_after`` unless the header says it."""

    code: str = "error.code || error || code"
    message: str = "error.message || error_description || message || detail"
    retry_after: str | None = None


class TokenPlace(_Strict):
    """Where a request carries the access token. ``prefix`` stands before it in a header."""

    header: str | None = None
    prefix: str = ""
    cookie: str | None = None
    query: str | None = None


class SignIn(_Strict):
    """The pages on which people sign in: names of the fields, and of the button that agrees.

    Where a name is empty, the field of type ``password`` and the text field before it are taken, and the first button.
    """

    user: str = ""
    password: str = ""
    agree: str = ""


class Party(_Strict):
    """A program known to the service: the one that people sign in through, or one that comes on its own behalf."""

    id: str
    secret_env: str | None = None
    redirect_uri: str | None = None
    scope: str = ""


class Operation(_Strict):
    """One way to carry out an operation of a port.

    Attributes:
        request: Method and path; the whole address may be one that was found.
        verify: ``jwt``: nothing is asked; what the token says is the answer, if the service's keys have signed it.
        via: ``code``: signing in by an authorization code (OAuth 2.1, 4.1), by the two operations for it.
        when: Places that must have a value for this way to be used, as ``found.introspection_endpoint``.
        query, json_body, form, headers: What is sent; texts in them have places.
        basic: Name and password of HTTP's own authentication; left out where one has no value.
        token: Where the access token goes; ``none`` for nowhere.
        items: JMESPath to the list, where the port gives many.
        next: Where the answer says how to go on, for a list in pages.
        paging: How: ``cursor`` (``{after}`` is what ``next`` said), ``offset`` (``{offset}``) or ``page`` (``{page}``).
        answer: Where each field of the port's value comes from.
        errors: The port's error by status, or by status and code.
        refuse: The port's error by a JMESPath condition on an answer that looks like a success.
        refusal: Where the reason stands.
        sign_in: The pages of ``authorize``.
        audience: Whom a verified token must be for; anyone unless said.
        issuer: Who must have made it; anyone unless said.
        then: What is asked after it, answers left aside.
    """

    request: str | None = None
    verify: Literal["jwt"] | None = None
    via: Literal["code"] | None = None
    when: tuple[str, ...] = Field(default=())
    query: dict[str, Any] = {}
    json_body: Any = Field(default=None, alias="json")
    form: dict[str, Any] | None = None
    headers: dict[str, str] = {}
    basic: tuple[str, str] | None = Field(default=None)
    token: TokenPlace | Literal["bearer", "none"] | None = None
    items: str | None = None
    next: str | Source | None = None
    paging: Literal["cursor", "offset", "page"] = "cursor"
    answer: dict[str, Any] = {}
    errors: dict[str, str] = {}
    refuse: dict[str, str] = {}
    refusal: Refusal | None = None
    sign_in: SignIn = SignIn()
    audience: str | None = None
    issuer: str | None = None
    then: tuple[Operation, ...] = Field(default=())

    @property
    def sent(self) -> tuple[Any, ...]:
        """Everything that may have places."""
        return (self.request, self.query, self.json_body, self.form, self.headers, self.basic, self.issuer)


class ServiceMapping(_Strict):
    """A service's mapping as a whole; what holds for every operation stands beside them.

    Attributes:
        discover: The path of a document that names addresses; its fields are the places ``{found.NAME}``.
        health: A document that shows that the service is there.
    """

    protocol: str = "platform"
    discover: str | None = None
    health: str | None = None
    token: TokenPlace | Literal["bearer", "none"] = "bearer"  # noqa: S105  # a word of the mapping
    headers: dict[str, str] = {}
    errors: dict[str, str] = {}
    refusal: Refusal = Refusal()
    client: Party | None = None
    program: Party | None = None
    capabilities: tuple[str, ...] = Field(default=())
    operations: dict[str, tuple[Operation, ...]] = Field(default={})

    def ways(self, name: str) -> tuple[Operation, ...]:
        """The ways to carry out an operation; none where the service does not have it."""
        return self.operations.get(name, ())


KEYS: Final = tuple(ServiceMapping.model_fields)


def mapping(service: str, table: Mapping[str, Any], port: Mapping[str, PortOperation]) -> ServiceMapping:
    """What the table of a service says, over its preset.

    Raises:
        SettingsError: It cannot be read so; ``where`` is the key, ``services.auth.operations.login.json``.
    """
    ours = {key: value for key, value in table.items() if key in KEYS}
    for key in table:
        if key not in KEYS and (near := get_close_matches(key, KEYS, n=1, cutoff=0.8)):
            raise SettingsError(
                f"there is no key {key!r}; did you mean {near[0]!r}?", where=f"services.{service}.{key}"
            )
    try:
        text = json.dumps(ours, sort_keys=True)
    except TypeError as error:
        raise SettingsError(f"a mapping is made of texts, numbers and tables: {error}", where=_at(service)) from None
    return _read(service, text, _Port(port))


class _Port(dict[str, PortOperation]):
    """A port's operations as a key: there is one such table a port."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self))


@lru_cache(maxsize=64)
def _read(service: str, text: str, port: _Port) -> ServiceMapping:
    table = json.loads(text)
    merged = merge(preset(service, str(table.get("protocol", "platform"))), table)
    operations = merged.get("operations", {})
    if not isinstance(operations, dict):
        raise SettingsError("expected one table an operation", where=_at(service, "operations"))
    for name in operations:
        if name not in port:
            raise SettingsError(
                f"{service} has no operation {name!r}{_near(name, port)}",
                where=_at(service, "operations", name),
                try_next=f"one of: {', '.join(port)}",
            )
    merged["operations"] = {name: list(_ways(each)) for name, each in operations.items()}
    try:
        made = ServiceMapping.model_validate_json(json.dumps(merged))
    except ValidationError as invalid:
        raise _as_settings_error(service, invalid) from None
    _check(service, made, port)
    return made


def _ways(said: Any) -> Sequence[Any]:
    if said == NONE:
        return ()
    return said if isinstance(said, list) else (said,)


def preset(service: str, protocol: str) -> dict[str, Any]:
    """The part of a preset that is about a service.

    Raises:
        SettingsError: There is no such preset, or it has no such service.
    """
    folder = files("goldenpath.wire") / "presets"
    known = sorted(each.name.removesuffix(".toml") for each in folder.iterdir() if each.name.endswith(".toml"))
    known = [name for name in known if service in _preset(name)]
    if protocol not in known:
        raise SettingsError(
            f"there is no protocol {protocol!r} for {service}{_near(protocol, known)}",
            where=_at(service, "protocol"),
            try_next=f"one of: {', '.join(known)}",
        )
    found: dict[str, Any] = _preset(protocol)[service]
    return found


@lru_cache(maxsize=16)
def _preset(name: str) -> dict[str, Any]:
    return tomllib.loads((files("goldenpath.wire") / "presets" / f"{name}.toml").read_text(encoding="utf-8"))


def merge(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A preset with what a team says instead; an operation that names a request of its own is taken as it is."""
    merged = {**base, **{key: value for key, value in own.items() if key != "operations"}}
    for key in ("headers", "errors", "refusal", *_PARTIES):
        if isinstance(base.get(key), dict) and isinstance(own.get(key), dict):
            merged[key] = base[key] | own[key]
    operations = dict(base.get("operations", {}))
    said = own.get("operations", {})
    if not isinstance(said, dict):
        return merged | {"operations": said}
    for name, each in said.items():
        operations[name] = _refined(operations.get(name), each)
    return merged | {"operations": operations}


def _refined(base: Any, own: Any) -> Any:
    if not isinstance(own, dict) or own.keys() & {"request", "verify", "via"}:
        return own
    if isinstance(base, list):
        return [_refined(each, own) for each in base]
    return _deep(base, own) if isinstance(base, dict) else own


def _deep(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: _deep(base[key], own[key])
        for key in base.keys() & own.keys()
        if isinstance(base[key], dict) and isinstance(own[key], dict)
    }
    return base | own | both


def _check(service: str, made: ServiceMapping, port: Mapping[str, PortOperation]) -> None:
    for name, ways in made.operations.items():
        for each in ways:
            _check_operation(service, name, each, made, port[name])
    _check_errors(_at(service, "errors"), made.errors)
    _check_places(_at(service, "headers"), made.headers, ())


def _check_operation(
    service: str, name: str, each: Operation, made: ServiceMapping, meant: PortOperation, *, after: bool = False
) -> None:
    where = _at(service, "operations", name)
    if sum(way is not None for way in (each.request, each.verify, each.via)) != 1:
        raise SettingsError(
            "an operation needs a request", where=f"{where}.request", try_next='request = "POST /session"'
        )
    if each.request is not None and not _REQUEST.fullmatch(each.request):
        raise SettingsError(
            "a request is a method, a blank and a path", where=f"{where}.request", try_next='request = "POST /session"'
        )
    if each.json_body is not None and each.form is not None:
        raise SettingsError("a request has one body, and here are two: json and form", where=where)
    _check_places(where, [*each.sent, *(f"{{{place}}}" for place in each.when)], meant.places)
    if any(place.startswith("found.") for place in templates.places(list(each.sent))) and made.discover is None:
        raise SettingsError("a place found. needs discover", where=_at(service, "discover"))
    _check_errors(f"{where}.errors", each.errors)
    for condition, word in each.refuse.items():
        expression(condition, f"{where}.refuse")
        _check_word(word, f"{where}.refuse")
    for refusal in (each.refusal, made.refusal):
        for path in (refusal.code, refusal.message, refusal.retry_after or "@") if refusal else ():
            expression(path, f"{where}.refusal")
    if not after and each.via is None:
        _check_answer(where, each, meant)
    for following in each.then:
        _check_operation(service, name, following, made, meant, after=True)


def _check_places(where: str, values: Any, known: Sequence[str]) -> None:
    try:
        names = list(templates.places(values))
    except templates.IllFormed as error:
        raise SettingsError(str(error), where=where) from None
    for name in names:
        if name not in known and not _OUTSIDE.fullmatch(name):
            raise SettingsError(
                f"there is no place {{{name}}}{_near(name, known)}",
                where=where,
                try_next=f"one of: {', '.join([*known, 'client.id', 'program.id', 'found.NAME', 'env.NAME'])}",
            )


def _check_errors(where: str, errors: Mapping[str, str]) -> None:
    for key, word in errors.items():
        if not _ERROR_KEY.fullmatch(key):
            message = f"{key!r} is no status, and no status with a code behind a blank"
            raise SettingsError(message, where=where, try_next='"401" = "wrong_credentials"')
        _check_word(word, f"{where}.{key}")


def _check_word(word: str, where: str) -> None:
    if word not in WORDS:
        raise SettingsError(
            f"there is no error {word!r}{_near(word, WORDS)}", where=where, try_next=f"one of: {', '.join(WORDS)}"
        )


def _check_answer(where: str, each: Operation, meant: PortOperation) -> None:
    if meant.gives is None:
        if each.answer:
            raise SettingsError("nothing is read from the answer of this operation", where=f"{where}.answer")
        return
    if meant.many and each.items is None:
        raise SettingsError("the port gives many: say where the list is", where=f"{where}.items", try_next='"items"')
    for path in (each.items, source_of(each.next, f"{where}.next").path if each.next else None):
        if path is not None:
            expression(path, where)
    _check_fields(f"{where}.answer", each.answer, meant.gives, meant)


def _check_fields(where: str, answer: Mapping[str, Any], shape: type, meant: PortOperation) -> None:
    known = fields_of(shape)
    for name, said in answer.items():
        if name not in known:
            raise SettingsError(
                f"{shape.__name__} has no field {name!r}{_near(name, known)}",
                where=f"{where}.{name}",
                try_next=f"one of: {', '.join(known)}",
            )
        inner = known[name].inner
        if inner is not None:
            if not isinstance(said, dict):
                message = f"expected a table with where each field of {name} comes from"
                raise SettingsError(message, where=f"{where}.{name}", try_next=f"{name}.id = ...")
            _check_fields(f"{where}.{name}", said, inner, meant)
        else:
            _check_source(f"{where}.{name}", said, meant)
    for name, field in known.items():
        if field.needed and name not in answer and name not in meant.echoed:
            raise SettingsError(
                f"nothing says where {name} comes from",
                where=f"{where}.{name}",
                try_next=f'{name} = "path.in.the.answer", or {name} = {{ value = ... }}',
            )


def _check_source(where: str, said: Any, meant: PortOperation) -> None:
    source = source_of(said, where)
    if source.path is not None:
        expression(source.path, where)
    if source.way is not None and source.way not in WAYS:
        message = f"there is no conversion {source.way!r}{_near(source.way, WAYS)}"
        raise SettingsError(message, where=f"{where}.as", try_next=f"one of: {', '.join(WAYS)}")
    if source.asked is not None and source.asked not in meant.places:
        message = f"nobody asks for {source.asked!r}{_near(source.asked, meant.places)}"
        raise SettingsError(message, where=f"{where}.asked", try_next=f"one of: {', '.join(meant.places)}")


def source_of(said: Any, where: str = "") -> Source:
    """Where a field comes from; a text is a JMESPath.

    Raises:
        SettingsError: It is neither a text nor a table of ``Source``.
    """
    if isinstance(said, Source):
        return said
    if isinstance(said, str):
        return Source(path=said)
    try:
        source = Source.model_validate_json(json.dumps(said))
    except ValidationError as invalid:
        raise _misfit(where, invalid, Source) from None
    given = source.model_fields_set & {"path", "value", "header", "cookie", "asked"}
    if len(given) != 1:
        raise SettingsError("expected one of path, value, header, cookie and asked", where=where)
    return source


@lru_cache(maxsize=1024)
def expression(path: str, where: str = "") -> Any:
    """A JMESPath, compiled.

    Raises:
        SettingsError: It is none.
    """
    try:
        return jmespath.compile(path)
    except jmespath.exceptions.JMESPathError as error:
        said = str(error).partition("\n")[0]
        raise SettingsError(f"{path!r} is no JMESPath: {said}", where=where) from None


def _at(service: str, *keys: object) -> str:
    return ".".join(("services", service, *map(str, keys)))


def _near(word: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _as_settings_error(service: str, invalid: ValidationError) -> SettingsError:
    return _misfit(_at(service), invalid, ServiceMapping)


def _misfit(where: str, invalid: ValidationError, model: type[BaseModel]) -> SettingsError:
    """The first thing that does not fit, by its key in the settings."""
    errors = invalid.errors(include_url=False, include_context=False, include_input=False)
    first = max(errors, key=lambda each: each["type"] == "extra_forbidden")
    loc = [str(part) for part in first["loc"] if not isinstance(part, int) and not _is_branch(str(part))]
    place = ".".join((where, *loc))
    if first["type"] == "extra_forbidden":
        known = sorted(_keys(_model_at(model, loc[:-1])))
        message = f"there is no key {loc[-1]!r}{_near(loc[-1], known)}"
        return SettingsError(message, where=place, try_next=f"one of: {', '.join(known)}")
    return SettingsError(f"{first['msg'][0].lower()}{first['msg'][1:]}", where=place)


def _is_branch(part: str) -> bool:
    """Whether a part of pydantic's place is the name of a type that was tried, and no key."""
    return part in {"TokenPlace", "Source", "str"} or part.startswith("literal[")


_TABLES: Final[Mapping[str, type[BaseModel]]] = {
    "refusal": Refusal,
    "token": TokenPlace,
    "sign_in": SignIn,
    "client": Party,
    "program": Party,
    "next": Source,
}


def _model_at(model: type[BaseModel], keys: Sequence[str]) -> type[BaseModel]:
    for key in reversed(keys):
        if key in _TABLES:
            return _TABLES[key]
    return Operation if "operations" in keys else model


def _keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name
