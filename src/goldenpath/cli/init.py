"""Begin a Golden Path in this folder: settings, the promises that hold for your product, sentences, and CI.

Looks at what is there (compose file, environment files, OpenAPI, how servers start), asks what it cannot know, writes
files that are not there yet, and runs them on stand-ins.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from goldenpath.cli.layout import table
from goldenpath.config.file import OWN_FILE, read
from goldenpath.domain.errors import UsageError
from goldenpath.domain.values import SERVICES

if TYPE_CHECKING:
    from goldenpath.authoring.scaffold.looking import Found
    from goldenpath.authoring.scaffold.project import Promise

HELP: Final = "begin a Golden Path in this folder"

_EXAMPLES: Final = """\
examples:
  goldenpath init                                   look, ask, write, rehearse
  goldenpath init --yes                             the same without questions
  goldenpath init --services auth,agents,database --promises signing_in,saved
  goldenpath init --url auth=http://localhost:8001 --ci github

Nothing that is there is written over.
"""
_SAID: Final = {
    "auth": "people sign in",
    "events": "they watch the work as it goes on (WebSocket, SSE)",
    "agents": "an assistant works for them",
    "database": "PostgreSQL, where everything is saved",
    "cache": "Redis or Valkey, where things are kept at hand",
}
_CI: Final = ("github", "gitlab", "none")
_REHEARSAL_SECONDS: Final = 300
_TOLD: Final = re.compile(r"^\d+ scenarios? .*(rehearsed|verified).*$", re.MULTILINE)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES
    parser.add_argument("--services", metavar="NAMES", help=f"which of {', '.join(SERVICES)} there are")
    parser.add_argument("--promises", metavar="NAMES", help="which features hold, or all; they become yours")
    parser.add_argument("--url", metavar="NAME=URL", action="append", default=[], help="where a service runs already")
    parser.add_argument(
        "--command",
        dest="commands",
        metavar="NAME=COMMAND",
        action="append",
        default=[],
        help="how a service is started; {port} is its port",
    )
    parser.add_argument("--ci", choices=_CI, help="write a job for it")
    parser.add_argument("--yes", action="store_true", help="ask nothing, and take what was seen")


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Write the beginning of a project and rehearse it.

    Returns:
        pytest's exit status of the rehearsal.

    Raises:
        UsageError: A project is here already, or what was asked for cannot be.
    """
    from goldenpath.authoring.scaffold.looking import look
    from goldenpath.authoring.scaffold.project import Project, promises
    from goldenpath.authoring.scaffold.writing import write

    root = Path.cwd()
    _refuse_second(root)
    found = look(root)
    ask = _Asking(out, silent=args.yes or not sys.stdin.isatty())
    urls, commands = _pairs(args.url, "--url"), _pairs(args.commands, "--command")
    services = _services(args.services, found, [*urls, *commands], ask)
    chosen = _promises(args.promises, [each for each in promises() if each.holds_with(services)], ask)
    ci = args.ci or ask.choice("Whose CI shall run it?", _CI, _seen_ci(root))
    project = Project(services, chosen, urls, commands, "" if ci == "none" else ci, found)
    out.writelines(f"  wrote {each}\n" for each in write(root, project.texts(root)))
    out.writelines(f"{line}\n" for line in _how_to_connect(project.services, found, [*urls, *commands]))
    out.write("\nRehearsing on stand-ins ...\n")
    out.flush()
    return _rehearse(root, out)


class _Asking:
    """Questions to a person, each with an answer that counts where nobody answers."""

    def __init__(self, out: TextIO, *, silent: bool) -> None:
        self._out = out
        self._silent = silent

    def yes(self, question: str, otherwise: bool) -> bool:
        """Whether the answer is yes."""
        said = self._ask(f"{question} [{'Y/n' if otherwise else 'y/N'}] ").lower()
        return otherwise if said not in {"y", "yes", "n", "no"} else said.startswith("y")

    def choice(self, question: str, words: Sequence[str], otherwise: str) -> str:
        """One of a few words."""
        said = self._ask(f"{question} {', '.join(words)} [{otherwise}] ").lower()
        return said if said in words else otherwise

    def _ask(self, question: str) -> str:
        if self._silent:
            return ""
        self._out.write(question)
        self._out.flush()
        return sys.stdin.readline().strip()


