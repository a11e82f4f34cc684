"""Asking the assistant, reading its answer, stopping it."""

from __future__ import annotations

from goldenpath.bdd import given, parameter_type, then, when
from goldenpath.domain.errors import Conflict, Invalid
from goldenpath.ports.agents import AgentsPort, Run
from goldenpath.ports.events import COMPLETED, ENDINGS, FAILED, STARTED, TOOL_ENDED, TOOL_STARTED
from goldenpath.steps.people import People, Person, Question
from goldenpath.steps.sessions import must_be_told
from goldenpath.steps.words import FRESH

parameter_type("length", r"nothing|spaces|\d+ letters", str)


async def asks(person: Person, agents: AgentsPort, text: str, thread_id: str | None = None) -> Question | None:
    """Ask; a refusal is kept for the sentence that speaks of it."""
    started = await person.tries(agents.start(person.token(), text, thread_id))
    return None if started is None else person.asked(text, started)


async def outcome(person: Person, agents: AgentsPort, question: Question) -> Run:
    """What became of a question; whoever watches was told the same as is kept."""
    run = await agents.finished(person.token(), question.run_id)
    for window in person.windows.values():
        if window.connection.is_open:
            ending = await window.ending(question.run_id)
            told = ending.data.get("answer") if ending.type == COMPLETED else None
            assert told == run.answer, f"{person.name} was told {told!r}, but {run.answer!r} is kept"
    return run


async def answer(person: Person, agents: AgentsPort, question: Question) -> str:
    """The answer to a question, which must have one."""
    run = await outcome(person, agents, question)
    assert run.status == "completed", (
        f"{person.name} was to read one answer to {question.text!r}, but was told that the work ended as {run.error}"
    )
    assert run.answer, f"{person.name} was to read one answer to {question.text!r}, but it was empty"
    if person.windows:
        endings = [event.type for event in person.window.story(question.run_id) if event.type in ENDINGS]
        assert endings == [COMPLETED], f"{person.name} was to read one answer, but the work ended {len(endings)} times"
    return run.answer


async def _gave_up(name: str, people: People, code: str, what: str) -> None:
    person = await people.called(name)
    ending = await person.window.ending(person.question.run_id)
    assert ending.type == FAILED, f"{name} was to be told that {what}, but read {ending.data.get('answer')!r}"
    told = ending.data["error"]["code"]
    assert told == code, f"{name} was to be told that {what}, but was told {told!r}"


@given("{person} has asked {string}")
async def _(name: str, text: str, people: People, agents: AgentsPort) -> None:
    person = await people.signed_in(name)
    question = await asks(person, agents, text)
    assert question, f"{name} was to have asked {text!r}, but {person.was_told()}"
    await outcome(person, agents, question)


@given("the assistant is working on {person}'s question {string}")
async def _(name: str, text: str, people: People, agents: AgentsPort) -> None:
    person = await people.watching(name)
    question = await asks(person, agents, text)
    assert question, f"{name} was to have asked {text!r}, but {person.was_told()}"
    await person.window.connection.seen(TOOL_STARTED, run_id=question.run_id)


@given("the assistant is working on the question {string} of {people}")
async def _(text: str, names: list[str], people: People, agents: AgentsPort) -> None:
    for name in names:
        person = await people.watching(name)
        question = await asks(person, agents, text)
        assert question, f"{name} was to have asked {text!r}, but {person.was_told()}"
        await person.window.connection.seen(STARTED, run_id=question.run_id)


@when("{person} asks {string}")
async def _(name: str, text: str, people: People, agents: AgentsPort) -> None:
    await asks(await people.signed_in(name), agents, text)


@when("{person} asks {string} in the same conversation")
async def _(name: str, text: str, people: People, agents: AgentsPort) -> None:
    person = await people.signed_in(name)
    await asks(person, agents, text, person.question.thread_id)


@when("{person} asks {string} in {string}")
async def _(name: str, text: str, title: str, people: People, agents: AgentsPort) -> None:
    person = await people.signed_in(name)
    await asks(person, agents, text, person.threads[title].id)


@when("{person} asks {string} in the window")
async def _(name: str, text: str, people: People) -> None:
    person = await people.watching(name)
    started = await person.tries(person.window.connection.ask(text))
    if started is not None:
        person.asked(text, started)


@when("{person} asks {string} in the window, in the same conversation")
async def _(name: str, text: str, people: People) -> None:
    person = await people.watching(name)
    started = await person.tries(person.window.connection.ask(text, person.question.thread_id))
    if started is not None:
        person.asked(text, started)


@when("{person} asks a question of {length}")
async def _(name: str, length: str, people: People, agents: AgentsPort) -> None:
    text = {"nothing": "", "spaces": "   "}.get(length) if length in ("nothing", "spaces") else None
    await asks(await people.signed_in(name), agents, "x" * int(length.split()[0]) if text is None else text)


