"""How a service that others run is reached: what each request carries, whom to believe, which way, how often.

All of it comes from ``[services.NAME.real]`` and from the profile that was named for the run. A secret in it is the
name of an environment variable: ``{env.NAME}`` stands for its value, which is looked up when it is used.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from goldenpath.domain.errors import SettingsError
from goldenpath.domain.pace import ANY_PACE, Pace

PROFILE: Final = "profile"
"""The key of a service's table that says which profile names it; only the flag or its variable puts it there."""

WRITES: Final = "writes"
"""Likewise: ``own`` or ``none``, what that profile lets a run write."""

KEYS: Final = ("headers", "ca", "proxy", "limit")
"""The keys of a table of which a route is made."""

_VARIABLE: Final = re.compile(r"\{env\.([A-Za-z_][A-Za-z0-9_]*)\}")
_LIMIT: Final = re.compile(r"(\d+(?:\.\d+)?)/(s|min)")
_SECONDS: Final = {"s": 1, "min": 60}
_LIKE: Final = {
    "headers": 'headers = { X-Api-Key = "{env.STAGING_KEY}" }',
    "ca": 'ca = "ca.pem"',
    "proxy": 'proxy = "http://proxy:3128"',
    "limit": 'limit = "10/s"',
}


@dataclass(frozen=True, slots=True)
class Route:
    """How one service is reached.

    Attributes:
        headers: What every request carries besides.
        ca: A file of the certificates (PEM) that are believed over TLS, instead of the machine's.
        proxy: The HTTP proxy that every connection goes through, ``http://user:password@host:port``; empty for none.
        limit: The most requests a second in the whole run; 0 for any number.
        anywhere: Whether it may lead away from this machine.
        pace: Gives turns, so that the limit is kept.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    ca: Path | None = None
    proxy: str = ""
    limit: float = 0.0
    anywhere: bool = True
    pace: Pace = field(default=ANY_PACE, compare=False)

    @classmethod
    def of(cls, table: Mapping[str, Any], environ: Mapping[str, str], where: str) -> Self:
        """The route that a service's table describes.

        Args:
            table: ``[services.NAME.real]``, the profile's over it.
            environ: Where its secrets are.
            where: The name of the table, for errors.

        Raises:
            SettingsError: A key has no such value, a variable is not set, the certificates are not there, or the proxy
                is elsewhere and no profile was named.
        """
        check(table, where)
        anywhere = PROFILE in table
        headers = {name: filled(text, environ, f"{where}.headers.{name}") for name, text in _headers(table).items()}
        proxy = filled(str(table.get("proxy", "")), environ, f"{where}.proxy")
        if proxy and not anywhere and (host := elsewhere(proxy)):
            said = f"the proxy {host} is not on this machine: it counts only in a profile"
            raise SettingsError(said, where=f"{where}.proxy", try_next="--profile NAME")
        ca = Path(table["ca"]) if "ca" in table else None
        if ca is not None:
            _check_certificates(ca, f"{where}.ca")
        limit = per_second(table["limit"]) if "limit" in table else 0.0
        return cls(headers=headers, ca=ca, proxy=proxy, limit=limit, anywhere=anywhere)

    def allows(self, host: str) -> bool:
        """Whether it may lead to that host."""
        return self.anywhere or is_here(host)

    def trust(self) -> ssl.SSLContext | None:
        """Whom to believe over TLS; None for whom the machine believes."""
        return trusting(str(self.ca)) if self.ca is not None else None


STRAIGHT: Final = Route()
"""The route to what we have started ourselves."""

AT_WORK: Final[ContextVar[Route]] = ContextVar("the route of the probe at work", default=STRAIGHT)
"""How the probe at work reaches its service; each probe has a context of its own."""


@lru_cache(maxsize=32)
def trusting(ca: str) -> ssl.SSLContext:
    """A context that believes the certificates of a file, and no others; one a process and file.

    Raises:
        OSError: They cannot be read, or are none.
    """
    return ssl.create_default_context(cafile=ca)


def _check_certificates(ca: Path, where: str) -> None:
    try:
        trusting(str(ca))
    except ssl.SSLError:
        raise SettingsError(f"{ca} holds no certificates (PEM)", where=where, try_next=_LIKE["ca"]) from None
    except OSError as error:
        raise SettingsError(f"{ca} cannot be read: {error.strerror}", where=where, try_next=_LIKE["ca"]) from None


def check(table: Mapping[str, Any], where: str) -> None:
    """Let no table pass whose keys of a route are of no use.

    Raises:
        SettingsError: One of them has no such value.
    """
    fine = {
        "headers": lambda value: isinstance(value, Mapping) and all(isinstance(each, str) for each in value.values()),
        "ca": lambda value: isinstance(value, str) and bool(value),
        "proxy": lambda value: isinstance(value, str) and value.startswith("http://") and bool(hosts_of(value)),
        "limit": lambda value: isinstance(value, str) and per_second(value) > 0,
    }
    for key in KEYS:
        if key in table and not fine[key](table[key]):
            raise SettingsError(f"{key} cannot be {table[key]!r}", where=f"{where}.{key}", try_next=_LIKE[key])


def per_second(limit: str) -> float:
    """How many a second ``10/s`` or ``90/min`` are; 0 for any other text."""
    found = _LIMIT.fullmatch(limit)
    return float(found[1]) / _SECONDS[found[2]] if found else 0.0


def filled(text: str, environ: Mapping[str, str], where: str) -> str:
    """A text with the values of the variables that it names.

    Raises:
        SettingsError: A variable is not set, or is empty.
    """

    def value(found: re.Match[str]) -> str:
        return secret(found[1], environ, where)

    return _VARIABLE.sub(value, text)


def secret(variable: str, environ: Mapping[str, str], where: str) -> str:
    """The value of a variable.

    Raises:
        SettingsError: It is not set, or is empty.
    """
    if not (value := environ.get(variable, "")):
        raise SettingsError(f"the variable {variable} is not set", where=where, try_next=f"export {variable}=...")
    return value


def names_variable(text: str) -> bool:
    """Whether a part of a text comes from the environment."""
    return bool(_VARIABLE.search(text))


def variables(value: Any, key: str = "") -> Iterator[str]:
    """The names of all variables that a table of the settings names as secrets."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from variables(each, str(name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from variables(each, key)
    elif isinstance(value, str):
        yield from [value] if key.endswith("_env") else _VARIABLE.findall(value)


def hosts_of(url: str) -> list[str]:
    """The hosts of an address, in small letters: of PostgreSQL's there may be several, and some in its query."""
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
        named = [urlsplit(f"//{each}").hostname or "" for each in parts.netloc.rpartition("@")[2].split(",")]
        asked = [value for key, value in parse_qsl(parts.query) if key in {"host", "hostaddr"}]
    except ValueError:
        return []
    return [each for each in (*named, *(one for each in asked for one in each.split(","))) if each]


def with_query(url: str, **more: str) -> str:
    """An address with more in its query, for the driver that reads it."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(more)}"


def elsewhere(url: str) -> str:
    """The first host of an address that is not this machine; empty where all are."""
    return next((host for host in hosts_of(url) if not host.startswith("/") and not is_here(host)), "")


def is_here(host: str) -> bool:
    """Whether a host is this machine by its name alone: nobody is asked what the name means."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _headers(table: Mapping[str, Any]) -> Mapping[str, str]:
    headers: Mapping[str, str] = table.get("headers", {})
    return headers
