"""What the README and the guides tell their readers to do is done here, and what they say is printed is compared.

A fenced block whose first word is ``console`` holds commands after ``$``, and what they print; ``# ends with 1`` behind
a command is its exit status, where that is not 0. A block with a file's
name behind its language is that file. ``<!-- in: shop -->`` before a block says that the reader is in a new, empty
folder ``shop`` from there on; ``<!-- in: . -->`` that the reader is back in a clone of the project.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BIN = Path(sys.executable).parent

ELSEWHERE = {
    # set up an environment, which takes a network and a minute: done by test_setup.py
    "make golden-path",
    "python3 -m venv .venv",
    ".venv/bin/python -m pip install -q --require-hashes -r requirements.lock",
    ".venv/bin/python -m pip install -q --no-deps --no-build-isolation -e .",
    ".venv/bin/pytest features/ --mode mock",
    # what runs this test
    "make test",
}
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$|^<!-- in: (?P<place>\S+) -->$", re.MULTILINE | re.DOTALL)


@dataclass
class Command:
    """One command, where it is given, how it is said to end, and what to print."""

    text: str
    place: str
    line: int
    status: int = 0
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
            text, _, remark = line[2:].partition("  # ")
            ends = re.fullmatch(r"ends with (\d)", remark)
            commands.append(Command(text.strip(), place, first_line + number, int(ends[1]) if ends else 0))
        elif commands and line.strip():
            commands[-1].output.append(line.rstrip())
    return commands


def told() -> list[tuple[str, Command]]:
    return [
        (f"{path.relative_to(ROOT).as_posix()}:{each.line}", each)
        for path in DOCUMENTS
        for each in read(path)
        if isinstance(each, Command) and each.text not in ELSEWHERE
    ]


def prepare(document: Path, place: str, folder: Path) -> Path:
    """The folder in which the reader is: the project itself, or a new one with the files shown for it."""
    if place == ".":
        return ROOT
    for each in read(document):
        if isinstance(each, ShownFile) and each.place == place:
            path = folder / each.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(each.text, "utf-8")
    return folder


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


@pytest.mark.parametrize(("where", "command"), told(), ids=lambda value: value if isinstance(value, str) else "")
def test_what_a_document_says_is_so(where: str, command: Command, tmp_path: Path) -> None:
    folder = prepare(ROOT / where.rpartition(":")[0], command.place, tmp_path)
    program, *rest = shlex.split(command.text)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "GOLDENPATH_"))}
    environment |= {"GOLDENPATH_OUTPUT": str(tmp_path / ".goldenpath"), "COLUMNS": "80"}
    done = subprocess.run(
        [str(BIN / program), *rest, *(["-p", "no:cacheprovider"] if program == "pytest" else [])],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == command.status, done.stdout + done.stderr
    for line in command.output:
        assert plain(line) in plain(done.stdout), f"{where} says that this is printed: {line}\n{done.stdout}"


def test_the_first_screen_fits() -> None:
    screen = (ROOT / "README.md").read_text("utf-8").splitlines()[:24]
    assert max(map(len, screen)) <= 80
    text = "\n".join(screen)
    scenario = text.partition("```gherkin\n")[2].partition("```")[0]
    assert len(scenario.splitlines()) == 6
    shown = scenario.strip().splitlines()[0].strip()
    assert any(shown in path.read_text("utf-8") for path in (ROOT / "features").glob("*.feature"))
    for link in ("I read journeys", "I write scenarios", "I have a product to connect", "I run CI"):
        assert f"[{link}]" in text


def test_every_link_leads_somewhere() -> None:
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        targets = re.findall(r"\]\(([^)\s]+)\)|^\[\w+\]: (\S+)$", text, re.MULTILINE)
        headings = {
            re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        }
        for target in (one or two for one, two in targets):
            if target.startswith("#"):
                assert target[1:] in headings, f"{path.name}: {target}"
            elif not target.startswith("https://"):
                assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_reader_finds_what_is_looked_for() -> None:
    commands = [each.text for each in read(ROOT / "README.md") if isinstance(each, Command)]
    assert set(commands) >= ELSEWHERE