def _refuse_second(root: Path) -> None:
    if (path := read(root).path) is not None:
        raise UsageError(
            "there is a Golden Path here already",
            where=path.name,
            try_next="goldenpath new service | feature | adapter",
        )
    if (root / OWN_FILE).exists():
        raise UsageError("there is a Golden Path here already", where=OWN_FILE, try_next="edit it, or move it away")


def _pairs(said: Iterable[str], flag: str) -> dict[str, str]:
    pairs = {}
    for each in said:
        name, sign, value = each.partition("=")
        if not (name and sign and value) or name not in SERVICES:
            raise UsageError(
                f"expected SERVICE=..., got {each!r}",
                where=flag,
                try_next=f"{flag} auth=...; one of {', '.join(SERVICES)}",
            )
        pairs[name] = value
    return pairs


def _services(said: str | None, found: Found, named: Collection[str], ask: _Asking) -> tuple[str, ...]:
    if said is not None:
        return _known(said, SERVICES, "--services")
    seen = {*found.reasons, *named}
    chosen = []
    for each in SERVICES:
        where = found.reasons.get(each)
        question = f"Does your product have {each}: {_SAID[each]}?" + (f" (seen in {where})" if where else "")
        if ask.yes(question, each in seen or not seen):
            chosen.append(each)
    if not chosen:
        raise UsageError("a Golden Path needs a service", where="init", try_next="--services auth,agents")
    return tuple(chosen)


def _promises(said: str | None, holding: Sequence[Promise], ask: _Asking) -> tuple[str, ...]:
    names = [each.name for each in holding]
    if said is not None:
        return tuple(names) if said == "all" else _known(said, names, "--promises")
    return tuple(each.name for each in holding if ask.yes(f"Does it promise: {each.title}?", True))


def _known(said: str, known: Sequence[str], flag: str) -> tuple[str, ...]:
    names = [each.strip() for each in said.split(",") if each.strip()]
    for name in names:
        if name not in known:
            raise UsageError(f"there is no {name!r}", where=flag, try_next=f"some of: {', '.join(known)}")
    if not names:
        raise UsageError("no name was given", where=flag, try_next=f"some of: {', '.join(known)}")
    return tuple(each for each in known if each in names)


def _seen_ci(root: Path) -> str:
    if (root / ".gitlab-ci.yml").exists():
        return "gitlab"
    return "github" if (root / ".github").is_dir() else "none"


def _how_to_connect(services: Sequence[str], found: Found, named: Collection[str]) -> Iterable[str]:
    """What connects one service of the product's, for each that nobody has named an address of."""
    waiting = [each for each in services if each not in named]
    if not waiting:
        return
    yield ""
    yield f"To connect one of your services, name where it is in {OWN_FILE}, or for one run:"
    rows = [(f"  {each}", f"GOLDENPATH_{each.upper()}_URL={found.addresses.get(each, '...')}") for each in waiting]
    yield from table(rows)


def _rehearse(root: Path, out: TextIO) -> int:
    """Run the features on stand-ins; the last line says how that went."""
    command = [sys.executable, "-m", "pytest", "features/", "--mode", "mock", "-q", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=root, capture_output=True, text=True, timeout=_REHEARSAL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"the rehearsal took more than {_REHEARSAL_SECONDS} s",
            where="init",
            try_next="pytest features/ --mode mock",
        ) from None
    told = _TOLD.findall(done.stdout)
    line = _TOLD.search(done.stdout)
    if done.returncode or not told or line is None:
        out.write(done.stdout + done.stderr)
        return done.returncode or 1
    out.write(f"{line[0]}\n")
    return 0
