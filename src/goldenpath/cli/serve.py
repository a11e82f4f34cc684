"""Serve the reference platform: one service over PostgreSQL and Redis or Valkey, or all of it in memory."""

from __future__ import annotations

import argparse
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TextIO

from goldenpath.cli.layout import table
from goldenpath.domain.errors import UsageError
from goldenpath.reference.servers.config import AGENTS, AUTH, GATEWAY, SERVED, ServerConfig

HELP: Final = "serve the reference platform: auth, agents, gateway"

SECRET: Final = "GOLDENPATH_SECRET"  # noqa: S105 - the name of a variable

_EPILOG: Final = f"""\
A service runs until Ctrl-C or SIGTERM; runs in flight then end with an event, and sockets are closed. It logs
lines of JSON to stderr. GET /health says that it lives, GET /ready whether all that it needs is there, and
GET /openapi.json what it answers. Tables are made where they are missing.

Addresses that hold a password are better given by variables than by flags, which other users of the machine see.
With ${SECRET} set, whoever has that secret may make accounts (POST /control/accounts).

examples:
  goldenpath serve --mode mock                everything, in memory
  goldenpath serve auth agents --mode mock    two of them

  export DATABASE_URL=postgresql://user:password@localhost/app REDIS_URL=redis://localhost/0
  goldenpath serve auth --port 8001
  goldenpath serve agents --port 8002 --auth-url http://127.0.0.1:8001
  goldenpath serve gateway --port 8003 --auth-url http://127.0.0.1:8001 --agents-url http://127.0.0.1:8002

  goldenpath serve --mode mock --fault wrong-password-accepted    see: goldenpath faults
"""

_ABOUT: Final = {
    AUTH: "accounts, sessions, tokens",
    AGENTS: "conversations and runs",
    GATEWAY: "events, over WebSocket at /ws",
}

_ADDRESSES: Final = {
    "database_url": ("DATABASE_URL", "postgresql://user:password@host:port/name"),
    "cache_url": ("REDIS_URL", "redis://host:port/0"),
    "auth_url": ("AUTH_URL", "where auth is, for agents and gateway"),
    "agents_url": ("AGENTS_URL", "where the assistant is, for the gateway"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument(
        "services", nargs="*", metavar="SERVICE", help=f"one of {', '.join(SERVED)}; with --mode mock any"
    )
    parser.add_argument(
        "--mode", choices=["mock"], help="all in memory and in one process; without SERVICE all of them"
    )
    parser.add_argument(
        "--port", type=int, default=0, help="where to listen; several take the ports after it too; 0: any"
    )
    for name, (variable, about) in _ADDRESSES.items():
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, metavar="URL", default="", help=f"{about} (or ${variable})")
    parser.add_argument("--fault", metavar="NAME", help="break one promise on purpose")
    parser.add_argument(
        "--scripts",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="more scripts for the assistant (TOML)",
    )


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Serve until told to stop.

    Raises:
        UsageError: What was asked for cannot be served.
        ServiceUnavailable: The database is not there.
    """
    _must_be_installed()
    from goldenpath.reference import faults
    from goldenpath.reference.servers import serving

    configs = _configs(args, os.environ)
    if args.fault is not None:
        faults.find(args.fault)

    def ready(urls: Mapping[str, str]) -> None:
        out.writelines(f"{line}\n" for line in _told(urls, configs[0].secret if args.mode else ""))
        out.flush()

    if args.mode:
        serving.serve_together(configs, ready=ready)
    else:
        serving.serve(configs[0], ready=lambda url: ready({configs[0].service: url}))
    return 0


def _configs(args: argparse.Namespace, environment: Mapping[str, str]) -> list[ServerConfig]:
    """What is to be served."""
    for name in args.services:
        if name not in SERVED:
            raise UsageError(f"there is no service {name!r}", where="goldenpath serve", try_next=" | ".join(SERVED))
    secret = environment.get(SECRET, "")
    if args.mode:
        return _in_memory(args, secret or secrets.token_urlsafe(16))
    if len(args.services) != 1:
        raise UsageError(
            "one service a process", where="goldenpath serve", try_next="goldenpath serve auth, or --mode mock"
        )
    addresses = {name: getattr(args, name) or environment.get(known, "") for name, (known, _) in _ADDRESSES.items()}
    for name in _needed(args.services[0]):
        if not addresses[name]:
            flag, variable = f"--{name.replace('_', '-')}", _ADDRESSES[name][0]
            raise UsageError(f"{args.services[0]} needs {flag}", try_next=f"{flag} or ${variable}; or --mode mock")
    return [
        ServerConfig(
            args.services[0],
            port=args.port,
            fault=args.fault,
            secret=secret,
            scripts=tuple(args.scripts),
            **addresses,
        )
    ]


def _needed(service: str) -> Sequence[str]:
    """The addresses that a service cannot do without."""
    return {
        AUTH: ("database_url", "cache_url"),
        AGENTS: ("database_url", "cache_url", "auth_url"),
        GATEWAY: ("cache_url", "auth_url", "agents_url"),
    }[service]


def _in_memory(args: argparse.Namespace, secret: str) -> list[ServerConfig]:
    from goldenpath.reference.servers.serving import needed

    wanted = needed(args.services or SERVED)
    ports = [args.port + place if args.port else 0 for place in range(len(wanted))]
    return [
        ServerConfig(service, port=port, fault=args.fault, secret=secret, scripts=tuple(args.scripts))
        for service, port in zip(wanted, ports, strict=True)
    ]


def _told(urls: Mapping[str, str], secret: str) -> Iterator[str]:
    """The table of addresses, and how to come by an account where the secret is nobody's but this process's."""
    yield from table([(service, url, _ABOUT[service]) for service, url in urls.items()])
    if secret and AUTH in urls:
        yield ""
        yield "make an account:"
        path = f"{urls[AUTH]}/control/accounts"
        yield f"  curl -s {path} -H 'X-Goldenpath-Secret: {secret}' --json '{{\"name\": \"Ada\"}}'"


def _must_be_installed() -> None:
    missing = [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]
    if missing:
        raise UsageError(f"{' and '.join(missing)} not installed", try_next='pip install "goldenpath[serve]"')
