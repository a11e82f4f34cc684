"""Running a command in the place of this process: its streams, its signals and its exit status."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Final

from goldenpath.domain.errors import UsageError
from goldenpath.stack.children import die_with

NOT_FOUND: Final = 127
NOT_RUNNABLE: Final = 126
_BY_SIGNAL: Final = 128
_TICK: Final = 0.5
_FORWARDED: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)
)


def run_in_foreground(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command with our streams, and hand on the signals that were sent to us alone.

    On Linux the command dies with this process, also when that is killed.

    Returns:
        Its exit status; 128 and the number of the signal that ended it; 127 where there is no such command and 126
        where it is none, as a shell has it.
    """
    try:
        return _awaited(command, environ) if hasattr(signal, "sigtimedwait") else _handled(command, environ)
    except FileNotFoundError:
        sys.stderr.write(f"goldenpath: there is no command {command[0]!r}\n")
        return NOT_FOUND
    except (PermissionError, OSError) as error:
        sys.stderr.write(f"goldenpath: {command[0]!r} cannot be run: {error.strerror}\n")
        return NOT_RUNNABLE


def run_first(command: Sequence[str], environ: Mapping[str, str], within: float) -> None:
    """Run a command that prepares; what it prints goes to stderr, since stdout is the other command's.

    Raises:
        UsageError: It cannot be run, takes too long, or ends with a status other than 0.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command
            command, env=dict(environ), stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=within, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"{command[0]!r} was to prepare: {error}", where="exec.prepare") from None
    if done.returncode:
        raise UsageError(f"{command[0]!r} was to prepare, and ended with {done.returncode}", where="exec.prepare")


def _awaited(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Signals are taken one by one, with who sent them: what the terminal sends, the command gets by itself."""
    parent = os.getpid()
    waited = {*_FORWARDED, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    # The mask is this thread's: what another one takes comes by way of Python's own handlers.
    astray: list[int] = []
    handlers = {number: signal.signal(number, lambda taken, _: astray.append(taken)) for number in _FORWARDED}

    def begin() -> None:
        die_with(parent)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    try:
        process = subprocess.Popen(command, env=dict(environ), preexec_fn=begin)  # noqa: S603
        while process.poll() is None:
            heard = signal.sigtimedwait(waited, _TICK)
            if heard is not None and heard.si_signo != signal.SIGCHLD and heard.si_code <= 0:
                process.send_signal(heard.si_signo)
            while astray:
                process.send_signal(astray.pop(0))
        return _status(process.returncode)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _handled(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Where it cannot be told who sent a signal, Ctrl-C of a terminal is left to the command."""
    process = subprocess.Popen(command, env=dict(environ))  # noqa: S603

    def forward(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT or not sys.stdin.isatty():
            process.send_signal(number)

    before = {number: signal.signal(number, forward) for number in _FORWARDED}
    try:
        return _status(process.wait())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _status(returncode: int) -> int:
    return returncode if returncode >= 0 else _BY_SIGNAL - returncode
