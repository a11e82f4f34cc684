"""One run at work: it plays its script, saves how it ended, and then tells so."""

from __future__ import annotations

import asyncio
from typing import Final

from goldenpath.reference.conversations import Conversations
from goldenpath.reference.narration import Narration, RunContext
from goldenpath.reference.runs import Runs
from goldenpath.reference.scripts import Asked, Crash, Script, Step, Think, Together, ToolCall

CANCELLED: Final = "cancelled"
CRASHED: Final = "crashed"
INTERRUPTED: Final = "interrupted"
INTERNAL: Final = "internal"

_SLICE: Final = 0.01


class _Stopped(Exception):
    """The run is to go no further."""


class _GaveUp(Exception):
    """The script ends in a crash."""


class Work:
    """A run from its first event to its last; one task does it.

    Nothing cuts it within a step: it is stopped between them, so that what is stored, logged and published
    always agrees.
    """

    def __init__(
        self, run: RunContext, script: Script, narration: Narration, runs: Runs, conversations: Conversations
    ) -> None:
        self.run = run
        self.script = script
        self.narration = narration
        self._runs = runs
        self._conversations = conversations
        self._stop = asyncio.Event()
        self._halted = False
        self._settled = False
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> asyncio.Task[None]:
        """Have it done by a task of its own."""
        self._task = asyncio.create_task(self.do(), name=f"run {self.run.run_id}")
        return self._task

    async def wait(self, within: float | None = None) -> bool:
        """Wait until it has ended, for ``within`` seconds at most; whether it has."""
        if self._task is None:
            return False
        done, _ = await asyncio.wait({self._task}, timeout=within)
        return bool(done)

    def cancel(self) -> bool:
        """Stop it on its user's wish; False when its end is settled already."""
        if self._settled:
            return False
        self._settled = True
        self._stop.set()
        return True

    def halt(self) -> None:
        """Stop it without a word, as a crash of the service does."""
        self._halted = True
        self._stop.set()

    async def abort(self) -> None:
        """End it at once, wherever it is: for one that does not halt."""
        if self._task is not None:
            self._task.cancel()
            await self.wait()

    async def do(self) -> None:
        """Do all of it.

        Raises:
            Exception: What nobody expected; the run has ended with ``agent_failed``, code ``internal``.
        """
        try:
            answer = await self.play()
            await self.succeed(answer)
        except _Stopped:
            if not self._halted:
                await self.fail(CANCELLED, "The question was withdrawn.")
        except _GaveUp as reason:
            await self.fail(CRASHED, str(reason))
        except Exception as error:
            await self._fail_anyhow(error)
            raise

    async def play(self) -> str:
        """Play the script; gives the answer."""
        await self.narration.started()
        asked = await self.asked()
        for step in self.script.steps:
            self._go_on()
            await self._play(step, asked)
        self._go_on()
        # From here on a wish to stop comes too late.
        self._settled = True
        return self.script.answer_to(asked)

    async def asked(self) -> Asked:
        """What was asked, and what before it, where the script wants to know."""
        run = self.run
        if not self.script.looks_back:
            return Asked(run.prompt)
        return Asked(run.prompt, await self._conversations.asked_before(run.user_id, run.thread_id, run.run_id))

    async def succeed(self, answer: str) -> None:
        """Save the answer, then tell it."""
        await self.save(answer)
        await self.narration.completed(answer)

    async def save(self, answer: str) -> None:
        """Save the answer and that the run has ended."""
        await self._runs.completed(self.run, answer)

    async def fail(self, code: str, message: str) -> None:
        """Save that there is no answer, then tell why."""
        self._settled = True
        await self._runs.failed(self.run, code)
        await self.narration.failed(code, message)

    async def use(self, *calls: ToolCall) -> None:
        """Use tools, all at once, and see each to its end."""
        told = [await self.narration.tool_started(call.tool, dict(call.arguments)) for call in calls]
        passed = 0.0
        for place in Together(calls).by_completion():
            await self._take(calls[place].takes - passed)
            passed = calls[place].takes
            await self.tool_ended(told[place], calls[place])

    async def tool_ended(self, call_id: str, call: ToolCall) -> None:
        """A tool is done: tell with what."""
        await self.narration.tool_ended(call_id, result=call.result, error=call.error)

    async def _fail_anyhow(self, error: Exception) -> None:
        try:
            await self.fail(INTERNAL, "Something unforeseen happened.")
        except Exception as another:
            # What went wrong first says more: a lost service above all.
            error.add_note(f"and the end of the run could not be told: {another!r}")
            raise error from another

    async def _play(self, step: Step, asked: Asked) -> None:
        match step:
            case Think(text):
                await self.narration.thought(asked.fill(text))
            case Crash(message):
                raise _GaveUp(asked.fill(message))
            case Together(calls):
                await self.use(*(_filled(call, asked) for call in calls))
            case ToolCall():
                await self.use(_filled(step, asked))

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise _Stopped

    async def _take(self, seconds: float) -> None:
        """Let time pass, in small parts: while the loop stands still between two steps of a scenario, none does."""
        while seconds > 0:
            try:
                async with asyncio.timeout(min(_SLICE, seconds)):
                    await self._stop.wait()
            except TimeoutError:
                seconds = round(seconds - _SLICE, 6)
            else:
                break
        self._go_on()


def _filled(call: ToolCall, asked: Asked) -> ToolCall:
    arguments, result, error = asked.fill([call.arguments, call.result, call.error])
    return ToolCall(call.tool, arguments, result, error, call.takes)
