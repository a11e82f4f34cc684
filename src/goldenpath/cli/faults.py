"""What the reference platform can be made to do wrong on purpose, with --fault NAME."""

from __future__ import annotations

import argparse
from typing import Final, TextIO

from goldenpath.cli.layout import wrapped
from goldenpath.reference.faults import every

HELP: Final = "what can be broken on purpose, for --fault"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes: nothing."""


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Print every fault: its name, its service, and what a user would notice."""
    faults = sorted(every().values(), key=lambda each: (each.service, each.name))
    for each in faults:
        out.writelines(f"{line}\n" for line in [f"{each.name}  ({each.service})", *wrapped(each.breaks, "    ")])
    return 0
