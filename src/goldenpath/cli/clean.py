"""Remove what a crash of ours has left behind: folders of servers whose keeper is gone. What runs is left alone.

What is kept between runs for speed stays, unless --cache is given; the records of runs stay in any case.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TextIO

from goldenpath.cli.status import folders

HELP: Final = "remove what a crash has left behind"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("--cache", action="store_true", help="remove the database cluster that is kept for speed, too")
    parser.add_argument("--dry-run", action="store_true", help="tell what would be removed, and remove nothing")


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Remove it, and say what it was."""
    from goldenpath.stack.folder import KeeperFolder
    from goldenpath.stack.homes import abandoned, sweep
    from goldenpath.stack.kept import kept
    from goldenpath.stack.locks import is_held

    places = folders()
    # A folder in which anything is locked is somebody's: of a run that has not asked for a server yet, too.
    left = [KeeperFolder(place) for place in places if not any(map(is_held, place.glob("*.lock")))]
    files = [file for place in left for file in place.files()] + (kept() if args.cache else [])
    homes = list(abandoned(places) if args.dry_run else sweep(places))
    if not args.dry_run:
        for place in left:
            place.clear()
        for file in files:
            file.unlink(missing_ok=True)
    _tell([*homes, *files], "would remove" if args.dry_run else "removed", out)
    return 0


def _tell(paths: Iterable[Path], verb: str, out: TextIO) -> None:
    told = [f"{verb} {path}\n" for path in paths]
    out.writelines(told or ["There is nothing to remove.\n"])
