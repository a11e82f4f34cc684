"""Looking at all candidates at once, under one deadline that no probe can break.

Each probe runs on a loop of its own, in a thread of its own that nobody waits for at the end of the process: one that
blocks, or holds on to its cancellation, keeps neither the others nor us waiting.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import inspect
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from goldenpath.domain.values import Availability
from goldenpath.resolution.deadline import DEADLINE as ONE_DEADLINE
from goldenpath.resolution.registry import Candidate

T = TypeVar("T")

DEADLINE: Final = 2.0
"""Seconds in which every probe must have answered."""

IN_TIME: Final = 0.75
"""The part of the deadline that one of our own probes takes at most: so it can still say what it met."""

GRACE: Final = 0.05
"""Seconds that probes get to end after they were cancelled; nobody waits longer for them."""

SETTINGS: Final = "settings"
"""A probe that has a parameter of this name is given its service's table of the settings."""


async def probe(candidates: Iterable[Candidate], deadline: float = DEADLINE) -> Mapping[str, Availability]:
    """What each candidate's probe saw, by the candidate's name.

    A probe that raises, answers something else or does not answer in time makes its candidate unavailable, with
    that as its reason; none of them keeps the others waiting.

    Args:
        candidates: What to look at.
        deadline: Seconds in which every probe must have answered.
    """
    looks = {each.name: _Look(each, deadline) for each in candidates}
    if not looks:
        return {}
    await asyncio.wait([look.answer for look in looks.values()], timeout=deadline)
    found = {name: look.seen(deadline) for name, look in looks.items()}
    if late := [look.ended for look in looks.values() if look.stop()]:
        # What obeys has closed its sockets by then; what does not is left to its thread.
        await asyncio.wait(late, timeout=GRACE)
    return found


class _Look:
    """One probe at work in its thread.

    Attributes:
        answer: What it saw.
        ended: Done when the probe has ended, however it did.
    """

    def __init__(self, candidate: Candidate, deadline: float) -> None:
        caller = asyncio.get_running_loop()
        self.answer: asyncio.Future[Availability] = caller.create_future()
        self.ended: asyncio.Future[None] = caller.create_future()
        self._caller = caller
        self._candidate = candidate
        self._loop = _OwnLoop()
        self._task: asyncio.Task[Availability] | None = None
        context = contextvars.copy_context()
        context.run(ONE_DEADLINE.set, deadline * IN_TIME)
        _daemon(lambda: context.run(self._run), f"probe of {candidate.name}")

    def seen(self, deadline: float) -> Availability:
        """What it saw, or that it has not answered."""
        if self.answer.done():
            return self.answer.result()
        return Availability(False, f"no answer within {deadline:g} s", seconds=deadline)

    def stop(self) -> bool:
        """Cancel it; whether it was still at work."""
        if self.answer.done():
            return False
        with contextlib.suppress(RuntimeError):  # it ended this very moment
            self._loop.call_soon_threadsafe(lambda: self._task.cancel() if self._task else None)
        return True

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                seen = runner.run(self._watched())
                # Before the runner closes: what the probe has left behind may take its time to end.
                self._tell(self.answer, seen)
        except BaseException as error:  # noqa: BLE001  # an adapter is anybody's code
            self._tell(self.answer, Availability(False, f"its probe failed: {_told(error)}"))
        self._tell(self.ended, None)

    async def _watched(self) -> Availability:
        self._task = asyncio.current_task()
        return await _look(self._candidate)

    def _tell(self, future: asyncio.Future[T], value: T) -> None:
        def settle() -> None:
            if not future.done():
                future.set_result(value)

        with contextlib.suppress(RuntimeError):  # the caller has gone
            self._caller.call_soon_threadsafe(settle)


async def _look(candidate: Candidate) -> Availability:
    begun = time.perf_counter()
    try:
        look: Callable[..., Any] = candidate.adapter.probe
        wants = SETTINGS in inspect.signature(look).parameters
        seen: object = await (look(settings=candidate.settings) if wants else look())
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001  # an adapter is anybody's code
        return Availability(False, f"its probe failed: {_told(error)}", seconds=_since(begun))
    if not isinstance(seen, Availability):
        return Availability(False, f"its probe gave {seen!r}, no Availability", seconds=_since(begun))
    # What a service says of itself is anybody's text, and is shown in terminals.
    seconds = seen.seconds or _since(begun)
    return replace(seen, reason=printable(seen.reason), version=printable(seen.version), seconds=seconds)


def printable(text: str) -> str:
    """A text without what a terminal would act upon: control characters become blanks, line ends apart."""
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _since(begun: float) -> float:
    return time.perf_counter() - begun


def _daemon(work: Callable[[], object], name: str) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


class _DaemonThreads:
    """What a loop hands to other threads, name look-ups among it, in threads that the process does not wait for."""

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        assert isinstance(self, asyncio.AbstractEventLoop)
        if executor is not None:
            return asyncio.wrap_future(executor.submit(func, *args), loop=self)
        answer: concurrent.futures.Future[Any] = concurrent.futures.Future()

        def run() -> None:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                answer.set_result(func(*args))
            except BaseException as error:  # noqa: BLE001  # it is told to whoever waits for it
                answer.set_exception(error)

        _daemon(run, "what a probe waits for")
        return asyncio.wrap_future(answer, loop=self)


if sys.platform == "win32":

    class _OwnLoop(_DaemonThreads, asyncio.ProactorEventLoop):  # type: ignore[misc]
        """A loop for one probe."""

else:

    class _OwnLoop(_DaemonThreads, asyncio.SelectorEventLoop):  # type: ignore[misc]  # any function is taken
        """A loop for one probe; not asyncio.new_event_loop's: a policy of the suite may give anything."""
