"""What runs: the servers of goldenpath up, and those of test runs that are on.

The exit status is 0 when all of them run, 1 when one has ended or there is none.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

from goldenpath.cli.layout import table
from goldenpath.cli.up import state
from goldenpath.runtime.starting import SERVERS

HELP: Final = "what servers of ours run"

_COLUMNS: Final = ("service", "space", "pid", "state", "address")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("--json", action="store_true", help="print it as JSON, a list of keepers")


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Print every keeper with its servers; addresses have no passwords."""
    found = list(_keepers())
    if args.json:
        out.write(f"{json.dumps({'keepers': found}, indent=2)}\n")
    else:
        out.writelines(f"{line}\n" for line in _told(found))
    servers = [server for keeper in found for server in keeper["servers"]]
    return 0 if servers and all(server["running"] for server in servers) else 1


def folders() -> list[Path]:
    """The folders of this project in which a keeper may be found: that of ``up``, and one a run."""
    up = state()
    return [up, *sorted(path for path in (up.parent / SERVERS).glob("*") if path.is_dir() and not path.is_symlink())]


def _keepers() -> Iterator[dict[str, Any]]:
    from goldenpath.stack.client import Keeper

    for folder in folders():
        if (keeper := Keeper.there(folder)) is not None:
            yield {"folder": str(folder), **keeper.status()}


def _told(keepers: list[dict[str, Any]]) -> Iterator[str]:
    if not keepers:
        yield "Nothing runs. goldenpath up starts everything."
    for keeper in keepers:
        yield f"{keeper['folder']}  (process {keeper['pid']}, for {keeper['seconds']:.0f} s)"
        rows = [
            (row["service"], row["space"], str(row["pid"]), row["state"], row["address"]) for row in keeper["servers"]
        ]
        yield from (f"  {line}" for line in (table(rows) if rows else ()))
