"""Every setting: its key in goldenpath.toml (or [tool.goldenpath] of pyproject.toml), its flags and its variable."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final, TextIO

from goldenpath.cli.layout import wrapped
from goldenpath.config import OPTIONS, Option

HELP: Final = "every setting, its flag and its variable"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes: nothing."""


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Print the table of options. A flag stands above a variable, a variable above the file."""
    for option in OPTIONS:
        out.writelines(f"{line}\n" for line in _described(option))
    return 0


def _described(option: Option) -> Iterator[str]:
    names = [f"{flag} {option.metavar}".rstrip() for flag in option.flags]
    names += [f"${option.env}"] if option.env else []
    names += [f"key {option.key!r}"] if option.key else []
    yield from wrapped(", ".join(names))
    yield from wrapped(option.help, "    ")
    if option.choices:
        yield from wrapped(f"one of: {', '.join(option.choices)}", "    ")
    if option.default:
        yield from wrapped(f"default: {option.default}", "    ")
    yield from (f"    {line}" for line in option.example.splitlines())
    yield ""
