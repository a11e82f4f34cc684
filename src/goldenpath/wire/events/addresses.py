"""Where a connection goes: addresses, headers and cookies with their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from goldenpath.domain.errors import NotSignedIn
from goldenpath.wire.templates import filled, plain

Values = Mapping[str, Any]
"""What the placeholders stand for, by name; one that is missing or None has no value."""


def texts(templates: Mapping[str, Any], values: Values) -> dict[str, str]:
    """Headers, cookies or a query; those with a placeholder that has no value are left out."""
    return {name: plain(each) for name, each in filled(templates, values.get).items()}


def headers(templates: Mapping[str, Any], cookies: Mapping[str, Any], values: Values) -> dict[str, str]:
    """Headers, the one with the cookies (RFC 6265, 4.2) among them.

    Raises:
        NotSignedIn: A value has signs that no header can have: no service can have given it.
    """
    found = texts(templates, values)
    if kept := texts(cookies, values):
        found["Cookie"] = "; ".join(f"{name}={value}" for name, value in kept.items())
    for each in found.values():
        if not each.isascii() or not each.isprintable() or each != each.strip():
            raise NotSignedIn("the token is none that could be sent", code="invalid_token")
    return found


def address(url: str, path: str, query: Mapping[str, Any], values: Values, scheme: str) -> str:
    """An address with its path and its query.

    Args:
        url: Where the service is, by http or ws.
        path: A template that is put behind it; a value is one segment, and nothing where there is none. Behind a
            question mark, a value is one of the query.
        query: A table of templates.
        values: What they stand for.
        scheme: ``http`` or ``ws``: how it is spoken to.
    """
    parts = urlsplit(url)
    quoted = {name: quote(plain(value), safe="") for name, value in values.items() if value is not None}
    tail, _, own = str(filled(path, lambda name: quoted.get(name, ""))).partition("?")
    secure = "s" if parts.scheme in {"https", "wss"} else ""
    asked = "&".join(each for each in (own, urlencode(texts(query, values))) if each)
    return urlunsplit((scheme + secure, parts.netloc, (parts.path.rstrip("/") + tail) or "/", asked, ""))
