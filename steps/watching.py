"""Watching the assistant at work: the story of a question, lost connections, windows and passes."""

from __future__ import annotations

from datetime import timedelta

from goldenpath.bdd import given, parameter_type, then, when
from goldenpath.domain.errors import NotFound, NotSignedIn
from goldenpath.ports.agents import AgentsPort
from goldenpath.ports.clock import Clock
from goldenpath.ports.events import (
    COMPLETED,
    ENDINGS,
    SESSION_ENDED,
    STARTED,
    THINKING,
    TOOL_ENDED,
    TOOL_STARTED,
    Event,
    EventsPort,
)
from goldenpath.steps.forgery import made_by_thief
from goldenpath.steps.people import BROWSER, People, Person, Question, Window
from goldenpath.steps.sessions import must_be_told

KINDS = {
    "that the assistant started": STARTED,
    "a thought of the assistant": THINKING,
    "a tool at work": TOOL_STARTED,
    "a tool that is done": TOOL_ENDED,
    "the answer": COMPLETED,
}
"""The kinds of step, in the customers' words and in the product's."""

SAYS = {
    STARTED: "message",
    THINKING: "reasoning",
    TOOL_STARTED: "tool",
    TOOL_ENDED: "tool",
    COMPLETED: "answer",
}
"""What each kind of step must say something in."""

A_MINUTE = timedelta(minutes=1)

parameter_type("kind", "|".join(KINDS), str)


async def everything_shown(person: Person, agents: AgentsPort) -> None:
    """Wait until all that was under way to the person's windows is there.

    What is sent to one person arrives in order: once the end of a later question is seen in a window, nothing
    that was sent before is still under way to it.
    """
    for question in person.questions:
        await person.window.ending(question.run_id)
    marker = await agents.start(person.token(), "Is there anything else?")
    for window in person.windows.values():
        if window.connection.is_open:
            await window.connection.ending(marker.run_id)
    for window in person.windows.values():
        for connection in window.connections:
            connection.forget(marker.run_id)


def in_order(person: Person, story: list[Event], question: Question) -> None:
    """Assert that a story is whole: its steps are 1, 2, 3, ... to its one ending."""
    name = person.name
    shown = [event.seq for event in story]
    assert shown == list(range(1, len(story) + 1)), (
        f"{name} was to see every step of {question.text!r} once, in order, but saw the steps {shown}"
    )
    assert story, f"{name} was to see the steps of {question.text!r}, but saw none"
    assert story[0].type == STARTED, f"{name} was to see the start first, but saw {story[0].type!r}"
    assert story[-1].type in ENDINGS, f"{name} was to see the end last, but saw {story[-1].type!r}"
    assert len({event.event_id for event in story}) == len(story), f"{name} was to see each step once"


def own_only(person: Person) -> None:
    """Assert that nothing was shown but the person's own questions."""
    known = {question.run_id: question.thread_id for question in person.questions}
    for window in person.windows.values():
        for event in window.events:
            assert event.user_id == person.id, f"{person.name} was shown a step of somebody else's work"
            assert event.run_id in known, f"{person.name} was shown a step of a question that {person.name} never asked"
            assert event.thread_id == known[event.run_id], f"{person.name} was shown a step of another conversation"


async def _whole_story(name: str, people: People, agents: AgentsPort, questions: list[Question] | None = None) -> None:
    person = await people.called(name)
    await everything_shown(person, agents)
    for question in questions or [person.question]:
        in_order(person, person.window.story(question.run_id), question)
    own_only(person)


@given("{person} is signed in and watching")
async def _(name: str, people: People) -> None:
    await people.watching(name)


@given("{people} are signed in and watching")
async def _(names: list[str], people: People) -> None:
    for name in names:
        await people.watching(name)


@given("{person} is watching on the {device} and on the {device}")
async def _(name: str, one: str, two: str, people: People) -> None:
    for device in (one, two):
        await people.watching(name, device)


@given("{person} has a second window")
async def _(name: str, people: People) -> None:
    await people.open_window(await people.watching(name), "second")


@when("{person} closes the second window")
async def _(name: str, people: People) -> None:
    person = await people.called(name)
    await person.windows.pop("second").connection.close()


@when("{person}'s connection drops once the assistant has started")
async def _(name: str, people: People) -> None:
    person = await people.called(name)
    await person.window.connection.seen(STARTED, run_id=person.question.run_id)
    await person.window.connection.drop()


