"""Addresses under the names that programs read: for tests and tools that know nothing of us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

Addresses = Mapping[str, Mapping[str, str]]
"""By service, its ``url`` and what its clients need besides."""

_SOCKETS: Final = {"http": "ws", "https": "wss"}
_POSTGRES_PORT: Final = 5432
_REDIS_PORT: Final = 6379


def environment(addresses: Addresses, names: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables for what was started; nothing for what was not.

    Args:
        addresses: Where each service is.
        names: Further names: each is given the value of one of ours, or a text in which ``{NAME}`` stands for it, as
            ``{"DB_DSN": "DATABASE_URL", "ASYNC_DSN": "postgresql+asyncpg://{PGHOST}:{PGPORT}/{PGDATABASE}"}``.

    Raises:
        KeyError: A further name stands for a variable that is not there.
    """
    urls = {service: address["url"] for service, address in addresses.items() if address.get("url")}
    found: dict[str, str] = {}
    for service, variables in _VARIABLES.items():
        if service in urls:
            found |= variables(urls[service])
    return found | {name: _filled(text, found) for name, text in (names or {}).items()}


def _filled(text: str, known: Mapping[str, str]) -> str:
    return known[text] if text in known else text.format_map(known)


def _database(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    values = {
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or _POSTGRES_PORT),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
    }
    name = unquote(parts.path.removeprefix("/"))
    theirs = {f"POSTGRES_{key}": value for key, value in values.items()}
    libpq = {f"PG{key}": value for key, value in values.items()}
    return {"DATABASE_URL": url, **theirs, "POSTGRES_DB": name, **libpq, "PGDATABASE": name}


def _cache(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {
        "REDIS_URL": url,
        "REDIS_HOST": parts.hostname or "",
        "REDIS_PORT": str(parts.port or _REDIS_PORT),
        "REDIS_PASSWORD": unquote(parts.password or ""),
        "REDIS_DB": parts.path.removeprefix("/") or "0",
    }


def _auth(url: str) -> dict[str, str]:
    from goldenpath.reference.signing import ALGORITHM
    from goldenpath.reference.tokens import AUDIENCE, ISSUER

    return {
        "AUTH_SERVICE_URL": url,
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
        "JWT_ALGORITHM": ALGORITHM,
        "JWT_JWKS_URL": f"{url.rstrip('/')}/.well-known/jwks.json",
    }


def _events(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    path = parts.path.rstrip("/") or "/ws"
    return {"WEBSOCKET_URL": parts._replace(scheme=_SOCKETS.get(parts.scheme, parts.scheme), path=path).geturl()}


def _agents(url: str) -> dict[str, str]:
    return {"AGENTS_URL": url, "BACKEND_URL": url}


_VARIABLES: Final = {
    "database": _database,
    "cache": _cache,
    "auth": _auth,
    "events": _events,
    "agents": _agents,
}
