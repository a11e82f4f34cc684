"""End what was started by: goldenpath up. What its servers stored goes with them."""

from __future__ import annotations

import argparse
from typing import Final, TextIO

from goldenpath.cli.up import state

HELP: Final = "end what goldenpath up has started"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes: nothing."""


def run(args: argparse.Namespace, out: TextIO) -> int:
    """End the servers of this project; that none run is no failure.

    Raises:
        ServiceUnavailable: They do not end.
    """
    from goldenpath.stack.client import Keeper

    keeper = Keeper.there(state())
    if keeper is None:
        out.write("Nothing runs.\n")
        return 0
    keeper.stop()
    out.write("Everything has ended.\n")
    return 0
