"""What a repository tells of a team's services: its compose file, environment files, OpenAPI, and how they start.

Files are read and never run; of environment files the names count, and never a value that could be a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

COMPOSE: Final = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_ENV_FILES: Final = (".env", ".env.local", ".env.development", ".env.example", ".env.sample", ".env.test")
_OPENAPI: Final = ("openapi.json", "openapi.yaml", "openapi.yml", "swagger.json", "swagger.yaml")
_BELOW: Final = (".", "docs", "api", "spec")
_NOT_THEIRS: Final = frozenset({"node_modules", "site-packages", "venv", "env", "build", "dist", "tests", "test"})
_MOST_FILES: Final = 3000
_LARGEST: Final = 2**20

_IMAGES: Final = (
    ("database", re.compile(r"(^|/)(postgres|postgis|pgvector|timescaledb)")),
    ("cache", re.compile(r"(^|/)(redis|valkey)")),
)
_NAMES: Final = (
    ("auth", re.compile(r"auth|identity|login|keycloak|account", re.IGNORECASE)),
    ("events", re.compile(r"gateway|websocket|(^|[-_])ws([-_]|$)|realtime|events?$", re.IGNORECASE)),
    ("agents", re.compile(r"agent|assistant|llm|chat", re.IGNORECASE)),
    ("database", re.compile(r"postgres|database|(^|[-_])(db|pg)([-_]|$)", re.IGNORECASE)),
    ("cache", re.compile(r"redis|valkey|cache", re.IGNORECASE)),
)
_PATHS: Final = (
    ("auth", re.compile(r"/(login|signin|sign-in|sessions?|token)/?$", re.IGNORECASE)),
    ("agents", re.compile(r"/(threads|conversations|chats|runs|messages)/?$", re.IGNORECASE)),
)
_APPLICATION: Final = re.compile(r"^(\w+)\s*(?::[^=\n]+)?=\s*(FastAPI|Starlette|Litestar|Quart|Flask)\(", re.MULTILINE)
_SCHEMES: Final = {"database": "postgresql", "cache": "redis"}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass
class Found:
    """What was seen.

    Attributes:
        reasons: For each service that seems to be there, where it was seen.
        addresses: Where it seems to be, by service: on this machine, without a password.
        commands: Ways to start the team's own servers, each with where it was seen.
        operations: Requests that may be ours, by service, as ``METHOD /path``.
    """

    reasons: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    commands: list[tuple[str, str]] = field(default_factory=list)
    operations: dict[str, list[str]] = field(default_factory=dict)

    def note(self, service: str | None, where: str, address: str | None = None) -> None:
        """Take down a service; what was seen first counts."""
        if service is None:
            return
        self.reasons.setdefault(service, where)
        if address is not None:
            self.addresses.setdefault(service, address)


def look(root: Path) -> Found:
    """What the repository at ``root`` tells. A file that cannot be read tells nothing."""
    found = Found()
    for name in COMPOSE:
        _compose(root / name, found)
    for name in _ENV_FILES:
        _environment(root / name, found)
    for folder in _BELOW:
        for name in _OPENAPI:
            _openapi(root / folder / name, root, found)
    _servers(root, found)
    return found


def _compose(path: Path, found: Found) -> None:
    said = _data(path)
    services = said.get("services") if isinstance(said, Mapping) else None
    for name, service in (services if isinstance(services, Mapping) else {}).items():
        if not isinstance(service, Mapping):
            continue
        image = str(service.get("image", ""))
        kind = next((each for each, is_meant in _IMAGES if is_meant.search(image)), None) or _kind(str(name))
        what = f"{path.name}: {name}" + (f" ({image})" if image else "")
        found.note(kind, what, _published(kind, service))


def _published(kind: str | None, service: Mapping[str, Any]) -> str | None:
    """Where a compose service is reached from this machine; None when it publishes no port."""
    ports = service.get("ports")
    for port in ports if isinstance(ports, list) else ():
        number = port.get("published") if isinstance(port, Mapping) else _host_port(str(port))
        if number and str(number).isdecimal():
            return _address(kind, str(number), _settings_of(service))
    return None


def _host_port(written: str) -> str | None:
    """The port on this machine of ``[address:]8000:80``; variables are not followed, but for what they default to."""
    plain = re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", written)
    parts = plain.partition("/")[0].split(":")
    return parts[-2] if len(parts) > 1 else None


def _settings_of(service: Mapping[str, Any]) -> Mapping[str, Any]:
    said = service.get("environment", {})
    if isinstance(said, list):
        return dict(each.split("=", 1) for each in said if isinstance(each, str) and "=" in each)
    return said if isinstance(said, Mapping) else {}


def _address(kind: str | None, port: str, settings: Mapping[str, Any]) -> str:
    if kind == "database":
        user = settings.get("POSTGRES_USER", "postgres")
        return f"postgresql://{user}@localhost:{port}/{settings.get('POSTGRES_DB', user)}"
    return f"{_SCHEMES.get(kind or '', 'http')}://localhost:{port}" + ("/0" if kind == "cache" else "")


def _environment(path: Path, found: Found) -> None:
    for line in _text(path).splitlines():
        name, sign, value = line.strip().removeprefix("export ").partition("=")
        if sign and re.fullmatch(r"[A-Z][A-Z0-9_]*(URL|URI|DSN|HOST|ADDR)", name.strip()):
            found.note(_kind(name), f"{path.name}: {name.strip()}", _harmless(value.strip().strip("'\"")))


def _harmless(url: str) -> str | None:
    """An address that may be shown: on this machine, and without a password."""
    try:
        parts = urlsplit(url)
        if parts.hostname not in _LOOPBACK or not parts.scheme:
            return None
        user = f"{parts.username}@" if parts.username else ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    return f"{parts.scheme.partition('+')[0]}://{user}{parts.hostname}{port}{parts.path}"


def _openapi(path: Path, root: Path, found: Found) -> None:
    said = _data(path)
    paths = said.get("paths") if isinstance(said, Mapping) else None
    for place, methods in (paths if isinstance(paths, Mapping) else {}).items():
        kind = next((each for each, is_meant in _PATHS if is_meant.search(str(place))), None)
        if kind is None or not isinstance(methods, Mapping):
            continue
        found.note(kind, f"{path.relative_to(root)}: {place}")
        asked = [f"{method.upper()} {place}" for method in ("get", "post", "put", "delete") if method in methods]
        found.operations.setdefault(kind, []).extend(asked)


def _servers(root: Path, found: Found) -> None:
    if (root / "manage.py").is_file():
        found.commands.append(("manage.py", "python manage.py runserver 127.0.0.1:{port} --noreload"))
    for path in _modules(root):
        for match in _APPLICATION.finditer(_text(path)):
            where = path.relative_to(root)
            inside = where.relative_to("src") if where.parts[0] == "src" else where
            module = ".".join(inside.with_suffix("").parts).removesuffix(".__init__")
            if match[2] == "Flask":
                found.commands.append((str(where), f"flask --app {module}:{match[1]} run --port {{port}}"))
            else:
                found.commands.append((str(where), f"uvicorn {module}:{match[1]} --port {{port}}"))


def _modules(root: Path) -> Iterator[Path]:
    """Python files of the team's, as many as can be looked at while somebody waits."""
    yield from islice(_walk(root), _MOST_FILES)


def _walk(folder: Path) -> Iterator[Path]:
    try:
        inside = sorted(folder.iterdir())
    except OSError:
        return
    for each in inside:
        if each.name.startswith((".", "_")) or each.name in _NOT_THEIRS or each.is_symlink():
            continue
        if each.is_dir():
            yield from _walk(each)
        elif each.suffix == ".py":
            yield each


def _kind(name: str) -> str | None:
    return next((service for service, is_meant in _NAMES if is_meant.search(name)), None)


def _data(path: Path) -> Any:
    """What a file of JSON or YAML says; None where that cannot be told."""
    text = _text(path)
    if not text:
        return None
    if path.suffix == ".json":
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _text(path: Path) -> str:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
