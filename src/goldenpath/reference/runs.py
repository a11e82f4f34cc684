"""Runs as they are stored: a question, and what became of it."""

from __future__ import annotations

from typing import Final

from goldenpath.domain.errors import Invalid, NotFound
from goldenpath.ports.agents import Run
from goldenpath.ports.clock import Clock, Ids
from goldenpath.ports.database import MessageRow, RunRow, Store
from goldenpath.reference.conversations import Conversations, is_blank
from goldenpath.reference.narration import RunContext

RUNNING: Final = "running"
COMPLETED: Final = "completed"
FAILED: Final = "failed"

LONGEST_QUESTION: Final = 4000
"""Characters of a question."""


class Runs:
    """The record of every run."""

    def __init__(self, store: Store, conversations: Conversations, clock: Clock, ids: Ids) -> None:
        self.store = store
        self._conversations = conversations
        self._clock = clock
        self._ids = ids

    async def open(self, owner_id: str, question: str, thread_id: str | None) -> RunContext:
        """Store a question, in a conversation that it begins where none is named.

        Raises:
            Invalid: As for ``question``.
            NotFound: There is no such conversation, or it is another's.
        """
        question = self.question(question)
        # Nobody has looked at a conversation that begins here, so that there is no quick copy to drop.
        goes_on = thread_id is not None
        if thread_id is None:
            title = self._conversations.title_of_question(question)
            thread_id = (await self._conversations.begin(owner_id, title)).id
        run = RunContext(self._ids.new("run"), thread_id, owner_id, question)
        now = self._clock.now()
        row = RunRow(run.run_id, thread_id, owner_id, question, RUNNING, None, None, now, None)
        said = MessageRow(self._ids.new("message"), thread_id, run.run_id, "user", question, now)
        await self.store.add_run(row, said)
        if goes_on:
            await self._conversations.changed(thread_id)
        return run

    def question(self, question: str) -> str:
        """The question as it is stored: refused before a conversation begins for it.

        Raises:
            Invalid: It is blank, over 4,000 characters, or no text that can be stored (NUL, half a character).
        """
        if is_blank(question):
            raise Invalid("there is no question", code="question_empty")
        if len(question) > LONGEST_QUESTION:
            raise Invalid(f"a question has at most {LONGEST_QUESTION} characters", code="question_too_long")
        if "\0" in question or any("\ud800" <= letter <= "\udfff" for letter in question):
            raise Invalid("a question is text", code="question_no_text")
        return question

    async def completed(self, run: RunContext, answer: str) -> None:
        """Store the answer of a run and its end."""
        now = self._clock.now()
        said = MessageRow(self._ids.new("message"), run.thread_id, run.run_id, "assistant", answer, now)
        await self.store.finish_run(run.run_id, status=COMPLETED, error=None, finished_at=now, answer=said)
        await self._conversations.changed(run.thread_id)

    async def failed(self, run: RunContext, code: str) -> None:
        """Store that a run ended without an answer."""
        now = self._clock.now()
        await self.store.finish_run(run.run_id, status=FAILED, error=code, finished_at=now, answer=None)
        await self._conversations.changed(run.thread_id)

    async def find(self, owner_id: str, run_id: str) -> Run:
        """What became of a question so far.

        Raises:
            NotFound: There is no such run, or it is another's.
        """
        row = await self.store.run(owner_id, run_id)
        if row is None:
            raise NotFound("there is no such run", code="no_run")
        return Run(
            row.id, row.thread_id, row.prompt, row.status, row.answer, row.error, row.created_at, row.finished_at
        )

    async def running(self) -> list[RunContext]:
        """Every run that has not ended, oldest first."""
        return [RunContext(row.id, row.thread_id, row.owner_id, row.prompt) for row in await self.store.running()]
