"""Conversations: beginning them, opening them, leafing through them."""

from __future__ import annotations

import asyncio

from goldenpath.bdd import given, then, when
from goldenpath.domain.errors import Invalid, NotFound
from goldenpath.ports.agents import AgentsPort, Message, Thread
from goldenpath.steps.asking import answer, asks, outcome
from goldenpath.steps.people import People, Person, Question
from goldenpath.steps.sessions import must_be_told
from goldenpath.steps.words import FRESH

MANY = 100
"""More pages than any scenario has: a list that never ends is told, not waited for."""


async def _begins(person: Person, agents: AgentsPort, titles: list[str]) -> None:
    for title in titles:
        person.threads[title] = await agents.create_thread(person.token(), title)


async def titles(person: Person, agents: AgentsPort) -> list[str]:
    """The titles of the person's conversations, the latest first."""
    return [thread.title for thread in (await agents.threads(person.token(), limit=100)).threads]


@given("{person} has a conversation called {string}")
async def _(name: str, title: str, people: People, agents: AgentsPort) -> None:
    await _begins(await people.signed_in(name), agents, [title])


@given("{person} has conversations called: {names}")
@when("{person} begins conversations called: {names}")
async def _(name: str, names: list[str], people: People, agents: AgentsPort) -> None:
    await _begins(await people.signed_in(name), agents, names)


@given("{person} has {int} conversations")
async def _(name: str, number: int, people: People, agents: AgentsPort) -> None:
    names = [f"Conversation {place}" for place in range(1, number + 1)]
    await _begins(await people.signed_in(name), agents, names)


