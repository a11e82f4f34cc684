"""Run a command that wants addresses: what is missing is started, and ends with the command."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn, TextIO

from goldenpath.cli.adopt import offer
from goldenpath.cli.foreground import run_first, run_in_foreground
from goldenpath.cli.lending import ORDER, Lent, address_variables, lend
from goldenpath.config import MODES, Settings, load
from goldenpath.domain.errors import UsageError
from goldenpath.stack.locks import FileLock

HELP: Final = "run a command that wants addresses, and start what is missing"

PREPARE_SECONDS: Final = 300
_BY_SIGNAL: Final = 128

_EPILOG: Final = """\
COMMAND gets the addresses as DATABASE_URL, POSTGRES_HOST, PGHOST, REDIS_URL, AUTH_SERVICE_URL, WEBSOCKET_URL
and their like; TEST_USER_EMAIL and TEST_USER_PASSWORD are an account of the reference platform. [exec] in the
settings names others, and what is run before (prepare). A variable that is set already stays, and nothing is
started for it. The exit status is that of COMMAND.

examples:
  goldenpath exec -- pytest tests/integration
  goldenpath exec --only database,cache -- pytest tests/integration
  goldenpath exec --standard-ports -- pytest tests/legacy    tests that have localhost:5432 written in them
  goldenpath exec -- sh -c 'echo $DATABASE_URL'
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("--mode", choices=MODES, help="what answers; see: goldenpath settings")
    parser.add_argument(
        "--service", action="append", default=[], metavar="NAME=TIER", help="the tier of one service; none for none"
    )
    parser.add_argument("--only", metavar="NAME,NAME", help="start only these, and what they need")
    parser.add_argument("--override", action="store_true", help="give our addresses also where yours are set")
    parser.add_argument("--standard-ports", action="store_true", help="listen on 5432 and 6379 too, when they are free")
    parser.add_argument("--quiet", "-q", action="store_true", help="say nothing of our own")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="the command and its arguments")


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Run the command; gives its exit status.

    Raises:
        UsageError: There is no command, or what was asked for cannot be had.
        ServiceUnavailable: Something does not start.
    """
    command = args.words[1:] if args.words[:1] == ["--"] else args.words
    if not command:
        raise UsageError("there is no command", where="exec", try_next="goldenpath exec -- pytest tests/")
    settings = load(Path.cwd(), {"mode": args.mode, "services": args.service}, os.environ)
    wanted, logins = _wanted(args.only, command, bool(settings.exec.prepare or settings.exec.env))
    with _ended_by_signals(), _folder() as (folder, owner):
        lent = lend(folder, owner, settings, wanted, {} if args.override else os.environ)
        if args.standard_ports:
            lent.on_standard_ports(logins)
        environ = _environ(lent, settings, args.override)
        if not wanted and args.only is None:
            lent.told.append("these tests need no service, and import nothing that may: nothing is started")
        if not args.quiet:
            sys.stderr.writelines(f"goldenpath: {line}\n" for line in lent.told)
            sys.stderr.flush()
        for each in _prepare(settings):
            run_first(each, environ, PREPARE_SECONDS)
        out.flush()
        return run_in_foreground(command, environ)


def _is_of_tests(path: Path) -> bool:
    """Whether a word of the command names a folder or a module; a word may be anything, and no path at all."""
    try:
        return path.is_dir() or (path.suffix == ".py" and path.is_file())
    except (OSError, ValueError):
        return False


def _wanted(only: str | None, command: Sequence[str], is_asked: bool) -> tuple[list[str], frozenset[str]]:
    """The services to start, and the users of databases that the tests of the command name.

    The command's own test files tell which servers of the platform they want. Of the product's code they tell nothing:
    it may want the database and the cache whatever its tests say, unless they use nobody's code.

    Args:
        only: The services that were named.
        command: The command and its arguments.
        is_asked: Whether the settings have something that wants the database, whatever the tests want.
    """
    paths = [Path(word.partition("::")[0]) for word in command[1:] if not word.startswith("-")]
    paths = [each for each in paths if _is_of_tests(each)]
    named = [each.strip() for each in only.split(",") if each.strip()] if only is not None else None
    for each in named or ():
        if each not in ORDER:
            raise UsageError(f"there is no service {each!r}", where="--only", try_next=f"any of: {','.join(ORDER)}")
    if not paths:
        return named or [*ORDER], frozenset()
    from goldenpath.authoring.adoption import survey

    found = survey(paths, offer())
    if found.is_alone and named is None and not is_asked:
        return [], found.logins
    return named or [*ORDER[:2], *(each for each in ORDER[2:] if each in found.services)], found.logins


def _environ(lent: Lent, settings: Settings, override: bool) -> dict[str, str]:
    """The command's variables. What is set by the user stays, unless its address is ours."""
    environ = {**os.environ, "PATH": _path()}
    given = lent.variables()
    ours = address_variables(lent.started)
    environ |= {name: value for name, value in given.items() if override or name in ours or name not in os.environ}
    named = _Known({**given, **lent.places()})
    for name, source in settings.exec.env.items():
        if override or name not in os.environ:
            environ[name] = named.filled(name, source)
    return environ


def _path() -> str:
    """Where commands are found. In an environment that is not activated, its own commands come first."""
    own, others = str(Path(sys.executable).parent), os.environ.get("PATH", "")
    is_first = sys.prefix != sys.base_prefix and "VIRTUAL_ENV" not in os.environ
    return os.pathsep.join([own, others] if is_first else [others, own])


class _Known(dict[str, object]):
    """What a text of the settings may name: variables of ours, and services with their addresses."""

    def filled(self, name: str, source: str) -> str:
        try:
            return str(self[source]) if source in self else source.format_map(self)
        except (KeyError, AttributeError, ValueError, IndexError) as error:
            raise UsageError(
                f"{source!r} names what is not there ({error})",
                where=f"exec.env.{name}",
                try_next='"DATABASE_URL" or "{database.url}"',
            ) from None


def _prepare(settings: Settings) -> Iterator[list[str]]:
    written = settings.exec.prepare
    for each in [written] if isinstance(written, str) else written:
        if each.strip():
            yield shlex.split(each)


@contextmanager
def _folder() -> Iterator[tuple[Path, Path]]:
    """A folder for the keeper, and the file that we hold locked for as long as we want it.

    The keeper removes its own log at its end, and nothing else is in the folder: where locks leave files readable,
    the log is the file that is locked, so that nothing stays when we are killed.
    """
    from goldenpath.stack.client import Keeper
    from goldenpath.stack.folder import KeeperFolder

    folder = Path(tempfile.mkdtemp(prefix="goldenpath-exec-"))
    owner = folder / "owner.lock" if sys.platform == "win32" else KeeperFolder(folder).log
    owner.touch(0o600)
    lock = FileLock(owner)
    lock.acquire()
    try:
        yield folder, owner
    finally:
        if (keeper := Keeper.there(folder)) is not None:
            keeper.stop()
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """While there is no command yet, SIGTERM ends us as Ctrl-C does: what was started is ended first."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(_BY_SIGNAL + number)

    names = [name for name in ("SIGTERM", "SIGHUP", "SIGINT") if hasattr(signal, name)]
    before: Mapping[int, object] = {getattr(signal, name): signal.signal(getattr(signal, name), end) for name in names}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what was there before
