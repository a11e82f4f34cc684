"""Promises of the assistant that can be broken.

Those about what it tells are in ``story``, those about conversations and their lists in ``conversations``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from goldenpath.ports.database import MessageRow, ThreadRow

# Both register theirs.
from goldenpath.reference.faults import conversations as conversations
from goldenpath.reference.faults import fault
from goldenpath.reference.faults import story as story
from goldenpath.reference.runs import COMPLETED, FAILED


async def _nothing(*_: Any) -> None:
    """What is done instead of what was promised."""


class _Instead:
    """An object of which some operations are others."""

    def __init__(self, inner: Any, **instead: Any) -> None:
        self._inner = inner
        self.__dict__.update(instead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


# What is saved


@fault("answer-is-not-saved", "agents", "The answer that was read is not saved")
def _(assistant: Any) -> None:
    async def completed(run: Any, answer: str) -> None:
        now = assistant.clock.now()
        await assistant.runs.store.finish_run(run.run_id, status=COMPLETED, error=None, finished_at=now, answer=None)
        await assistant.conversations.changed(run.thread_id)

    assistant.runs.completed = completed


@fault("answer-is-saved-late", "agents", "The answer is told before it is saved")
def _(assistant: Any) -> None:
    make = assistant.work

    def work(run: Any) -> Any:
        made = make(run)

        async def succeed(answer: str) -> None:
            await made.narration.completed(answer)
            await asyncio.sleep(0.2)
            await made.save(answer)

        made.succeed = succeed
        return made

    assistant.work = work


@fault("saved-answer-differs", "agents", "The answer that is saved is not the one that was read")
def _(assistant: Any) -> None:
    completed = assistant.runs.completed

    async def broken(run: Any, answer: str) -> None:
        await completed(run, f"{answer} (draft)")

    assistant.runs.completed = broken


@fault("given-up-question-saves-an-empty-answer", "agents", "A question that was given up has an empty answer")
def _(assistant: Any) -> None:
    async def failed(run: Any, code: str) -> None:
        now, name = assistant.clock.now(), assistant.ids.new("message")
        empty = MessageRow(name, run.thread_id, run.run_id, "assistant", "", now)
        await assistant.runs.store.finish_run(run.run_id, status=FAILED, error=code, finished_at=now, answer=empty)
        await assistant.conversations.changed(run.thread_id)

    assistant.runs.failed = failed


# Stopping, breaking down and coming back


@fault("stopped-work-goes-on", "agents", "Work that was stopped goes on to its answer")
def _(assistant: Any) -> None:
    assistant.stop = lambda work: True


@fault("stop-hits-another-question", "agents", "Stopping one question stops another one")
def _(assistant: Any) -> None:
    def stop(work: Any) -> bool:
        others = [other for other in assistant.at_work.values() if other is not work]
        return bool((others[-1] if others else work).cancel())

    assistant.stop = stop


@fault("finished-work-can-be-stopped", "agents", "Work that is done can still be stopped")
def _(assistant: Any) -> None:
    cancel, find = assistant.cancel, assistant.run

    async def broken(access_token: str, run_id: str) -> None:
        if (await find(access_token, run_id)).finished_at is None:
            await cancel(access_token, run_id)

    assistant.cancel = broken


@fault("breakdown-loses-conversations", "agents", "What was said before a breakdown is gone after it")
def _(assistant: Any) -> None:
    crash, store = assistant.crash, assistant.conversations.store
    lost_before: list[datetime] = []

    def kept(row: Any) -> bool:
        return row is not None and not (lost_before and row.created_at <= lost_before[-1])

    async def broken() -> None:
        await crash()
        lost_before.append(assistant.clock.now())

    async def thread(owner_id: str, thread_id: str) -> ThreadRow | None:
        row = await store.thread(owner_id, thread_id)
        return row if kept(row) else None

    async def threads(owner_id: str, **part: Any) -> tuple[ThreadRow, ...]:
        return tuple(row for row in await store.threads(owner_id, **part) if kept(row))

    async def messages(owner_id: str, thread_id: str) -> tuple[MessageRow, ...]:
        return tuple(row for row in await store.messages(owner_id, thread_id) if kept(row))

    async def copied(thread_id: str, change: str) -> None:
        return None

    assistant.crash = broken
    assistant.conversations.store = _Instead(store, thread=thread, threads=threads, messages=messages)
    assistant.conversations.copied = copied


@fault("cut-work-stays-at-work", "agents", "Work that a breakdown cut short is never ended")
def _(assistant: Any) -> None:
    assistant.interrupt = _nothing


@fault("cut-work-ends-in-silence", "agents", "Nobody is told that a breakdown has cut work short")
def _(assistant: Any) -> None:
    async def interrupt(run: Any) -> None:
        await assistant.runs.failed(run, "interrupted")

    assistant.interrupt = interrupt


# Contexts


def _mix_up(assistant: Any, other: Callable[[Any, list[Any]], Any | None]) -> None:
    """Have a run work on the question of another one, if ``other`` finds one among those before it."""
    make = assistant.work
    before: list[Any] = []

    def work(run: Any) -> Any:
        mistaken = other(run, before)
        before.append(run)
        return make(replace(run, prompt=mistaken.prompt) if mistaken else run)

    assistant.work = work


@fault("answers-another-customers-question", "agents", "A customer gets the answer to another customer's question")
def _(assistant: Any) -> None:
    _mix_up(assistant, lambda run, before: next((one for one in reversed(before) if one.user_id != run.user_id), None))


@fault("answers-an-earlier-question", "agents", "A second question gets the answer to the first")
def _(assistant: Any) -> None:
    _mix_up(assistant, lambda run, before: next((one for one in before if one.user_id == run.user_id), None))


@fault("speaks-of-other-customers-questions", "agents", "The assistant tells what somebody else has asked")
def _(assistant: Any) -> None:
    asked: list[str] = []
    make = assistant.work

    def work(run: Any) -> Any:
        asked.append(run.prompt)
        return make(run)

    async def asked_before(owner_id: str, thread_id: str, run_id: str) -> str | None:
        return asked[-2] if len(asked) > 1 else None

    assistant.work = work
    assistant.conversations.asked_before = asked_before


@fault("forgets-the-conversation", "agents", "The assistant does not know what was asked before")
def _(assistant: Any) -> None:
    assistant.conversations.asked_before = _nothing


@fault("ended-session-may-ask", "agents", "Whoever has signed out may still ask")
def _(assistant: Any) -> None:
    user = assistant.user
    known: dict[str, str] = {}

    async def broken(access_token: str) -> str:
        if access_token not in known:
            known[access_token] = await user(access_token)
        return known[access_token]

    assistant.user = broken


@fault("empty-question-is-asked", "agents", "A question without words is taken for one")
def _(assistant: Any) -> None:
    assistant.runs.question = lambda question: question if question.strip() else "?"
