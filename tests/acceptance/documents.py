"""What a document tells its reader to do: the commands in its consoles, and the files that it shows.

A fenced block whose first word is ``console`` holds commands after ``$``, and what they print. A block with a file's
name behind its language is that file. ``<!-- in: shop -->`` before a block says that the reader is in a new, empty
folder ``shop`` from there on; ``<!-- in: . -->`` that the reader is back in a clone of the project.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$|^<!-- in: (?P<place>\S+) -->$", re.MULTILINE | re.DOTALL)


@dataclass
class Command:
    """One command, where it is given, and what it is said to print."""

    text: str
    place: str
    line: int
    output: list[str] = field(default_factory=list)


@dataclass
class ShownFile:
    """One file that the document shows."""

    name: str
    place: str
    text: str


def read(path: Path) -> list[Command | ShownFile]:
    """What the document at ``path`` tells, in its order."""
    text, place = path.read_text("utf-8"), "."
    told: list[Command | ShownFile] = []
    for block in FENCE.finditer(text):
        line = text.count("\n", 0, block.start()) + 2
        if block["place"]:
            place = block["place"]
        elif block["info"].startswith("console"):
            told += _commands(block["body"], place, line)
        elif name := block["info"].partition(" ")[2].strip():
            told.append(ShownFile(name, place, block["body"]))
    return told


def _commands(body: str, place: str, first_line: int) -> list[Command]:
    commands: list[Command] = []
    for number, line in enumerate(body.splitlines()):
        if line.startswith("$ "):
            commands.append(Command(line[2:].partition("  #")[0].strip(), place, first_line + number))
        elif commands and line.strip():
            commands[-1].output.append(line.rstrip())
    return commands
