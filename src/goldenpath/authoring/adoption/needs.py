"""What a file asks of the world around it: variables, addresses, drivers, Docker."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from goldenpath.authoring.adoption.modules import Module
from goldenpath.authoring.adoption.syntax import FUNCTIONS, dotted, parameters, text, walk
from goldenpath.authoring.adoption.values import Needs

DRIVERS: Final = {
    "asyncpg": "database",
    "psycopg": "database",
    "psycopg2": "database",
    "aiopg": "database",
    "pg8000": "database",
    "sqlalchemy": "database",
    "redis": "cache",
    "aioredis": "cache",
    "valkey": "cache",
    "httpx": "auth",
    "requests": "auth",
    "aiohttp": "auth",
    "websockets": "events",
    "websocket": "events",
}
"""The drivers that are looked for, and the service that each is for; those for HTTP are for any of ours."""

PORTS: Final = {5432: "database", 6379: "cache"}
"""The ports on which everybody expects these services."""

_SCHEMES: Final = {"postgresql": 5432, "postgres": 5432, "redis": 6379, "rediss": 6379, "valkey": 6379}
_WIRE: Final = frozenset({"http", "https", "ws", "wss"})
_WIRE_DRIVERS: Final = frozenset({"httpx", "requests", "aiohttp", "websockets", "websocket"})
_MOCKS: Final = frozenset(
    [*("respx", "responses", "requests_mock", "aioresponses", "pytest_httpx", "httpretty", "vcr", "pook", "nock")]
)
"""Who has them answers for hosts elsewhere, so that their addresses are data."""

_MOCKING: Final = frozenset({"respx_mock", "httpx_mock", "requests_mock", "aioresponses", "vcr"})
_ANSWERING: Final = frozenset({"transport", "app", "mounts"})
_PATCHING: Final = frozenset({"patch", "setattr", "object"})
_CLIENTS: Final = frozenset({"TestClient", "MockTransport", "ASGITransport", "WSGITransport"})
_ASKING: Final = frozenset(
    [
        *("get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "websocket"),
        *("connect", "ws_connect", "create_connection", "Client", "AsyncClient", "ClientSession", "Session"),
    ]
)
_ADDRESS: Final = re.compile(r"(URL|URI|HOST|ENDPOINT|ADDR|ADDRESS|SERVER|BASE)$")
_NOWHERE: Final = (".test", ".invalid", ".localhost")
"""Ends of names that are reserved for what is nowhere, or here."""

_DEEPEST: Final = 8
"""How far the parts of a text are followed from name to name."""

_HARMLESS: Final = sys.stdlib_module_names - {"subprocess", "multiprocessing", "importlib", "runpy", "pkgutil"} | {
    *("pytest", "pytest_asyncio", "anyio", "hypothesis", "goldenpath", "")
}
"""Modules that want no service unasked."""

_HERE: Final = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "::1", "{}"})  # noqa: S104 - looked for in texts
_DOCKER: Final = frozenset({"docker", "testcontainers", "python_on_whales", "pytest_docker"})
_DOCKER_COMMANDS: Final = frozenset({"docker", "docker-compose", "podman"})
_OURS: Final = re.compile(r"(services|gp_\w+)$")
_URL: Final = re.compile(r"\b([a-z][a-z0-9]*)(?:\+\w+)?://([^\s/?#\"'<>]+)")
_PAIR: Final = re.compile(r"^(localhost|127\.0\.0\.1):(\d{2,5})$")
_KEYWORDS: Final = re.compile(r"\bhost=(\S+)(?:.*\bport=(\d+))?")
_PLACES: Final = re.compile(r"\{(\w+)\}")
_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{2,}$")
_CONNECTING: Final = re.compile(r"(asyncpg|psycopg2?|redis(\.asyncio)?|valkey(\.asyncio)?)\.(\w+)$")
_BY_DRIVER: Final = {"asyncpg": 5432, "psycopg": 5432, "psycopg2": 5432, "redis": 6379, "valkey": 6379}


_SEEN: Final = frozenset(
    {
        *FUNCTIONS,
        *(ast.Import, ast.ImportFrom, ast.Call, ast.Subscript, ast.BoolOp, ast.Expr, ast.Assign, ast.AnnAssign),
        *(ast.JoinedStr, ast.Constant, ast.Dict),
    }
)
"""The kinds of nodes that tell something."""


def needs_of(
    module: Module, nodes: Iterable[ast.AST] | None = None, used: Iterable[str] = ()
) -> tuple[Needs, Mapping[str, str]]:
    """What a file needs, and by variable the address that it takes where the variable is not set.

    Args:
        module: The file.
        nodes: Its parts that count; None for all of it.
        used: Dotted names of what these parts use of the modules that the file imports.
    """
    reading = _Reading(module)
    reading.imports(used)
    for part in [module.tree] if nodes is None else nodes:
        for node in walk(part):
            if node.__class__ in _SEEN:
                reading.see(node)
    return reading.needs(), reading.defaults


def strangers(names: Iterable[str]) -> frozenset[str]:
    """The modules, by the first part of their dotted names, that may want anything."""
    return frozenset({each.partition(".")[0] for each in names} - _HARMLESS - DRIVERS.keys() - _MOCKS)


def is_read(module: Module, call: ast.Call) -> bool:
    """Whether a call reads a variable of the environment."""
    first = text(call.args[0]) if call.args else None
    return first is not None and _reads(module.full(call.func), first)


@dataclass
class _Reading:
    """The walk through one file, from the outside to the inside."""

    module: Module
    variables: set[str] = field(default_factory=set)
    required: set[str] = field(default_factory=set)
    sets: set[str] = field(default_factory=set)
    fixed: set[str] = field(default_factory=set)
    wire: set[str] = field(default_factory=set)
    drivers: set[str] = field(default_factory=set)
    docker: set[str] = field(default_factory=set)
    fixtures: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    logins: set[str] = field(default_factory=set)
    defaults: dict[str, str] = field(default_factory=dict)
    _passed: set[int] = field(default_factory=set)
    _named: dict[str, ast.expr] = field(default_factory=dict)
    _asked: list[ast.expr] = field(default_factory=list)
    _elsewhere: dict[str, str] = field(default_factory=dict)
    _is_mocked: bool = False

    def needs(self) -> Needs:
        """What was seen. An address for HTTP counts only beside a driver for it: else it is data."""
        fixed = self.fixed
        if self.drivers & _WIRE_DRIVERS:
            fixed = fixed | self.wire | (set() if self._is_mocked else self._places_elsewhere())
        if self.drivers & _WIRE_DRIVERS and not self._is_mocked:
            self.defaults = {**self._elsewhere, **self.defaults}
        found = (
            *(self.variables, self.required, self.sets, fixed, self.drivers, self.docker),
            *(self.fixtures, self.others, self.logins),
        )
        return Needs(*(frozenset(each) for each in found))

    def _places_elsewhere(self) -> set[str]:
        """The hosts elsewhere that something is asked of: by a text in the call, or by a name that has one."""
        return {place for asked in self._asked for place in _elsewhere(self._filled(asked))}

    def _filled(self, node: ast.AST, depth: int = 0) -> str:
        """A text with what is known of its parts, and ``{}`` for what is not."""
        if isinstance(node, ast.FormattedValue):
            return self._filled(node.value, depth)
        if isinstance(node, ast.JoinedStr | ast.BinOp) and depth < _DEEPEST:
            parts = node.values if isinstance(node, ast.JoinedStr) else (node.left, node.right)
            return "".join(self._filled(each, depth + 1) for each in parts)
        if dotted(node) in self._named and depth < _DEEPEST:
            return self._filled(self._named[dotted(node)], depth + 1)
        return text(node) or "{}"

    def see(self, node: ast.AST) -> None:
        """Take one node; those around it were seen before."""
        if isinstance(node, ast.Import):
            self.imports(each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            self.imports(["(own)" if node.level else node.module or ""])
        elif isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, ast.Subscript) and self._is_environment(node.value):
            self._item(node)
        elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            self._alternative(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            self._passed.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            self._passed.update(id(each) for each in node.values)
            if id(node) not in self._passed:
                self._literal(_filled(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in self._passed:
            self._literal(node.value)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            self._name(node)
        elif isinstance(node, ast.Dict):
            self._pairs({text(key) or "": value for key, value in zip(node.keys, node.values, strict=True) if key})
        elif isinstance(node, FUNCTIONS):
            taken = parameters(node)
            self.fixtures.update(name for name in taken if _OURS.match(name))
            self._is_mocked = self._is_mocked or not _MOCKING.isdisjoint(taken)

    def imports(self, names: Iterable[str]) -> None:
        """Modules are imported, or used that were."""
        known = [*names]
        tops = {each.partition(".")[0] for each in known}
        self.drivers |= tops & DRIVERS.keys()
        self.docker |= tops & _DOCKER
        self.others |= strangers(known)
        self._is_mocked = self._is_mocked or not _MOCKS.isdisjoint(tops)

    def _name(self, node: ast.Assign | ast.AnnAssign) -> None:
        """A name is given to something."""
        if node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            self._named |= dict.fromkeys(filter(None, map(dotted, targets)), node.value)

    def _is_environment(self, node: ast.AST) -> bool:
        return self.module.full(node) in {"os.environ", "os.environb"}

    def _call(self, call: ast.Call) -> None:
        name = self.module.full(call.func)
        first = text(call.args[0]) if call.args else None
        last = name.rpartition(".")[2]
        if first is not None and _reads(name, first):
            self.variables.add(first)
            for other in (*call.args[1:2], *(each.value for each in call.keywords if each.arg == "default")):
                self._default(first, other)
        elif first is not None and last == "setenv":
            self.sets.add(first)
        elif call.args and self._is_environment(call.args[0]) and last == "dict" and len(call.args) > 1:
            self._set(call.args[1])
        elif call.args and name == "os.environ.update":
            self._set(call.args[0])
        elif last == "format" and any(each.arg is None and self._is_environment(each.value) for each in call.keywords):
            self.required.update(_PLACES.findall(text(getattr(call.func, "value", None)) or ""))
        elif last in {"run", "Popen", "call", "check_call", "check_output", "system"} and call.args:
            self._command(call.args[0])
        self._ask(call, last, first)
        self._connection(call, name)

    def _ask(self, call: ast.Call, last: str, first: str | None) -> None:
        """A call that may ask something of an address; or that has somebody else answer, here."""
        known = {each.arg: each.value for each in call.keywords if each.arg}
        if last in _ASKING:
            self._asked += [*call.args[:2], *(known[each] for each in ("url", "base_url", "uri") if each in known)]
            self._is_mocked = self._is_mocked or not _ANSWERING.isdisjoint(known)
        if last in _PATCHING and call.args:
            patched = first or self.module.full(call.args[0])
            self._is_mocked = self._is_mocked or not _WIRE_DRIVERS.isdisjoint(patched.split("."))
        self._is_mocked = self._is_mocked or last in _CLIENTS

    def _default(self, variable: str, node: ast.AST) -> None:
        for each in walk(node):
            self._passed.add(id(each))
        value = _filled(node) if isinstance(node, ast.JoinedStr) else text(node)
        self.logins.update(_logins(value or ""))
        for address, _ in _addresses(value or ""):
            self.defaults[variable] = address
        if _ADDRESS.search(variable):
            for address in _elsewhere(value or ""):
                self._elsewhere[variable] = address

    def _alternative(self, node: ast.BoolOp) -> None:
        """``os.environ.get("X") or "..."``."""
        call = node.values[0]
        first = text(call.args[0]) if isinstance(call, ast.Call) and call.args else None
        if first is not None and _reads(self.module.full(call), first):
            for other in node.values[1:]:
                self._default(first, other)

    def _item(self, node: ast.Subscript) -> None:
        name = text(node.slice)
        if name is not None:
            self._passed.add(id(node.slice))
            (self.required if isinstance(node.ctx, ast.Load) else self.sets).add(name)

    def _set(self, node: ast.AST) -> None:
        if isinstance(node, ast.Dict):
            self.sets.update(name for each in node.keys if each is not None and (name := text(each)))

    def _command(self, node: ast.AST) -> None:
        parts = node.elts[:1] if isinstance(node, ast.List | ast.Tuple) and node.elts else [node]
        word = (text(parts[0]) or "").split(" ")[0]
        self.docker |= {word} & _DOCKER_COMMANDS

    def _connection(self, call: ast.Call, name: str) -> None:
        """A driver's own call: what it is not told, it takes from its defaults or from the variables of libpq."""
        known = {each.arg: each.value for each in call.keywords if each.arg}
        match = _CONNECTING.match(name)
        if match is None:
            self._pairs(known)
            return
        driver = match[1].partition(".")[0]
        is_told = bool(call.args) or any(each.arg is None for each in call.keywords)
        self._login(known)
        if "host" in known or "port" in known:
            self._pairs({"host": ast.Constant("localhost"), "port": ast.Constant(_BY_DRIVER[driver]), **known})
        elif not is_told and match[4] in {"Redis", "StrictRedis", "Valkey"}:
            self.fixed.add(f"localhost:{_BY_DRIVER[driver]}")
        elif not is_told and match[4] in {"connect", "create_pool"} and not {"dsn", "conninfo"} & known.keys():
            self.variables.add("PGHOST")

    def _pairs(self, known: Mapping[str, ast.expr]) -> None:
        """``host`` and ``port`` side by side; a written port fixes the address, wherever the host is from."""
        port = known.get("port")
        if "host" in known and isinstance(port, ast.Constant) and isinstance(port.value, int):
            self.fixed.add(f"{text(known['host']) or 'localhost'}:{port.value}")

    def _login(self, known: Mapping[str, ast.expr]) -> None:
        user, password = text(known.get("user")), text(known.get("password"))
        if user and password:
            name = text(known.get("database")) or text(known.get("dbname")) or user
            self.logins.add(f"postgresql://{quote(user, '')}:{quote(password, '')}@localhost/{name}")

    def _literal(self, value: str) -> None:
        self.logins.update(_logins(value))
        for address, is_wire in _addresses(value):
            (self.wire if is_wire else self.fixed).add(address)


