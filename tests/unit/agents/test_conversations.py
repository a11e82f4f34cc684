import asyncio
import base64
import json

import pytest

from goldenpath.domain.errors import Invalid, NotFound, NotSignedIn
from goldenpath.ports.cache import thread_key


def titles(page):
    return [thread.title for thread in page.threads]


@pytest.mark.asyncio
async def test_nothing_is_done_for_who_is_not_signed_in(platform):
    async with platform() as p:
        operations = [
            p.agents.create_thread("forged", "Plans"),
            p.agents.threads("forged"),
            p.agents.thread("forged", "x"),
            p.agents.messages("forged", "x"),
            p.agents.start("forged", "Hello"),
            p.agents.run("forged", "x"),
            p.agents.finished("forged", "x"),
            p.agents.cancel("forged", "x"),
        ]
        for operation in operations:
            with pytest.raises(NotSignedIn):
                await operation


@pytest.mark.asyncio
@pytest.mark.parametrize("title", ["", "   ", "\u200b\ufeff\u202e", "x" * 201])
async def test_a_title_that_does_not_fit_is_refused(platform, title):
    async with platform() as p:
        token = await p.sign_in()
        with pytest.raises(Invalid):
            await p.agents.create_thread(token, title)
        assert titles(await p.agents.threads(token)) == []


@pytest.mark.asyncio
async def test_a_title_of_200_letters_is_kept(platform):
    async with platform() as p:
        token = await p.sign_in()
        thread = await p.agents.create_thread(token, "ö" * 200)
        assert (await p.agents.thread(token, thread.id)).title == "ö" * 200


@pytest.mark.asyncio
async def test_a_key_begins_one_conversation_also_at_the_same_moment(platform):
    async with platform() as p:
        ada, ben = await p.sign_in("ada"), await p.sign_in("ben")
        begun = await asyncio.gather(*(p.agents.create_thread(ada, "Plans", "key") for _ in range(5)))
        assert len({thread.id for thread in begun}) == 1
        assert (await p.agents.create_thread(ada, "Other words", "key")).title == "Plans"
        assert (await p.agents.create_thread(ben, "Plans", "key")).id != begun[0].id
        assert (await p.agents.create_thread(ada, "Plans", "other key")).id != begun[0].id


@pytest.mark.asyncio
async def test_pages_show_each_conversation_once_newest_first(platform):
    async with platform() as p:
        token, other = await p.sign_in("ada"), await p.sign_in("ben")
        await p.agents.create_thread(other, "not Ada's")
        for number in range(7):
            await p.agents.create_thread(token, f"number {number}")
        seen, after = [], None
        while True:
            page = await p.agents.threads(token, limit=3, after=after)
            seen += titles(page)
            if (after := page.next) is None:
                break
        assert seen == [f"number {number}" for number in reversed(range(7))]


@pytest.mark.asyncio
async def test_a_page_that_ends_the_list_has_no_next(platform):
    async with platform() as p:
        token = await p.sign_in()
        for number in range(4):
            await p.agents.create_thread(token, f"number {number}")
        first = await p.agents.threads(token, limit=2)
        assert first.next is not None
        assert (await p.agents.threads(token, limit=2, after=first.next)).next is None


@pytest.mark.asyncio
async def test_a_place_that_was_never_given_is_refused(platform):
    async with platform() as p:
        ada, ben = await p.sign_in("ada"), await p.sign_in("ben")
        for token in (ada, ben):
            for number in range(2):
                await p.agents.create_thread(token, f"number {number}")
        given = (await p.agents.threads(ada, limit=1)).next
        at, name, mark = json.loads(base64.urlsafe_b64decode(given))
        forged = base64.urlsafe_b64encode(json.dumps([at, "x" + name, mark]).encode()).decode()
        for after in ("", "nonsense", "é", given[:-4], forged, base64.urlsafe_b64encode(b"[1, 2, 3]").decode()):
            with pytest.raises(Invalid):
                await p.agents.threads(ada, after=after)
        with pytest.raises(Invalid):
            await p.agents.threads(ben, after=given)


@pytest.mark.asyncio
@pytest.mark.parametrize("limit", [0, -1, 101])
async def test_a_page_has_1_to_100_conversations(platform, limit):
    async with platform() as p:
        with pytest.raises(Invalid):
            await p.agents.threads(await p.sign_in(), limit=limit)


@pytest.mark.asyncio
async def test_a_question_moves_its_conversation_to_the_top(platform):
    async with platform() as p:
        token = await p.sign_in()
        winter = await p.agents.create_thread(token, "Winter")
        await p.agents.create_thread(token, "Spring")
        assert titles(await p.agents.threads(token)) == ["Spring", "Winter"]
        await p.answered(token, "Hello", winter.id)
        assert titles(await p.agents.threads(token)) == ["Winter", "Spring"]


@pytest.mark.asyncio
async def test_anothers_conversation_is_not_there_also_when_it_was_just_read(platform):
    async with platform() as p:
        ada, ben = await p.sign_in("ada"), await p.sign_in("ben")
        run = await p.answered(ada, "Hello")
        for _ in ("from the store", "from the quick copy"):
            for operation in (p.agents.thread, p.agents.messages):
                with pytest.raises(NotFound):
                    await operation(ben, run.thread_id)
            assert len(await p.agents.messages(ada, run.thread_id)) == 2
        with pytest.raises(NotFound):
            await p.agents.start(ben, "Hello", run.thread_id)
        with pytest.raises(NotFound):
            await p.agents.messages(ada, "never was")


@pytest.mark.asyncio
async def test_the_quick_copy_is_filled_by_reading_and_dropped_by_a_question(platform):
    async with platform() as p:
        token = await p.sign_in()
        run = await p.answered(token, "Hello")
        said = await p.agents.messages(token, run.thread_id)
        assert [message.content for message in said] == ["Hello", "Hello! What can I do for you?"]
        assert await p.cache.get(thread_key(run.thread_id)) is not None
        assert await p.agents.messages(token, run.thread_id) == said
        await p.answered(token, "Plan our launch", run.thread_id)
        assert await p.cache.get(thread_key(run.thread_id)) is None
        assert len(await p.agents.messages(token, run.thread_id)) == 4


@pytest.mark.asyncio
async def test_the_quick_copy_spares_the_store(platform):
    async with platform() as p:
        token = await p.sign_in()
        thread = await p.agents.create_thread(token, "Plans")
        assert await p.agents.messages(token, thread.id) == ()
        p.agents.conversations.store = None
        assert await p.agents.messages(token, thread.id) == ()


@pytest.mark.asyncio
async def test_a_copy_made_while_something_is_said_is_void(platform):
    async with platform() as p:
        token = await p.sign_in()
        thread = await p.agents.create_thread(token, "Plans")
        conversations = p.agents.conversations
        messages = p.store.messages

        async def slow(owner_id, thread_id):
            rows = await messages(owner_id, thread_id)
            p.store.messages = messages
            await p.answered(token, "Hello", thread_id)
            return rows

        p.store.messages = slow
        assert conversations.store is p.store
        assert await p.agents.messages(token, thread.id) == ()
        assert len(await p.agents.messages(token, thread.id)) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("  Plan\n our   launch ", "Plan our launch"),
        ("word " * 30, "word word word word word word word word word word word word…"),
        ("x" * 300, "x" * 60 + "…"),
    ],
)
async def test_a_question_without_conversation_begins_one_named_by_its_first_words(platform, question, title):
    async with platform() as p:
        token = await p.sign_in()
        run = await p.answered(token, question)
        assert (await p.agents.thread(token, run.thread_id)).title == title
