"""Processes of ours: started so that they die with whoever started them, watched, and ended."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from goldenpath.stack.waiting import until

FORKS: Final = sys.platform == "linux"
"""Whether a process may be copied: elsewhere that is not there, or not safe once the system's libraries were used."""

KILL: Final = getattr(signal, "SIGKILL", signal.SIGTERM)
"""The end that no process can refuse; Windows knows one kind of end only."""

_SET_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG of prctl(2)
_LIBC: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Child:
    """One process.

    Attributes:
        pid: Its id.
        log: Where it writes what it has to say.
        ended: Its exit status when it has ended, negative for a signal; None while it runs.
    """

    pid: int
    log: Path
    ended: Callable[[], int | None]

    def send(self, number: int) -> None:
        """Send a signal, unless it has ended: its id may be another's then."""
        if self.ended() is None:
            os.kill(self.pid, number)

    def end(self, number: int, within: float) -> None:
        """Ask it to end by a signal; what has not ended in time is killed."""
        self.send(number)
        if until(self.ended, within) is None:
            self.send(KILL)
            until(self.ended, within)

    def fate(self) -> str:
        """How it ended, in words; ``running`` while it has not."""
        status = self.ended()
        if status is None:
            return "running"
        return f"killed by signal {-status}" if status < 0 else f"ended with status {status}"


def run(
    command: Sequence[str | Path],
    log: Path,
    *,
    enter: Callable[[], None] | None = None,
    stdin: str = "",
    death: int = KILL,
) -> Child:
    """Start a program that dies with this process (Linux: also when this process is killed).

    To be called in the main thread: the system takes the end of the thread for the end of the parent.

    Args:
        command: The program and its arguments; no secrets, which anybody on the machine could read.
        log: Where its output goes, behind what is there.
        enter: What the new process does before it becomes the program.
        stdin: What it reads; at most what a pipe holds, 64 KiB.
        death: The signal that it gets when this process ends; one by which it cleans up behind itself.
    """
    parent = os.getpid()

    def before() -> None:
        if enter is not None:
            enter()
        die_with(parent, death)

    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=None if sys.platform == "win32" else before,
        )
    assert process.stdin is not None
    try:
        with process.stdin as pipe:
            pipe.write(stdin.encode())
    except BrokenPipeError:
        pass  # it has ended, and its log says why
    return Child(process.pid, log, process.poll)


def fork(work: Callable[[], int], log: Path) -> Child:
    """Do ``work`` in a copy of this process, which ends with the status that it gives; what it prints goes to ``log``.

    What was imported here is imported there, which is what makes it quick.
    """
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _be_child(work, log, parent)
    return Child(pid, log, _Reaped(pid))


def _be_child(work: Callable[[], int], log: Path, parent: int) -> None:
    status = 1
    try:
        die_with(parent)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        status = work()
    except BaseException:  # noqa: BLE001 - whatever it was, a copy must not go on as its original
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


class _Reaped:
    """The exit status of a forked process, which can be had from the system once only."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._status: int | None = None

    def __call__(self) -> int | None:
        if self._status is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status


def die_with(parent: int, death: int = KILL) -> None:
    """Have the system signal this process when its parent ends; nothing where the system cannot (macOS, Windows)."""
    if _LIBC is None:
        return
    _LIBC.prctl(_SET_DEATH_SIGNAL, int(death), 0, 0, 0)
    if os.getppid() != parent:  # it ended before we had asked
        os._exit(1)
