"""The assistant as its users reach it: conversations and runs.

Every operation raises ``NotSignedIn`` for a token that is not good now, and ``NotFound`` for what is not
there or is another user's: the two cannot be told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation."""

    id: str
    title: str
    created_at: datetime
    last_activity_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One contribution to a conversation; ``role`` is ``user`` or ``assistant``."""

    id: str
    thread_id: str
    run_id: str | None
    role: str
    content: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One question and what became of it.

    ``status`` is ``running``, ``completed`` or ``failed``; ``error`` the code of a failure (``cancelled``,
    ``crashed``, ...); times carry a zone.
    """

    id: str
    thread_id: str
    prompt: str
    status: str
    answer: str | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Started:
    """A run that was accepted, and the conversation that it belongs to."""

    run_id: str
    thread_id: str


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list of conversations; ``next`` asks for the following part, None at the end."""

    threads: tuple[Thread, ...]
    next: str | None


class AgentsPort(Protocol):
    """Conversations and runs. Capabilities: ``scripted``, ``cancel``, ``restart``."""

    async def create_thread(self, access_token: str, title: str, idempotency_key: str | None = None) -> Thread:
        """Begin a conversation; the same key again gives the same conversation.

        Raises:
            Invalid: The title is empty or over 200 characters.
        """

    async def threads(self, access_token: str, *, limit: int = 20, after: str | None = None) -> Page:
        """The user's conversations, newest activity first; ``after`` is a page's ``next``.

        Raises:
            Invalid: ``limit`` is not within 1 to 100, or ``after`` was never given.
        """

    async def thread(self, access_token: str, thread_id: str) -> Thread:
        """One conversation of the user's."""

    async def messages(self, access_token: str, thread_id: str) -> tuple[Message, ...]:
        """What was said in it, oldest first."""

    async def start(self, access_token: str, prompt: str, thread_id: str | None = None) -> Started:
        """Ask; without a conversation a new one begins, named by the question's first words.

        Raises:
            Invalid: The question is blank or over 4,000 characters.
        """

    async def run(self, access_token: str, run_id: str) -> Run:
        """What became of a question so far."""

    async def finished(self, access_token: str, run_id: str, within: float = 5) -> Run:
        """Wait until a run has ended.

        Raises:
            NotSeen: It had not ended ``within`` seconds.
        """

    async def cancel(self, access_token: str, run_id: str) -> None:
        """Stop a run; it ends with ``agent_failed``, code ``cancelled`` (capability ``cancel``).

        Raises:
            Conflict: It has ended already.
        """

    async def crash(self) -> None:
        """End the service without any goodbye (capability ``restart``).

        Until ``restart`` every other operation raises ``ServiceUnavailable``.
        """

    async def restart(self) -> None:
        """Bring the service back (capability ``restart``).

        Runs that the crash cut short end with ``agent_failed``, code ``interrupted``.
        """
