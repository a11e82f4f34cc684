"""Several people, and several questions, at the same time."""

from __future__ import annotations

import asyncio

from goldenpath.bdd import given, then, when
from goldenpath.ports.agents import AgentsPort
from goldenpath.ports.database import DatabasePort
from goldenpath.steps.asking import answer, asks, outcome
from goldenpath.steps.people import People, Person
from goldenpath.steps.saved import saved, saved_titles
from goldenpath.steps.watching import everything_shown, own_only
from goldenpath.steps.words import FRESH

CROWD = "customer number {}"


async def _each_asks(everybody: list[Person], agents: AgentsPort) -> None:
    async def ask(person: Person) -> None:
        question = await asks(person, agents, f"What is on the desk of {person.name}?")
        assert question, f"{person.name} was to be able to ask, but {person.was_told()}"

    await asyncio.gather(*(ask(person) for person in everybody))


async def _each_reads(everybody: list[Person], agents: AgentsPort) -> None:
    for person in everybody:
        said = await answer(person, agents, person.question)
        assert person.name in said, f"{person.name} was to read the answer to the own question, but read {said!r}"


def _each_saw_the_own(everybody: list[Person]) -> None:
    for person in everybody:
        assert person.window.story(person.question.run_id), f"{person.name} was to see the own work, but saw nothing"
        own_only(person)


async def _saw_nothing(person: Person, agents: AgentsPort) -> None:
    await everything_shown(person, agents)
    shown = [event.type for event in person.window.events]
    assert shown == [], f"{person.name} was to see nothing, but saw {shown}"


@given("{int} customers are signed in and watching")
async def _(number: int, people: People) -> None:
    await asyncio.gather(*(people.watching(CROWD.format(place)) for place in range(1, number + 1)))


@when("each of the customers asks a question of their own")
async def _(people: People, agents: AgentsPort) -> None:
    await _each_asks(people.everybody, agents)


@then("each of the customers reads the answer to their own question", needs=("agents.scripted",))
async def _(people: People, agents: AgentsPort) -> None:
    await _each_reads(people.everybody, agents)


@then("each of the customers saw their own work only")
async def _(people: People) -> None:
    for person in people.everybody:
        await person.window.ending(person.question.run_id)
    _each_saw_the_own(people.everybody)


@when("{people} each ask a question of their own")
async def _(names: list[str], people: People, agents: AgentsPort) -> None:
    await _each_asks([await people.called(name) for name in names], agents)


@then("{people} each read the answer to their own question", needs=("agents.scripted",))
async def _(names: list[str], people: People, agents: AgentsPort) -> None:
    await _each_reads([await people.called(name) for name in names], agents)


@then("{people} each saw their own work only")
async def _(names: list[str], people: People, agents: AgentsPort) -> None:
    everybody = [await people.called(name) for name in names]
    for person in everybody:
        await everything_shown(person, agents)
    _each_saw_the_own(everybody)


@then("{person} saw nothing")
async def _(name: str, people: People, agents: AgentsPort) -> None:
    await _saw_nothing(await people.called(name), agents)


@then("{people} saw nothing")
async def _(names: list[str], people: People, agents: AgentsPort) -> None:
    for name in names:
        await _saw_nothing(await people.called(name), agents)


@then("{people} each have one saved conversation with their own question and answer", needs=FRESH)
async def _(names: list[str], people: People, database: DatabasePort) -> None:
    for name in names:
        person = await people.called(name)
        found = await saved_titles(person, database)
        assert len(found) == 1, f"{name} was to have one saved conversation, but has {len(found)}"
        text = await saved(person, database, person.question)
        assert name in text, f"{name}'s own answer was to be saved, but saved is {text!r}"


@when("{person} asks these questions at once:")
async def _(name: str, datatable: list[list[str]], people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    await asyncio.gather(*(asks(person, agents, text) for (text,) in datatable))


@when("{person} asks these questions at once in {string}:")
async def _(name: str, title: str, datatable: list[list[str]], people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    thread = person.threads[title]
    await asyncio.gather(*(asks(person, agents, text, thread.id) for (text,) in datatable))


@when("{person} stops the assistant at the question {string}", needs=("agents.cancel",))
async def _(name: str, text: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    await agents.cancel(person.token(), person.question_called(text).run_id)


@then("{person}'s question {string} was stopped", needs=("agents.cancel",))
async def _(name: str, text: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    run = await outcome(person, agents, person.question_called(text))
    assert (run.status, run.error) == ("failed", "cancelled"), (
        f"{name}'s question {text!r} was to be stopped, but is {run.status}"
    )
    assert run.answer is None, f"{name}'s question {text!r} was to have no answer, but has {run.answer!r}"


@then("{person}'s question {string} is answered")
async def _(name: str, text: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    await answer(person, agents, person.question_called(text))
