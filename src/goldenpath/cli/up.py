"""Start PostgreSQL, Valkey and the reference platform, and leave them running until: goldenpath down."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from goldenpath.cli.layout import table
from goldenpath.config import load
from goldenpath.domain.errors import UsageError
from goldenpath.runtime.starting import UP

if TYPE_CHECKING:
    from goldenpath.stack.client import Keeper

HELP: Final = "start PostgreSQL, Valkey and the reference platform"

SPACE: Final = "up"
"""The name of what these servers have of their own."""

_ORDER: Final = ("database", "cache", "auth", "agents", "events")
"""What can be started, in the order of needs."""

_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "auth": ("database", "cache"),
    "agents": ("auth", "database", "cache"),
    "events": ("auth", "agents", "database", "cache"),
}

_EPILOG: Final = """\
DATABASE_URL and its like name an empty database, for you; the platform has one of its own on the same server.
What is stored goes with: goldenpath down.

examples:
  goldenpath up                       everything
  goldenpath up database cache        only these
  eval "$(goldenpath up --env)"       and give a shell their addresses
"""


def state(environ: Mapping[str, str] | None = None) -> Path:
    """Where the keeper of this project's servers is found."""
    root = Path.cwd()
    return root / load(root, {}, os.environ if environ is None else environ).output / UP


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument(
        "services", nargs="*", metavar="SERVICE", help=f"any of {', '.join(_ORDER)}, and what they need; all of them"
    )
    parser.add_argument("--env", action="store_true", help="print lines for a shell that export the addresses")
    parser.add_argument("--fault", metavar="NAME", help="break the platform on purpose (see: goldenpath faults)")


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Start what is asked for and is not there yet, and tell where it is.

    Raises:
        UsageError: There is no such service, or no such fault.
        ServiceUnavailable: Something does not start.
    """
    from goldenpath.stack.client import Keeper

    services = _wanted(args.services)
    if args.fault:
        from goldenpath.reference.faults import find

        find(args.fault)
    place = state()
    place.mkdir(parents=True, exist_ok=True)
    _ignore(place.parent)
    addresses = start(Keeper.at(place, None, services), services, args.fault)
    out.writelines(f"{line}\n" for line in (_exports(addresses) if args.env else _told(addresses)))
    return 0


def start(keeper: Keeper, services: Sequence[str], fault: str | None = None) -> dict[str, dict[str, str]]:
    """Have a keeper start services, in the order of needs; gives where each is.

    The address of the database is that of an empty one; the platform's is another.

    Raises:
        ServiceUnavailable: Something does not start.
    """
    addresses: dict[str, dict[str, str]] = {}
    for service in (each for each in _ORDER if each in services):
        if service == "database":
            addresses[service] = {"url": keeper.database(SPACE, tables=False)}
        elif service == "cache":
            url, prefix = keeper.cache(SPACE)
            addresses[service] = {"url": url, "prefix": prefix}
        else:
            wired = {f"{each}_url": addresses[each]["url"] for each in ("auth", "agents") if each in addresses}
            wired.pop(f"{service}_url", None)
            addresses[service] = {"url": keeper.serve(SPACE, service, fault=fault, **wired)}
    return addresses


def _wanted(asked: Sequence[str]) -> list[str]:
    for service in asked:
        if service not in _ORDER:
            raise UsageError(
                f"there is no service {service!r} to start", where="up", try_next=f"one of: {', '.join(_ORDER)}"
            )
    wanted = {*asked, *(need for service in asked for need in _NEEDS.get(service, ()))} if asked else {*_ORDER}
    return [service for service in _ORDER if service in wanted]


def _exports(addresses: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    from goldenpath.stack.environment import environment

    for name, value in environment(addresses).items():
        yield f"export {name}={shlex.quote(value)}"


def _told(addresses: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    yield from table([(service, _without_password(address["url"])) for service, address in addresses.items()])
    yield ""
    yield 'eval "$(goldenpath up --env)" gives a shell the addresses, with passwords.'
    yield "goldenpath down ends what was started."


def _without_password(url: str) -> str:
    start, at, rest = url.rpartition("@")
    return f"{start.rpartition(':')[0]}@{rest}" if at else url


def _ignore(output: Path) -> None:
    """Nothing of this belongs to the project's history."""
    ignore = output / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