@when("{person} stops the assistant", needs=("agents.cancel",))
async def _(name: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    await person.tries(agents.cancel(person.token(), person.question.run_id))


@then("{person} reads {string}", needs=("agents.scripted",))
async def _(name: str, text: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    said = await answer(person, agents, person.question)
    assert said == text, f"{name} was to read {text!r}, but read {said!r}"


@then("{person} reads one answer")
async def _(name: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    person.answer_read = await answer(person, agents, person.question)


@then("{person} reads one answer to each of the {int} questions")
async def _(name: str, number: int, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    asked = person.questions
    assert len({question.run_id for question in asked}) == number, f"{name} was to have asked {number} questions"
    for question in asked:
        await answer(person, agents, question)


@then("{person}'s answer speaks of {string}", needs=("agents.scripted",))
async def _(name: str, what: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    said = await answer(person, agents, person.question)
    assert what in said, f"{name} was to read of {what!r}, but read {said!r}"


@then("{person}'s answer does not speak of {string}")
async def _(name: str, what: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    said = await answer(person, agents, person.question)
    assert what not in said, f"{name} was not to read of {what!r}, but read {said!r}"


@then("{person} has no answer to the question")
async def _(name: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    run = await outcome(person, agents, person.question)
    assert run.answer is None, f"{name} was to have no answer, but has {run.answer!r}"
    said = await agents.messages(person.token(), person.question.thread_id)
    assert [(message.role, message.content) for message in said] == [("user", person.question.text)], (
        f"{name} was to find the question alone, but finds {[m.content for m in said]}"
    )


@then("{person} is told that this is not a question")
async def _(name: str, people: People) -> None:
    must_be_told(await people.called(name), Invalid, "that this is not a question")


@then("{person} has asked nothing", needs=FRESH)
async def _(name: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    page = await agents.threads(person.token())
    assert page.threads == (), f"{name} was to have no conversation, but has {[t.title for t in page.threads]}"


@then("{person} sees at work: {names}", needs=("agents.scripted",))
async def _(name: str, tools: list[str], people: People) -> None:
    person = await people.called(name)
    await person.window.ending(person.question.run_id)
    story = person.window.story(person.question.run_id)
    at_work = [event.data["tool"].replace("_", " ") for event in story if event.type == TOOL_STARTED]
    assert at_work == tools, f"{name} was to see at work {tools}, but saw {at_work}"


@then("{person} sees {float} million for this year and {float} million for last year", needs=("agents.scripted",))
async def _(name: str, this: float, last: float, people: People) -> None:
    person = await people.called(name)
    await person.window.ending(person.question.run_id)
    story = person.window.story(person.question.run_id)
    asked = {e.data["tool_call_id"]: e.data["arguments"]["year"] for e in story if e.type == TOOL_STARTED}
    shown = {asked.get(e.data["tool_call_id"]): e.data["result"]["total"] for e in story if e.type == TOOL_ENDED}
    said = {"this": round(this * 1_000_000), "last": round(last * 1_000_000)}
    assert shown == said, f"{name} was to see each year's own figure, but saw {shown}"


@then("{person} sees that the {word} {word} failed", needs=("agents.scripted",))
async def _(name: str, first: str, second: str, people: People) -> None:
    person = await people.called(name)
    await person.window.ending(person.question.run_id)
    story = person.window.story(person.question.run_id)
    done = [e.data for e in story if e.type == TOOL_ENDED and e.data["tool"] == f"{first}_{second}"]
    assert len(done) == 1, f"{name} was to see the end of the {first} {second} once, but saw it {len(done)} times"
    assert done[0]["ok"] is False, f"{name} was to see that the {first} {second} failed, but was told that it worked"
    assert done[0].get("error"), f"{name} was to see why the {first} {second} failed"
    assert "result" not in done[0], f"{name} was to see no result of the {first} {second}"


@then("{person} is told that the assistant gave up", needs=("agents.scripted",))
async def _(name: str, people: People) -> None:
    await _gave_up(name, people, "crashed", "the assistant gave up")


@then("{person} is told that the work was stopped")
async def _(name: str, people: People) -> None:
    await _gave_up(name, people, "cancelled", "the work was stopped")


@then("{person} is told that the work was cut short")
async def _(name: str, people: People) -> None:
    await _gave_up(name, people, "interrupted", "the work was cut short")


@then("{person} is told that the work is done already")
async def _(name: str, people: People) -> None:
    must_be_told(await people.called(name), Conflict, "that the work is done already")


@then("{person} can ask {string} and see the work")
async def _(name: str, text: str, people: People, agents: AgentsPort) -> None:
    person = await people.watching(name)
    question = await asks(person, agents, text)
    assert question, f"{name} was to be able to ask, but {person.was_told()}"
    await answer(person, agents, question)
    assert person.window.story(question.run_id), f"{name} was to see the work, but saw nothing"


@when("the assistant breaks down and comes back", needs=("agents.restart",))
async def _(agents: AgentsPort) -> None:
    await agents.crash()
    await agents.restart()
