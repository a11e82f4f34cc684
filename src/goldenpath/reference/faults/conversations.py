"""Promises about conversations, their owners and their lists that the assistant can be made to break."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from goldenpath.domain.errors import NotFound, Refused
from goldenpath.ports.agents import Message
from goldenpath.ports.database import ThreadRow
from goldenpath.reference.faults import fault

Place = tuple[datetime, str] | None


async def _nothing(*_: Any) -> None:
    """What is done instead of what was promised."""


@fault("quick-look-is-out-of-date", "agents", "A conversation is shown as it was before the latest answer")
def _(assistant: Any) -> None:
    assistant.conversations.changed = _nothing


@fault("quick-look-is-shown-to-anybody", "agents", "A conversation that was just read is readable by everybody")
def _(assistant: Any) -> None:
    def theirs(owner_id: str, copy_of: str, said: tuple[Message, ...]) -> tuple[Message, ...]:
        return said

    assistant.conversations.theirs = theirs


def _owners(assistant: Any) -> dict[str, str]:
    """Who began each conversation, by its id, kept up from now on."""
    begin = assistant.conversations.begin
    owners: dict[str, str] = {}

    async def remember(owner_id: str, *more: Any) -> Any:
        thread = await begin(owner_id, *more)
        owners[thread.id] = owner_id
        return thread

    assistant.conversations.begin = remember
    return owners


@fault("anybody-reads-any-conversation", "agents", "A customer reads another customer's conversation")
def _(assistant: Any) -> None:
    owners, conversations = _owners(assistant), assistant.conversations
    thread, messages = conversations.thread, conversations.messages

    async def any_thread(owner_id: str, thread_id: str) -> Any:
        return await thread(owners.get(thread_id, owner_id), thread_id)

    async def any_messages(owner_id: str, thread_id: str) -> Any:
        return await messages(owners.get(thread_id, owner_id), thread_id)

    conversations.thread, conversations.messages = any_thread, any_messages


@fault("anybody-asks-in-any-conversation", "agents", "A customer asks in another customer's conversation")
def _(assistant: Any) -> None:
    owners, open_run = _owners(assistant), assistant.runs.open

    async def broken(owner_id: str, question: str, thread_id: str | None) -> Any:
        return await open_run(owners.get(thread_id or "", owner_id), question, thread_id)

    assistant.runs.open = broken


@fault("another-customers-conversation-is-forbidden", "agents", "One is told that somebody else's conversation exists")
def _(assistant: Any) -> None:
    owners, conversations = _owners(assistant), assistant.conversations

    def telling(operation: Any) -> Any:
        async def broken(owner_id: str, thread_id: str) -> Any:
            if owners.get(thread_id, owner_id) != owner_id:
                raise Refused("this conversation is somebody else's", code="forbidden")
            return await operation(owner_id, thread_id)

        return broken

    conversations.thread = telling(conversations.thread)
    conversations.messages = telling(conversations.messages)


@fault("list-shows-everybodys-conversations", "agents", "A list of conversations shows another customer's too")
def _(assistant: Any) -> None:
    owners, rows = _owners(assistant), assistant.conversations.rows

    async def broken(owner_id: str, limit: int, before: Place) -> tuple[ThreadRow, ...]:
        everybody = dict.fromkeys([owner_id, *owners.values()])
        found = [row for one in everybody for row in await rows(one, limit, before)]
        found.sort(key=lambda row: (row.last_activity_at, row.id), reverse=True)
        return tuple(found[:limit])

    assistant.conversations.rows = broken


@fault("anybody-sees-any-question", "agents", "A customer sees what became of another customer's question")
def _(assistant: Any) -> None:
    owners: dict[str, str] = {}
    find, set_to_work = assistant.runs.find, assistant.set_to_work

    def remember(run: Any) -> None:
        owners[run.run_id] = run.user_id
        set_to_work(run)

    async def broken(owner_id: str, run_id: str) -> Any:
        return await find(owners.get(run_id, owner_id), run_id)

    assistant.set_to_work, assistant.runs.find = remember, broken


@fault("anybody-stops-any-work", "agents", "A customer stops another customer's work")
def _(assistant: Any) -> None:
    assistant.work_of = lambda user_id, run_id: assistant.at_work.get(run_id)


# Lists, titles and keys


def _relist(assistant: Any, change: Callable[[list[ThreadRow]], list[ThreadRow]]) -> None:
    rows = assistant.conversations.rows

    async def broken(owner_id: str, limit: int, before: Place) -> tuple[ThreadRow, ...]:
        return tuple(change(list(await rows(owner_id, limit, before))))

    assistant.conversations.rows = broken


@fault("list-is-ordered-by-title", "agents", "Conversations are listed by title, not by latest activity")
def _(assistant: Any) -> None:
    _relist(assistant, lambda rows: sorted(rows, key=lambda row: row.title))


@fault("conversations-keep-their-place", "agents", "A conversation that goes on does not move to the top of the list")
def _(assistant: Any) -> None:
    _relist(assistant, lambda rows: sorted(rows, key=lambda row: row.created_at, reverse=True))


@fault("list-ends-after-a-page", "agents", "Older conversations cannot be reached")
def _(assistant: Any) -> None:
    rows = assistant.conversations.rows

    async def broken(owner_id: str, limit: int, before: Place) -> Any:
        return await rows(owner_id, limit - 1, before)

    assistant.conversations.rows = broken


@fault("pages-overlap", "agents", "A page begins with the conversation that ended the page before")
def _(assistant: Any) -> None:
    rows = assistant.conversations.rows

    async def broken(owner_id: str, limit: int, before: Place) -> Any:
        return await rows(owner_id, limit, (before[0] + timedelta(microseconds=1), "") if before else None)

    assistant.conversations.rows = broken


@fault("pages-lose-one", "agents", "Between two pages a conversation is missing")
def _(assistant: Any) -> None:
    rows = assistant.conversations.rows

    async def broken(owner_id: str, limit: int, before: Place) -> Any:
        found = await rows(owner_id, limit + 1, before)
        return found[1:] if before else found[:limit]

    assistant.conversations.rows = broken


@fault("second-press-begins-a-second-conversation", "agents", "What was sent twice by accident is there twice")
def _(assistant: Any) -> None:
    begin = assistant.conversations.begin

    async def broken(owner_id: str, title: str, idempotency_key: str | None = None) -> Any:
        return await begin(owner_id, title, None)

    assistant.conversations.begin = broken


@fault("too-long-title-is-cut", "agents", "A title that is too long is cut instead of refused")
def _(assistant: Any) -> None:
    assistant.conversations.title = lambda title: title[:200]


@fault("missing-conversation-is-empty", "agents", "A conversation that never was is shown as an empty one")
def _(assistant: Any) -> None:
    messages = assistant.conversations.messages

    async def broken(owner_id: str, thread_id: str) -> Any:
        try:
            return await messages(owner_id, thread_id)
        except NotFound:
            return ()

    assistant.conversations.messages = broken
