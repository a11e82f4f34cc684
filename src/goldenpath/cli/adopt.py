"""What test files need, what would run now, and which tests can never fail. Nothing is imported or run."""

from __future__ import annotations

import argparse
import json
import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TextIO

from goldenpath.authoring.adoption import FileReport, Kind, Needs, Offer, Runs, Survey, survey
from goldenpath.cli.layout import WIDTH, counted, wrapped
from goldenpath.config.settings import load
from goldenpath.domain.errors import UsageError
from goldenpath.domain.values import SERVICES

HELP: Final = "what test files need, and which of their tests can never fail"

HOLLOW: Final = 1
"""The exit status with ``--check`` when a test can never fail, or a file could not be read."""

ACCOUNT: Final = ("TEST_USER_EMAIL", "TEST_USER_PASSWORD")
"""The variables of somebody who can sign in at the reference platform."""

_ONE: Final = {
    Runs.ALONE: "needs no service",
    Runs.EXEC: "runs with goldenpath exec",
    Runs.STANDARD: "runs with goldenpath exec --standard-ports",
    Runs.SETTINGS: "needs addresses that no service of ours has",
    Runs.DOCKER: "needs Docker",
    Runs.UNREAD: "could not be read",
}
"""How the summary calls one file of a kind."""

_TIMES: Final = 50
"""In how many steps progress is told."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file or a folder")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--summary", action="store_true", help="only the counts")
    parser.add_argument("--check", action="store_true", help="end with 1 when a test can never fail")


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Print what was found.

    Raises:
        UsageError: A path does not exist; or there is nothing to check.
    """
    for path in args.paths:
        if not os.path.lexists(path):
            raise UsageError(f"there is no {path}", where="adopt", try_next="goldenpath adopt tests/")
    found = survey(args.paths, offer(), _progress(sys.stderr))
    if args.check and not found.files:
        raise UsageError(f"there is no test in {' '.join(map(str, args.paths))}", where="adopt --check")
    if args.json:
        json.dump(_as_json(found), out, indent=2)
        out.write("\n")
    else:
        out.writelines(f"{line}\n" for line in _told(found, args.summary))
    is_hollow = any(each.findings or each.problem for each in found.files)
    return HOLLOW if args.check and is_hollow else 0


def offer() -> Offer:
    """The variables that ``goldenpath exec`` gives, those of the settings included."""
    from goldenpath.stack.environment import environment

    url = {"database": "postgresql://u:p@127.0.0.1:1/d", "cache": "redis://127.0.0.1:1/0"}
    given = {
        name: service
        for service in SERVICES
        for name in environment({service: {"url": url.get(service, "http://127.0.0.1:1")}})
    }
    given |= dict.fromkeys(ACCOUNT, "auth")
    for name, source in load(Path.cwd(), {}, os.environ).exec.env.items():
        given[name] = next((service for each, service in given.items() if each in source), "")
    return Offer(given, frozenset(os.environ))


def _progress(err: TextIO) -> Callable[[int, int], None]:
    """Tells on a terminal how far it is, and takes that away at the end."""

    def told(done: int, of: int) -> None:
        if err.isatty() and (done == of or done % max(1, of // _TIMES) == 0):
            err.write("\r\x1b[K" if done == of else f"\rread {done:,} of {of:,} files")
            err.flush()

    return told


def _told(found: Survey, is_short: bool) -> Iterator[str]:
    for file in () if is_short else found.files:
        yield from _file(file)
    yield from _summary(found)


def _file(file: FileReport) -> Iterator[str]:
    if file.problem:
        yield textwrap.shorten(f"{_clean(file.path)}: not read: {_clean(file.problem)}", WIDTH, placeholder="...")
        return
    yield _clean(file.path)
    yield from wrapped(", ".join(_runs(file)), "    ")
    for each in file.findings:
        number = f" ({each.tests} tests)" if each.tests > 1 else ""
        words = f"{_clean(each.test)}{number}: {each.kind}"
        yield from _broken(f"{words} ({_clean(each.why)})" if each.why else words, f"  {each.line:>5}  ")


def _broken(text: str, first: str) -> list[str]:
    return [line[:WIDTH] for line in wrapped(text, first)]


def _clean(text: str) -> str:
    """A text of others on one line, without what would move the cursor."""
    return "".join(each if each.isprintable() else "?" for each in text.encode("utf-8", "replace").decode())


def _runs(file: FileReport) -> Iterator[str]:
    """What one file takes, in words."""
    singular = {
        **_ONE,
        Runs.SETTINGS: "; ".join(_missing(file)),
        Runs.DOCKER: f"needs Docker: {' '.join(sorted(file.needs.docker))}",
    }
    yield singular[file.runs]
    needs = file.needs
    if variables := needs.variables | needs.required:
        yield f"reads {_listed(variables)}"
    if needs.fixed:
        yield f"written in it {_listed(needs.fixed)}"
    if needs.drivers:
        yield f"by {_listed(needs.drivers)}"
    if needs.fixtures:
        yield f"our {_listed(needs.fixtures)}"


def _missing(file: FileReport) -> Iterator[str]:
    """What it needs and does not get: that others should give it, or that it asks another machine."""
    if nobody := [each for each in file.missing if each not in file.elsewhere]:
        yield f"needs what we do not give: {' '.join(map(_clean, nobody))}"
    if file.elsewhere:
        yield f"asks another machine: {' '.join(map(_clean, file.elsewhere))}"


def _listed(names: Iterable[str]) -> str:
    return " ".join(_clean(each) for each in sorted(names))


def _summary(found: Survey) -> Iterator[str]:
    yield f"{counted(len(found.files), 'test file')}, {counted(found.tests, 'test')}"
    for runs, count in found.runs().items():
        if count:
            yield f"  {count:>6,}  {_ONE[runs] if count == 1 else runs}"
    kinds = {kind: count for kind, count in found.kinds().items() if count}
    if kinds:
        yield f"{counted(sum(kinds.values()), 'test')} can never fail"
        for kind, count in sorted(kinds.items(), key=lambda each: -each[1]):
            yield f"  {count:>6,}  {kind}"


def _as_json(found: Survey) -> dict[str, Any]:
    return {
        "files": [_file_as_json(each) for each in found.files],
        "services": sorted(found.services),
        "summary": {
            "files": len(found.files),
            "tests": found.tests,
            "runs": {runs.name.lower(): count for runs, count in found.runs().items()},
            "never_fail": {kind.name.lower(): count for kind, count in found.kinds().items()},
        },
    }


def _file_as_json(file: FileReport) -> dict[str, Any]:
    return {
        "path": _clean(file.path),
        "runs": file.runs.name.lower(),
        "tests": file.tests,
        "problem": file.problem,
        "missing": list(file.missing),
        "elsewhere": list(file.elsewhere),
        "needs": {name: sorted(values) for name, values in _fields(file.needs)},
        "never_fail": [
            {
                "line": each.line,
                "test": each.test,
                "kind": Kind(each.kind).name.lower(),
                "why": each.why,
                "tests": each.tests,
            }
            for each in file.findings
        ],
    }


def _fields(needs: Needs) -> Iterable[tuple[str, frozenset[str]]]:
    return ((name, values) for name, values in asdict(needs).items() if name != "logins")
