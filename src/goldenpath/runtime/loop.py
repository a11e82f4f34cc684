"""The one event loop of the process: it runs only while something is awaited, and stands still in between.

A scenario has one task and one context. What is asynchronous is fed to that task piece by piece; what is not
runs outside of the loop, in the same context. So a step may call ``asyncio.run`` or a blocking library, context
variables last from step to step, and whatever is raised in the main thread meanwhile (Ctrl-C, the signal of a
timeout plugin) cancels the piece at work and lets its ``finally`` blocks run.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Final, ParamSpec, TypeVar, cast

T = TypeVar("T")
P = ParamSpec("P")

GRACE: Final = 5.0
"""Seconds that ``finally`` blocks get after a cancellation."""

_TURNS: Final = 3
"""Of the loop, for what is ready at the end of a scenario: what failed at once is heard of two turns later."""

_owner: contextvars.ContextVar[ScenarioTask | None] = contextvars.ContextVar("goldenpath_owner", default=None)


class Loop:
    """The one loop of the process, made when it is first needed, in the thread that needs it (the main one)."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._outside: ScenarioTask | None = None
        self._strays: list[BaseException] = []

    def scenario(self, name: str) -> ScenarioTask:
        """A task and a context for one scenario; it sees the variables that were set outside of scenarios."""
        context = contextvars.copy_context()
        if self._outside is not None:
            self._outside.lend(context)
        return ScenarioTask(self, name, context)

    def run(self, awaitable: Awaitable[T]) -> T:
        """Run something that belongs to no scenario, all such in one task."""
        if self._outside is None:
            self._outside = ScenarioTask(self, "outside of scenarios", contextvars.copy_context())
        return self._outside.run(awaitable)

    def close(self) -> None:
        """Cancel what is left and close the loop; a closed or never used one stays as it is."""
        if self._loop is None:
            return
        if self._outside is not None:
            self._outside.close()
        left = asyncio.all_tasks(self._loop)
        self.cancel(left)
        loop, self._loop, self._outside = self._loop, None, None
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    def running(self) -> asyncio.AbstractEventLoop:
        """The loop, standing still.

        Raises:
            RuntimeError: It is at work (the caller is asynchronous itself), or belongs to another thread.
        """
        if self._loop is None:
            self._loop = self._make()
            self._thread = threading.get_ident()
        if self._thread != threading.get_ident():
            raise RuntimeError("a scenario awaits in the thread that runs it; this is another one")
        if asyncio._get_running_loop() is not None:  # noqa: SLF001  # in asyncio.events.__all__, for loops
            raise RuntimeError("this code runs on an event loop already: await the port itself, not its blocking face")
        return self._loop

    def cancel(self, tasks: set[asyncio.Task[Any]]) -> None:
        """Cancel tasks and let them end, within the grace; a task that does not is left behind."""
        if self._loop is None or not tasks:
            return
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.wait(tasks, timeout=GRACE))

    def turn(self) -> None:
        """Let what is ready run, such as a task that was made at the end of the last step and has not begun."""
        if self._loop is None or asyncio._get_running_loop() is not None:  # noqa: SLF001  # as in running()
            return
        for _ in range(_TURNS):
            self._loop.call_soon(self._loop.stop)
            self._loop.run_forever()

    def take_strays(self) -> list[BaseException]:
        """What the loop heard of exceptions that nobody awaited, since it was last asked."""
        strays, self._strays = self._strays, []
        return strays

    def _make(self) -> asyncio.AbstractEventLoop:
        # Not asyncio.new_event_loop: a policy of the suite may give a loop that is not asyncio's own.
        if sys.platform == "win32":
            loop: asyncio.AbstractEventLoop = asyncio.ProactorEventLoop()
        else:
            loop = asyncio.SelectorEventLoop()
        loop.set_task_factory(_make_task)
        loop.set_exception_handler(self._hear)
        return loop

    def _hear(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._strays.append(context.get("exception") or RuntimeError(context["message"]))


class ScenarioTask:
    """One task and one context variables context, to which a scenario's jobs are fed one by one."""

    def __init__(self, loop: Loop, name: str, context: contextvars.Context) -> None:
        self._loop = loop
        self._name = name
        self._context = _Context(context)
        self._context.run(_owner.set, self)
        self._task: asyncio.Task[None] | None = None
        self._next: asyncio.Future[_Job | None] | None = None
        self._children: set[asyncio.Task[Any]] = set()
        self._failed: list[asyncio.Task[Any]] = []

    def run(self, awaitable: Awaitable[T]) -> T:
        """Await it in the scenario's task; the loop runs until it is done.

        Whatever is raised in this thread meanwhile cancels it, gives its ``finally`` blocks a grace, and is
        raised again.

        Raises:
            RuntimeError: The caller is on a running loop, or in another thread than the loop's.
        """
        try:
            loop = self._loop.running()
            task, job_given = self._ready(loop)
        except BaseException:
            _discard(awaitable)
            raise
        job = _Job(awaitable)
        job_given.set_result(job)
        try:
            while not job.done:
                loop.run_forever()
        except BaseException:
            if not job.done:
                self._stop(loop, task, job)
            raise
        finally:
            job.discard()
        return cast("T", job.outcome())

    def call(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that is not asynchronous, in the scenario's context, with the loop standing still."""
        return self._context.run(func, *args, **kwargs)

    def close(self) -> tuple[BaseException, ...]:
        """End the scenario: cancel the tasks that it left; give the exceptions of its tasks that nobody saw."""
        left = {task for task in self._children if not task.done()}
        if self._task is not None and not self._task.done() and not self._rest(self._task):
            left.add(self._task)
        self._loop.cancel(left)
        self._task = self._next = None
        self._failed += self._children
        self._children.clear()
        return self.unseen()

    def unseen(self) -> tuple[BaseException, ...]:
        """The exceptions of the scenario's ended tasks that nobody saw so far; whoever asks has seen them."""
        if self._children:
            self._loop.turn()
        ended = [*self._failed, *(task for task in self._children if task.done())]
        self._failed.clear()
        exceptions = [cast("BaseException", task.exception()) for task in ended if _unseen(task)]
        return (*exceptions, *self._loop.take_strays())

    def _rest(self, task: asyncio.Task[None]) -> bool:
        """End the scenario's task if it waits for a job; whether it did."""
        if self._next is None or self._next.done():
            return False
        self._next.set_result(None)
        while not task.done():
            self._loop.running().run_forever()
        return True

    def lend(self, context: contextvars.Context) -> None:
        """Give a context the variables of this one that it lacks."""
        mine = self._context.variables()
        lacking = {variable: value for variable, value in mine.items() if variable not in context}
        for variable, value in lacking.items():
            context.run(variable.set, value)

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """Answer for a task that was made in this scenario's context."""
        self._children.add(task)
        task.add_done_callback(self._bury)

    def _bury(self, task: asyncio.Task[Any]) -> None:
        self._children.discard(task)
        if _unseen(task):
            self._failed.append(task)

    def _ready(self, loop: asyncio.AbstractEventLoop) -> tuple[asyncio.Task[None], asyncio.Future[_Job | None]]:
        """The scenario's task and the future for which it waits; both are made at the first job."""
        if self._task is None or self._next is None or self._task.done():
            self._next = loop.create_future()
            context = cast("contextvars.Context", self._context)
            # Made without the loop's factory: it is the scenario itself, none of its children.
            self._task = asyncio.Task(self._serve(loop, self._next), loop=loop, name=self._name, context=context)
        if self._next.done():
            raise RuntimeError(f"{self._name!r} awaits something else, or was interrupted and did not come to rest")
        return self._task, self._next

    async def _serve(self, loop: asyncio.AbstractEventLoop, job_given: asyncio.Future[_Job | None]) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        while (job := await job_given) is not None:
            await job.do()
            while task.cancelling():
                task.uncancel()
            job_given = self._next = loop.create_future()
            loop.stop()
        loop.stop()

    def _stop(self, loop: asyncio.AbstractEventLoop, task: asyncio.Task[None], job: _Job) -> None:
        """Cancel a job after something was raised around it, and wait for its ``finally`` blocks."""

        def ended(_: object) -> None:
            loop.stop()

        task.cancel()
        task.add_done_callback(ended)
        deadline = loop.call_later(GRACE, loop.stop)
        while not (job.done or task.done()) and loop.time() < deadline.when():
            loop.run_forever()
        deadline.cancel()
        task.remove_done_callback(ended)


class _Job:
    """Something to await, and what became of it."""

    __slots__ = ("_awaitable", "_error", "_result", "done")

    def __init__(self, awaitable: Awaitable[Any]) -> None:
        self._awaitable: Awaitable[Any] | None = awaitable
        self._result: Any = None
        self._error: BaseException | None = None
        self.done = False

    async def do(self) -> None:
        awaitable, self._awaitable = self._awaitable, None
        # Whatever ends the job, KeyboardInterrupt included, is the caller's: the scenario's task goes on.
        try:
            self._result = await cast("Awaitable[Any]", awaitable)
        except BaseException as error:  # noqa: BLE001
            self._error = error
        finally:
            self.done = True

    def discard(self) -> None:
        """Close what was never begun, so that nothing warns of it beside what is raised."""
        awaitable, self._awaitable = self._awaitable, None
        _discard(awaitable)

    def outcome(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result


class _Context:
    """A context that may be entered again while it is entered.

    A step that is not asynchronous runs in the scenario's context and may await a port through its blocking
    face: then the loop runs the scenario's task in the context in which the thread already is. asyncio asks
    no more of a context than ``run``.
    """

    __slots__ = ("_context", "_entered")

    def __init__(self, context: contextvars.Context) -> None:
        self._context = context
        self._entered = False

    def run(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._entered:
            return func(*args, **kwargs)
        self._entered = True
        try:
            return self._context.run(func, *args, **kwargs)
        finally:
            self._entered = False

    def variables(self) -> dict[contextvars.ContextVar[Any], Any]:
        return dict(self._context.items())


def _make_task(
    loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any] | Generator[Any, None, Any], **options: Any
) -> asyncio.Task[Any]:
    """The loop's task factory: a task belongs to the scenario in whose context it is made."""
    task = asyncio.Task(coro, loop=loop, **options)
    context = options.get("context")
    owner = context.get(_owner) if context is not None else _owner.get()
    if owner is not None:
        owner.adopt(task)
    return task


def _unseen(task: asyncio.Task[Any]) -> bool:
    """Whether a task ended with an exception that nobody asked for; asking it outright would count as seeing."""
    return bool(getattr(task, "_log_traceback", False))


def _discard(awaitable: object) -> None:
    """Close a coroutine that will not run."""
    if isinstance(awaitable, Coroutine):
        awaitable.close()