async def _comes_back(person: Person, events: EventsPort) -> None:
    resume = person.window.resume(person.question.run_id)
    person.window.connections.append(await events.connect(person.token(), resume=resume))


@when("{person} comes back", needs=("events.resume",))
async def _(name: str, people: People, events: EventsPort) -> None:
    await _comes_back(await people.called(name), events)


@when("{person} comes back when the work is done", needs=("events.resume",))
async def _(name: str, people: People, events: EventsPort, agents: AgentsPort) -> None:
    person = await people.called(name)
    await agents.finished(person.token(), person.question.run_id)
    await _comes_back(person, events)


@when("{person}'s connection drops and {person} comes back", needs=("events.resume",))
async def _(name: str, _same: str, people: People, events: EventsPort) -> None:
    person = await people.called(name)
    await person.window.connection.drop()
    await _comes_back(person, events)


@when("{person} tries to come back to {person}'s question", needs=("events.resume",))
async def _(name: str, other: str, people: People, events: EventsPort) -> None:
    person, owner = await people.called(name), await people.called(other)
    await person.tries(events.connect(person.token(), resume=Window([]).resume(owner.question.run_id)))


@when("{person} tries to watch with a sign-in that {person} made")
async def _(name: str, _same: str, people: People, events: EventsPort) -> None:
    thief, victim = await people.called(name), await people.signed_in("Ada")
    forged = made_by_thief(victim.grants[victim.device])
    await thief.tries(events.connect(forged))


@given("{person} has a pass for a window", needs=("events.tickets",))
@when("{person} asks for a pass for a window", needs=("events.tickets",))
async def _(name: str, people: People, events: EventsPort) -> None:
    person = await people.signed_in(name)
    person.window_pass = await events.ticket(person.token())


@when("{person} opens a window with the pass", needs=("events.tickets",))
async def _(name: str, people: People, events: EventsPort) -> None:
    person = await people.called(name)
    connection = await person.tries(events.connect(ticket=person.window_pass))
    if connection is not None:
        person.windows[BROWSER] = Window([connection])


@when("{person} opens a window with {person}'s pass", needs=("events.tickets",))
async def _(thief: str, owner: str, people: People, events: EventsPort) -> None:
    person, victim = await people.called(thief), await people.called(owner)
    await person.tries(events.connect(ticket=victim.window_pass))


@then("{person} sees {kind}", needs=("agents.scripted",))
async def _(name: str, kind: str, people: People) -> None:
    person = await people.called(name)
    event = await person.window.connection.seen(KINDS[kind], run_id=person.question.run_id)
    assert event.data.get(SAYS[event.type]), f"{name} was to see {kind}, but it said nothing"


@then("{person} sees every kind of step: start, thought, tool at work, tool done, answer", needs=("agents.scripted",))
async def _(name: str, people: People) -> None:
    person = await people.called(name)
    await person.window.ending(person.question.run_id)
    story = person.window.story(person.question.run_id)
    missing = [kind for kind, type_ in KINDS.items() if type_ not in {event.type for event in story}]
    assert not missing, f"{name} was to see every kind of step, but did not see {', '.join(missing)}"


@then("{person} has seen every step of the work once, in order")
async def _(name: str, people: People, agents: AgentsPort) -> None:
    await _whole_story(name, people, agents)


