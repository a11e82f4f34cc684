"""The command ``goldenpath``: one file a command, found by its module's name."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import Final

from goldenpath.domain.errors import GoldenPathError

COMMANDS: Final = (
    "port",
    "faults",
    "settings",
    "adopt",
    "exec",
    "doctor",
    "serve",
    "up",
    "down",
    "status",
    "clean",
    "init",
    "new",
)
"""The modules of this package that are commands: each has ``HELP``, ``arguments(parser)`` and ``run(args, out)``."""

WRONG_USE: Final = 2
"""The exit status of a command that was asked for what cannot be done, as argparse has it."""

_EXAMPLES: Final = """\
examples:
  pytest features/ --mode mock    run the Golden Path with nothing installed
  goldenpath doctor               what a run would use here, and what is missing
  goldenpath port                 list the ports
  goldenpath port agents          what a service of your own must answer
  goldenpath faults               what can be broken on purpose, for --fault
  goldenpath settings             every setting, its flag and its variable
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The arguments without the command's own name; None for those of the process.

    Returns:
        The exit status: 0, or 2 for wrong use.
    """
    commands = {name: import_module(f"{__name__}.{name}") for name in COMMANDS}
    parser = _parser(commands)
    args = parser.parse_args(argv)
    try:
        if args.command is None:
            parser.print_help(sys.stdout)
            return 0
        status: int = commands[args.command].run(args, sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough; what is still in the buffer must not be written at the end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except GoldenPathError as error:
        sys.stderr.write(f"goldenpath: {error}\n")
        return WRONG_USE
    return status


def _parser(commands: dict[str, ModuleType]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="goldenpath",
        description="Write your product's Golden Path as features; run it anywhere; know what each result ran on.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"goldenpath {version('goldenpath')}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, module in commands.items():
        module.arguments(subparsers.add_parser(name, help=module.HELP, description=module.__doc__))
    return parser