@given("{person} has looked at the conversation")
@when("{person} looks at the conversation")
async def _(name: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    said = await agents.messages(person.token(), person.question.thread_id)
    assert said, f"{name} was to see what was said, but saw nothing"


@given("{person} has looked at the conversation {string}")
async def _(name: str, title: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    question = await asks(person, agents, "Hello", person.threads[title].id)
    assert question, f"{name} was to have asked something, but {person.was_told()}"
    await outcome(person, agents, question)
    assert await agents.messages(person.token(), person.threads[title].id), f"{name} was to see what was said"


@when("{person} begins a conversation with a title of {int} letters")
async def _(name: str, letters: int, people: People, agents: AgentsPort) -> None:
    person = await people.signed_in(name)
    title = ("long title " * 20)[:letters].replace(" ", "-")
    thread = await person.tries(agents.create_thread(person.token(), title))
    if thread is not None:
        person.threads[title] = thread


@when("{person} begins {string} with two presses on the button", needs=FRESH)
async def _(name: str, title: str, people: People, agents: AgentsPort) -> None:
    person = await people.signed_in(name)
    first = await agents.create_thread(person.token(), title, idempotency_key="one button")
    second = await agents.create_thread(person.token(), title, idempotency_key="one button")
    _one(person, [first, second])


@when("{person} begins {string} with {int} presses at the same moment", needs=FRESH)
async def _(name: str, title: str, presses: int, people: People, agents: AgentsPort) -> None:
    person = await people.signed_in(name)
    begun = [agents.create_thread(person.token(), title, idempotency_key="one button") for _press in range(presses)]
    _one(person, list(await asyncio.gather(*begun)))


def _one(person: Person, begun: list[Thread]) -> None:
    assert len({thread.id for thread in begun}) == 1, f"{person.name} was to begin one conversation, but began more"


async def _opens(person: Person, agents: AgentsPort, thread_id: str) -> None:
    """Try every way into a conversation; any that lets the person in counts as let in."""
    for way in (agents.thread, agents.messages):
        await person.tries(way(person.token(), thread_id))
        if person.refusal is None:
            return


@when("{person} opens {person}'s conversation {string}")
async def _(name: str, other: str, title: str, people: People, agents: AgentsPort) -> None:
    person, owner = await people.signed_in(name), await people.called(other)
    await _opens(person, agents, owner.threads[title].id)


@when("{person} opens a conversation that never was")
async def _(name: str, people: People, agents: AgentsPort) -> None:
    await _opens(await people.signed_in(name), agents, "00000000-0000-4000-8000-000000000000")


@when("{person} asks {string} in {person}'s conversation {string}")
async def _(name: str, text: str, other: str, title: str, people: People, agents: AgentsPort) -> None:
    person, owner = await people.called(name), await people.called(other)
    await asks(person, agents, text, owner.threads[title].id)


@when("{person} looks for {person}'s question")
async def _(name: str, other: str, people: People, agents: AgentsPort) -> None:
    person, owner = await people.signed_in(name), await people.called(other)
    await person.tries(agents.run(person.token(), owner.question.run_id))


@when("{person} tries to stop {person}'s assistant", needs=("agents.cancel",))
async def _(name: str, other: str, people: People, agents: AgentsPort) -> None:
    person, owner = await people.signed_in(name), await people.called(other)
    await person.tries(agents.cancel(person.token(), owner.question.run_id))


@when("{person} leafs through the conversations, {int} at a time")
async def _(name: str, limit: int, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    person.leafed_through, after = [], None
    for _page in range(MANY):
        page = await agents.threads(person.token(), limit=limit, after=after)
        assert len(page.threads) <= limit, f"{name} was to see {limit} at a time, but saw {len(page.threads)}"
        person.leafed_through += [thread.title for thread in page.threads]
        after = page.next
        if after is None:
            return
    raise AssertionError(f"{name} was to come to the end of the conversations, but after {MANY} pages had not")


@then("{person} has seen each of the {int} conversations once, the latest first", needs=FRESH)
async def _(name: str, number: int, people: People) -> None:
    person = await people.called(name)
    latest_first = list(reversed(person.threads))
    assert len(latest_first) == number, f"{name} was to have {number} conversations"
    assert person.leafed_through == latest_first, (
        f"{name} was to see each conversation once, the latest first, but saw {person.leafed_through}"
    )


@then("{person}'s conversations are: {names}", needs=FRESH)
async def _(name: str, expected: list[str], people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    found = await titles(person, agents)
    assert found == expected, f"{name} was to find the conversations {expected}, but finds {found}"


@then("{person} is told that there is no such conversation")
async def _(name: str, people: People) -> None:
    must_be_told(await people.called(name), NotFound, "that there is no such conversation")


@then("{person} is told that the title does not fit")
async def _(name: str, people: People) -> None:
    must_be_told(await people.called(name), Invalid, "that the title does not fit")


@then("{person} finds the question {string} with its answer")
async def _(name: str, text: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    question = person.question_called(text)
    run = await agents.finished(person.token(), question.run_id)
    said = await agents.messages(person.token(), question.thread_id)
    pair = [message for message in said if message.run_id == question.run_id]
    assert [(m.role, m.content) for m in pair] == [("user", text), ("assistant", run.answer)], (
        f"{name} was to find the question {text!r} with its answer, but finds {[m.content for m in said]}"
    )
    in_time(person, said)


def in_time(person: Person, said: tuple[Message, ...]) -> None:
    """Assert that what was said stands in the order in which it was said."""
    times = [message.created_at for message in said]
    assert times == sorted(times), f"{person.name} was to find what was said in order, but finds {times}"


@then("nothing was said in {person}'s conversation {string}")
async def _(name: str, title: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    said = await agents.messages(person.token(), person.threads[title].id)
    assert said == (), f"nothing was to be said in {title!r}, but it holds {[m.content for m in said]}"


@then("{person} can ask {string} in {string}")
async def _(name: str, text: str, title: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    question = await asks(person, agents, text, person.threads[title].id)
    assert question, f"{name} was to be able to ask, but {person.was_told()}"
    await answer(person, agents, question)


@then("each question in {string} has its own answer")
async def _(title: str, people: People, agents: AgentsPort) -> None:
    person = people.owner_of(title)
    said = await agents.messages(person.token(), person.threads[title].id)
    for question in person.questions:
        await _has_its_own_answer(person, agents, question, said)


async def _has_its_own_answer(
    person: Person, agents: AgentsPort, question: Question, said: tuple[Message, ...]
) -> None:
    run = await agents.run(person.token(), question.run_id)
    pair = {message.role: message.content for message in said if message.run_id == question.run_id}
    assert pair == {"user": question.text, "assistant": run.answer}, (
        f"{question.text!r} was to have its own answer, but the conversation holds {pair}"
    )
