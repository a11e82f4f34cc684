"""A gateway's two addresses, either of which may be the one that is known."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def http_address(url: str) -> str:
    """Where a gateway's HTTP is, from the address of its HTTP or its socket."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme.replace("ws", "http"), parts.netloc, "", "", ""))


def socket_address(url: str) -> str:
    """Where a gateway's socket is, from the address of its HTTP or its socket: ``/ws`` unless that has a path."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme.replace("http", "ws"), parts.netloc, parts.path.rstrip("/") or "/ws", "", ""))