def _reads(name: str, first: str) -> bool:
    """Whether a call reads a variable: that of the system, or something that is called environment."""
    if name in {"os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault"}:
        return True
    owner, _, last = name.rpartition(".")
    is_env = owner.rpartition(".")[2].lower().removeprefix("get_") in {"env", "environ", "environment"}
    return bool(_NAME.match(first)) and ((last == "get" and is_env) or name in {"env", "getenv"})


def _filled(node: ast.JoinedStr) -> str:
    return "".join(text(each) or "{}" for each in node.values)


def is_elsewhere(address: str) -> bool:
    """Whether an address, ``host:port`` or a host alone, is on another machine."""
    host = address.rpartition(":")[0] if address.rpartition(":")[2].isdecimal() else address
    return host not in _HERE and not host.startswith("127.") and not host.endswith(_NOWHERE)


def _elsewhere(value: str) -> list[str]:
    """The addresses of HTTP and WebSocket in a text that are on other machines, with or without a port.

    A name without a dot and a port is what test clients are told, as ``http://testserver``.
    """
    found = []
    for scheme, place in _URL.findall(value):
        host, port = _place(f"x://{place}")
        if scheme in _WIRE and "{" not in host and ("." in host or port) and is_elsewhere(host):
            found.append(f"{host}:{port}" if port else host)
    return found


