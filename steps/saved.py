"""What is saved, read where it lies."""

from __future__ import annotations

from datetime import timedelta

from goldenpath.bdd import then
from goldenpath.ports.agents import AgentsPort
from goldenpath.ports.clock import Clock
from goldenpath.ports.database import DatabasePort, MessageRow
from goldenpath.steps.people import People, Person, Question
from goldenpath.steps.words import FRESH

A_MINUTE = timedelta(minutes=1)
ALL = 100


async def saved(person: Person, database: DatabasePort, question: Question) -> str:
    """The saved answer to a question, which must be saved as answered, question and answer in this order."""
    row = await database.run(person.id, question.run_id)
    assert row, f"{person.name}'s question {question.text!r} was to be saved, but is not"
    assert row.prompt == question.text, f"{person.name}'s question was to be saved word for word, not as {row.prompt!r}"
    assert row.status == "completed", f"{person.name}'s question was to be saved as answered, but is {row.status}"
    rows = await database.messages(person.id, question.thread_id)
    said = [(r.role, r.content) for r in rows if r.run_id == question.run_id]
    assert said == [("user", question.text), ("assistant", row.answer)], (
        f"{person.name}'s question was to be saved with its answer, but this is saved: {said}"
    )
    assert row.answer, f"{person.name}'s question was to be saved with its answer, but the answer is empty"
    return row.answer


async def saved_titles(person: Person, database: DatabasePort) -> list[str]:
    """The titles of the conversations saved under the person's name, the latest first."""
    rows = await database.threads(person.id, limit=ALL)
    assert {row.owner_id for row in rows} <= {person.id}, f"somebody else's conversations are saved for {person.name}"
    return [row.title for row in rows]


@then("{person}'s question is saved with its answer")
async def _(name: str, people: People, agents: AgentsPort, database: DatabasePort) -> None:
    person = await people.called(name)
    await agents.finished(person.token(), person.question.run_id)
    await saved(person, database, person.question)


@then("{person}'s question is saved with the answer that {person} read")
async def _(name: str, _same: str, people: People, database: DatabasePort) -> None:
    person = await people.called(name)
    text = await saved(person, database, person.question)
    assert text == person.answer_read, f"{name} read {person.answer_read!r}, but saved is {text!r}"


@then("the answer is saved by the moment {person} reads it")
async def _(name: str, people: People, database: DatabasePort) -> None:
    person = await people.called(name)
    ending = await person.window.ending(person.question.run_id)
    text = await saved(person, database, person.question)
    assert text == ending.data["answer"], f"{name} reads {ending.data['answer']!r}, but saved is {text!r}"


@then("{person}'s question is saved as given up, without an answer")
async def _(name: str, people: People, database: DatabasePort) -> None:
    person = await people.called(name)
    row = await database.run(person.id, person.question.run_id)
    assert row, f"{name}'s question was to be saved, but is not"
    assert row.status == "failed", f"{name}'s question was to be saved as given up, but is {row.status}"
    assert row.answer is None, f"{name}'s question was to be saved without an answer, but with {row.answer!r}"
    said = [(r.role, r.content) for r in await database.messages(person.id, person.question.thread_id)]
    assert said == [("user", person.question.text)], f"{name}'s question was to be saved alone, but saved is {said}"


@then("{person}'s conversation is saved as:")
async def _(name: str, datatable: list[list[str]], people: People, database: DatabasePort) -> None:
    person = await people.called(name)
    rows = await database.messages(person.id, person.question.thread_id)
    speakers = {"user": name, "assistant": "the assistant"}
    said = [[speakers[row.role], row.content] for row in rows]
    assert said == datatable, f"{name}'s conversation was to be saved as it was held, but saved is {said}"
    _in_time(person, rows)


def _in_time(person: Person, rows: tuple[MessageRow, ...]) -> None:
    times = [row.created_at for row in rows]
    assert all(time.tzinfo is not None for time in times), f"{person.name}'s times were to be saved with their zone"
    assert times == sorted(times), f"{person.name}'s conversation was to be saved in the order of its times"


@then("{person}'s conversation is saved with times of this minute")
async def _(name: str, people: People, database: DatabasePort, clock: Clock) -> None:
    person = await people.called(name)
    rows = await database.messages(person.id, person.question.thread_id)
    assert rows, f"{name}'s conversation was to be saved, but is not"
    _in_time(person, rows)
    thread = await database.thread(person.id, person.question.thread_id)
    assert thread, f"{name}'s conversation was to be saved, but is not"
    for time in [*(row.created_at for row in rows), thread.last_activity_at]:
        assert abs(clock.now() - time) < A_MINUTE, f"{name}'s times were to be of this minute, but one is {time}"


@then("{person}'s saved conversations are: {names}", needs=FRESH)
async def _(name: str, expected: list[str], people: People, database: DatabasePort) -> None:
    person = await people.called(name)
    found = await saved_titles(person, database)
    assert found == expected, f"{name}'s conversations were to be saved as {expected}, but saved are {found}"


@then("{person}'s {int} conversations are saved", needs=FRESH)
async def _(name: str, number: int, people: People, database: DatabasePort) -> None:
    person = await people.called(name)
    found = await saved_titles(person, database)
    assert found == list(reversed(person.threads)), (
        f"{name}'s {number} conversations were to be saved, the latest first, but saved are {found}"
    )


@then("{person}'s conversation is saved with the full title", needs=FRESH)
async def _(name: str, people: People, database: DatabasePort) -> None:
    person = await people.called(name)
    assert person.refusal is None, f"{name} was to begin a conversation, but {person.was_told()}"
    found = await saved_titles(person, database)
    assert found == list(person.threads), f"{name}'s title was to be saved in full, but saved is {found}"


@then("what is saved for {person} is not found under the name of {person}")
async def _(owner_name: str, name: str, people: People, database: DatabasePort) -> None:
    owner, other = await people.called(owner_name), await people.called(name)
    for question in owner.questions:
        await saved(owner, database, question)
        found = [
            await database.thread(other.id, question.thread_id),
            await database.run(other.id, question.run_id),
            *await database.messages(other.id, question.thread_id),
        ]
        assert found == [None, None], f"what is saved for {owner_name} was found under the name of {name}"