@then("{person} has seen every step of each of the {int} questions once, in order")
async def _(name: str, number: int, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    assert len(person.questions) == number, f"{name} was to have asked {number} questions"
    await _whole_story(name, people, agents, person.questions)


@then("{person} sees that the assistant started before anything else, once")
async def _(name: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    await everything_shown(person, agents)
    kinds = [event.type for event in person.window.story(person.question.run_id)]
    assert kinds[:1] == [STARTED], f"{name} was to see the start first, but saw {kinds}"
    assert kinds.count(STARTED) == 1, f"{name} was to see the start once, but saw it {kinds.count(STARTED)} times"


@then("{person} sees a thought before the end")
async def _(name: str, people: People) -> None:
    person = await people.called(name)
    await person.window.ending(person.question.run_id)
    kinds = [event.type for event in person.window.story(person.question.run_id)]
    end = next(place for place, kind in enumerate(kinds) if kind in ENDINGS)
    assert THINKING in kinds[:end], f"{name} was to see a thought before the end, but saw {kinds}"


@then("{person} sees every tool start and then end, all before the work ends")
async def _(name: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    await everything_shown(person, agents)
    at_work: dict[str, str] = {}
    seen: set[str] = set()
    for event in person.window.story(person.question.run_id):
        if event.type == TOOL_STARTED:
            call = event.data["tool_call_id"]
            assert call not in seen, f"{name} was to tell each piece of work from every other"
            seen.add(call)
            at_work[call] = event.data["tool"]
        elif event.type == TOOL_ENDED:
            tool = at_work.pop(event.data["tool_call_id"], None)
            assert tool == event.data["tool"], f"{name} saw the end of {event.data['tool']!r}, but not its start before"
        elif event.type in ENDINGS:
            assert not at_work, f"{name} was to see the end of {', '.join(at_work.values())} before the end"
    assert seen, f"{name} was to see a tool at work, but saw none"
    assert not at_work, f"{name} was to see the end of {', '.join(at_work.values())}"


@then("{person} sees one end, and nothing after it")
async def _(name: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    await everything_shown(person, agents)
    kinds = [event.type for event in person.window.story(person.question.run_id)]
    ends = [place for place, kind in enumerate(kinds) if kind in ENDINGS]
    assert ends == [len(kinds) - 1], f"{name} was to see one end, and nothing after it, but saw {kinds}"


@then("every step that {person} sees belongs to one question, one conversation and {person}")
async def _(name: str, _same: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    await everything_shown(person, agents)
    assert person.window.events, f"{name} was to see the steps of the work, but saw none"
    own_only(person)


@then("the times of the steps that {person} sees never go back")
async def _(name: str, people: People) -> None:
    person = await people.called(name)
    await person.window.ending(person.question.run_id)
    times = [event.timestamp for event in person.window.story(person.question.run_id)]
    assert all(time.tzinfo is not None for time in times), f"{name} was to see from which zone the times are"
    assert times == sorted(times), f"{name} was to see times that never go back, but saw {[str(t) for t in times]}"


@then("the times of the steps that {person} sees are of this minute")
async def _(name: str, people: People, clock: Clock) -> None:
    person = await people.called(name)
    await person.window.ending(person.question.run_id)
    for event in person.window.story(person.question.run_id):
        assert event.timestamp.tzinfo is not None, f"{name} was to see from which zone the times are"
        assert abs(clock.now() - event.timestamp) < A_MINUTE, (
            f"{name} was to see times of this minute, but saw {event.timestamp}"
        )


@then("{person} is told that there is no such question")
async def _(name: str, people: People) -> None:
    must_be_told(await people.called(name), NotFound, "that there is no such question")


@then("{person} is turned away from the window")
async def _(name: str, people: People) -> None:
    must_be_told(await people.called(name), NotSignedIn, "that the pass opens no window")


async def _closed_by_the_end(person: Person, window: Window) -> None:
    closed = await window.connection.closed()
    assert closed.code == SESSION_ENDED, (
        f"{person.name}'s window was to close because the sign-in ended, but it closed because {closed.reason!r}"
    )


@then("{person}'s window is closed because the sign-in ended")
async def _(name: str, people: People) -> None:
    person = await people.called(name)
    await _closed_by_the_end(person, person.window)


@then("{person}'s window on the {device} is closed because the sign-in ended")
async def _(name: str, device: str, people: People) -> None:
    person = await people.called(name)
    await _closed_by_the_end(person, person.windows[device])


async def _shows_the_work(person: Person, window: Window, token: str, agents: AgentsPort) -> None:
    started = await agents.start(token, "Does the window show this?")
    await window.connection.ending(started.run_id)
    shown = [event.seq for event in window.story(started.run_id)]
    assert shown == list(range(1, len(shown) + 1)), f"{person.name}'s window was to show the whole work, but: {shown}"


@then("{person}'s window on the {device} still shows the work")
async def _(name: str, device: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    await _shows_the_work(person, person.windows[device], person.token(device), agents)


@then("{person}'s window shows the work")
async def _(name: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    await _shows_the_work(person, person.window, person.token(), agents)


@then("{person}'s second window shows the same as the first")
async def _(name: str, people: People, agents: AgentsPort) -> None:
    person = await people.called(name)
    await everything_shown(person, agents)
    first, second = person.window.events, person.windows["second"].events
    assert first, f"{name} was to see the work in the first window, but saw nothing"
    assert first == second, f"{name} was to see the same in both windows, but saw {len(first)} and {len(second)} steps"