def _addresses(value: str) -> Iterator[tuple[str, bool]]:
    """The addresses in a text, and whether each is one of HTTP or WebSocket: of those only such as name a port here."""
    if pair := _PAIR.match(value):
        yield value, int(pair[2]) not in PORTS
        return
    for scheme, place in _URL.findall(value):
        host, port = _place(f"x://{place}")
        if scheme in _SCHEMES and (host != "{}" or port):
            if not (host == "{}" and place.endswith("{}")):
                yield f"{_shown(host)}:{port or _SCHEMES[scheme]}", False
        elif scheme in _WIRE and port and host in _HERE:
            yield f"{_shown(host)}:{port}", True
    if "dbname=" in value and (words := _KEYWORDS.search(value)) is not None and words[1] != "{}":
        yield f"{words[1]}:{words[2] or 5432}", False


def _logins(value: str) -> Iterator[str]:
    for scheme, place in _URL.findall(value):
        if _SCHEMES.get(scheme) == _BY_DRIVER["psycopg"] and "@" in place and "{}" not in value:
            yield re.sub(r"^\w+(\+\w+)?://", "postgresql://", value)


def _shown(host: str) -> str:
    return "localhost" if host == "{}" else host


def _place(url: str) -> tuple[str, int | None]:
    """Host and port; a port that is filled in when it runs is none."""
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port
    except ValueError:
        return "{}", None
