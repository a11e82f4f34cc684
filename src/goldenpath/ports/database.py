"""What is stored, read where it lies.

``DatabasePort`` is what a scenario asks: rows as the product left them. ``Store`` is what a service of ours
writes through; an adapter that has the capability ``store`` answers both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

EVERY_ROW: Final = frozenset({"users", "threads", "messages", "runs"})
"""The capabilities of a database from which all rows can be read."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """An account. ``password_hash`` never leaves the services: it is not for steps."""

    id: str
    email: str
    password_hash: str
    permissions: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """A conversation and its owner."""

    id: str
    owner_id: str
    title: str
    idempotency_key: str | None
    created_at: datetime
    last_activity_at: datetime


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One contribution; ``role`` is ``user`` or ``assistant``."""

    id: str
    thread_id: str
    run_id: str | None
    role: str
    content: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RunRow:
    """One question; ``status`` is ``running``, ``completed`` or ``failed``."""

    id: str
    thread_id: str
    owner_id: str
    prompt: str
    status: str
    answer: str | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


class DatabasePort(Protocol):
    """Rows, always asked for with their owner; another owner's row is not found.

    Times carry a zone. Titles have at most 200 characters. Capabilities ``users``, ``threads``, ``messages`` and
    ``runs`` say what a product stores so that it can be read.
    """

    async def user(self, user_id: str) -> UserRow | None:
        """One account."""

    async def thread(self, owner_id: str, thread_id: str) -> ThreadRow | None:
        """One conversation of that owner."""

    async def threads(
        self, owner_id: str, *, limit: int = 20, before: tuple[datetime, str] | None = None
    ) -> tuple[ThreadRow, ...]:
        """The owner's conversations, newest activity first, equal instants by id, descending.

        ``before`` continues after the row with that ``last_activity_at`` and ``id``.
        """

    async def messages(self, owner_id: str, thread_id: str) -> tuple[MessageRow, ...]:
        """What was said in a conversation, in the order in which it was stored; empty when it is not theirs."""

    async def run(self, owner_id: str, run_id: str) -> RunRow | None:
        """One run of that owner."""

    async def runs(self, owner_id: str) -> tuple[RunRow, ...]:
        """The owner's runs, oldest first."""


class Store(DatabasePort, Protocol):
    """What a service writes through (capability ``store``). Each operation is one transaction."""

    async def add_user(self, row: UserRow) -> None:
        """Store an account.

        Raises:
            Conflict: The email or the id is taken.
        """

    async def user_by_email(self, email: str) -> UserRow | None:
        """One account, by its email as written, letter case aside."""

    async def add_thread(self, row: ThreadRow) -> None:
        """Store a conversation.

        Raises:
            Conflict: The id is taken, or the owner's idempotency key was used before.
            Invalid: The title is empty or too long, or there is no such owner.
        """

    async def thread_by_key(self, owner_id: str, idempotency_key: str) -> ThreadRow | None:
        """The owner's conversation that was made with this key."""

    async def add_run(self, row: RunRow, question: MessageRow) -> None:
        """Store a run and its question and move the conversation's activity to the question's time.

        Raises:
            NotFound: The owner has no such conversation.
            Conflict: The id is taken.
        """

    async def finish_run(
        self, run_id: str, *, status: str, error: str | None, finished_at: datetime, answer: MessageRow | None
    ) -> None:
        """Store how a run ended and its answer, if there is one, and move the conversation's activity.

        Raises:
            NotFound: There is no such run.
            Conflict: It has ended already.
        """

    async def running(self) -> tuple[RunRow, ...]:
        """Every run that has not ended, of whoever, oldest first: for a service that comes back."""
