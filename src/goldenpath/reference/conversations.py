"""Conversations: titles, owners, pages, and the quick copy of what was said."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from typing import Final

from goldenpath.domain.errors import Conflict, Invalid, NotFound
from goldenpath.ports.agents import Message, Page, Thread
from goldenpath.ports.cache import CachePort, thread_key
from goldenpath.ports.clock import Clock, Ids
from goldenpath.ports.database import MessageRow, Store, ThreadRow

LONGEST_TITLE: Final = 200
"""Characters of a title (the design, Database)."""

LONGEST_PAGE: Final = 100
"""Conversations of a page."""

_TITLE_OF_A_QUESTION: Final = 60
_COPY_KEPT: Final = 300
# A change outlives every copy that was made before it.
_CHANGE_KEPT: Final = 2 * _COPY_KEPT

Place = tuple[datetime, str]
"""Where a list goes on: after the conversation of that last activity and id."""


class Conversations:
    """All conversations, each seen by its owner alone."""

    def __init__(self, store: Store, cache: CachePort, clock: Clock, ids: Ids) -> None:
        self.store = store
        self.cache = cache
        self._clock = clock
        self._ids = ids

    async def begin(self, owner_id: str, title: str, idempotency_key: str | None = None) -> Thread:
        """Begin a conversation, or give the one that the key began.

        Raises:
            Invalid: The title is blank or too long.
        """
        now = self._clock.now()
        row = ThreadRow(self._ids.new("thread"), owner_id, self.title(title), idempotency_key, now, now)
        try:
            await self.store.add_thread(row)
        except Conflict:
            # The store decides which of several at once is first.
            known = await self.earlier(owner_id, idempotency_key)
            if known is None:
                raise
            return known
        return _thread(row)

    async def earlier(self, owner_id: str, idempotency_key: str | None) -> Thread | None:
        """The conversation that the owner's key began."""
        row = await self.store.thread_by_key(owner_id, idempotency_key) if idempotency_key is not None else None
        return _thread(row) if row else None

    def title(self, title: str) -> str:
        """The title as it is stored.

        Raises:
            Invalid: It is blank or over 200 characters.
        """
        if is_blank(title):
            raise Invalid("a conversation needs a title", code="title_empty")
        if len(title) > LONGEST_TITLE:
            raise Invalid(f"a title has at most {LONGEST_TITLE} characters", code="title_too_long")
        return title

    def title_of_question(self, question: str) -> str:
        """The first words of a question, for a conversation that it begins."""
        words = " ".join(question.split())
        if len(words) <= _TITLE_OF_A_QUESTION:
            return words
        return words[:_TITLE_OF_A_QUESTION].rsplit(" ", 1)[0] + "…"

    async def thread(self, owner_id: str, thread_id: str) -> Thread:
        """One conversation of the owner's.

        Raises:
            NotFound: There is none, or it is another's.
        """
        row = await self.store.thread(owner_id, thread_id)
        if row is None:
            raise NotFound("there is no such conversation", code="no_thread")
        return _thread(row)

    async def page(self, owner_id: str, limit: int, after: str | None) -> Page:
        """Part of the owner's conversations, newest activity first.

        Raises:
            Invalid: ``limit`` is not within 1 to 100, or ``after`` was not given to this owner.
        """
        if not 1 <= limit <= LONGEST_PAGE:
            raise Invalid(f"a page has 1 to {LONGEST_PAGE} conversations", code="limit")
        rows = await self.rows(owner_id, limit + 1, _place(owner_id, after) if after is not None else None)
        threads = tuple(_thread(row) for row in rows[:limit])
        return Page(threads, _cursor(owner_id, threads[-1]) if len(rows) > limit else None)

    async def rows(self, owner_id: str, limit: int, before: Place | None) -> tuple[ThreadRow, ...]:
        """The owner's stored conversations after a place in the list."""
        return await self.store.threads(owner_id, limit=limit, before=before)

    async def messages(self, owner_id: str, thread_id: str) -> tuple[Message, ...]:
        """What was said, oldest first, from the quick copy where there is one.

        Raises:
            NotFound: There is no such conversation, or it is another's.
        """
        change = await self.cache.get(_change_key(thread_id)) or ""
        copy = await self.copied(thread_id, change)
        if copy is None:
            said = tuple(_message(row) for row in await self.store.messages(owner_id, thread_id))
            if not said:
                await self.thread(owner_id, thread_id)
            await self.cache.set(thread_key(thread_id), _copy(owner_id, change, said), _COPY_KEPT)
            return said
        copy_of, said = copy
        return self.theirs(owner_id, copy_of, said)

    def theirs(self, owner_id: str, copy_of: str, said: tuple[Message, ...]) -> tuple[Message, ...]:
        """What a quick copy shows to an owner.

        Raises:
            NotFound: It is the copy of another's conversation.
        """
        if copy_of != owner_id:
            raise NotFound("there is no such conversation", code="no_thread")
        return said

    async def copied(self, thread_id: str, change: str) -> tuple[str, tuple[Message, ...]] | None:
        """The owner and the messages of the quick copy, if it was made after the last change."""
        text = await self.cache.get(thread_key(thread_id))
        copy = json.loads(text) if text else None
        if copy is None or copy["change"] != change:
            return None
        said = (Message(**{**part, "created_at": datetime.fromisoformat(part["created_at"])}) for part in copy["said"])
        return copy["owner"], tuple(said)

    async def changed(self, thread_id: str) -> None:
        """Something was said: the quick copy goes, and one that is just being made of the former state is void."""
        await self.cache.set(_change_key(thread_id), self._ids.new("change"), _CHANGE_KEPT)
        await self.cache.delete(thread_key(thread_id))

    async def asked_before(self, owner_id: str, thread_id: str, run_id: str) -> str | None:
        """The question before that of a run, in the same conversation."""
        before: MessageRow | None = None
        for row in await self.store.messages(owner_id, thread_id):
            if row.run_id == run_id:
                break
            before = row if row.role == "user" else before
        return before.content if before else None


def is_blank(text: str) -> bool:
    """Whether nobody would see anything of a text: blanks, and signs without a width."""
    return not any(sign.isprintable() and not sign.isspace() for sign in text)


def _thread(row: ThreadRow) -> Thread:
    return Thread(row.id, row.title, row.created_at, row.last_activity_at)


def _message(row: MessageRow) -> Message:
    return Message(row.id, row.thread_id, row.run_id, row.role, row.content, row.created_at)


def _change_key(thread_id: str) -> str:
    return f"thread-change:{thread_id}"


def _copy(owner_id: str, change: str, said: tuple[Message, ...]) -> str:
    parts = [{**asdict(message), "created_at": message.created_at.isoformat()} for message in said]
    return json.dumps({"owner": owner_id, "change": change, "said": parts}, ensure_ascii=False)


def _cursor(owner_id: str, last: Thread) -> str:
    at = last.last_activity_at.isoformat()
    text = json.dumps([at, last.id, _mark(owner_id, at, last.id)])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _place(owner_id: str, cursor: str) -> Place:
    try:
        at, thread_id, mark = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if mark == _mark(owner_id, at, thread_id):
            return datetime.fromisoformat(at), thread_id
    except (ValueError, TypeError):
        pass
    raise Invalid("no page of this list goes on there", code="cursor")


def _mark(owner_id: str, at: str, thread_id: str) -> str:
    """What tells a cursor that was given to this owner from one that was made up."""
    return hashlib.sha256(f"{owner_id}|{at}|{thread_id}".encode()).hexdigest()[:16]
