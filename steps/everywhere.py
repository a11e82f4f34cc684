"""One sign-in for every part of the product: what all of them accept, and all of them refuse."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from goldenpath.bdd import given, then
from goldenpath.domain.errors import NotSignedIn
from goldenpath.ports.agents import AgentsPort
from goldenpath.ports.auth import AuthPort
from goldenpath.ports.events import EventsPort
from goldenpath.steps.people import People, Person


@given("{person} has used every part of the product")
async def _(name: str, people: People, auth: AuthPort, agents: AgentsPort, events: EventsPort) -> None:
    person = await people.signed_in(name)
    await _known_everywhere(person, person.token(), auth, agents, events)


@given("{person} has used every part of the product on the {device}")
async def _(name: str, device: str, people: People, auth: AuthPort, agents: AgentsPort, events: EventsPort) -> None:
    person = await people.signed_in(name, device)
    await _known_everywhere(person, person.token(device), auth, agents, events)


@then("every part of the product knows {person}")
async def _(name: str, people: People, auth: AuthPort, agents: AgentsPort, events: EventsPort) -> None:
    person = await people.called(name)
    await _known_everywhere(person, person.token(), auth, agents, events)


@then("every part of the product knows {person} on the {device}")
async def _(name: str, device: str, people: People, auth: AuthPort, agents: AgentsPort, events: EventsPort) -> None:
    person = await people.called(name)
    await _known_everywhere(person, person.token(device), auth, agents, events)


async def _known_everywhere(person: Person, token: str, auth: AuthPort, agents: AgentsPort, events: EventsPort) -> None:
    assert (await auth.me(token)).id == person.id, f"{person.name} was to be known at the door"
    started = await agents.start(token, "Do you know me?")
    await agents.finished(token, started.run_id)
    page = await agents.threads(token)
    assert started.thread_id in {t.id for t in page.threads}, f"{person.name} was to find the question again"
    connection = await events.connect(token)
    later = await agents.start(token, "Do you see me?")
    shown = await connection.ending(later.run_id)
    await connection.close()
    assert shown.user_id == person.id, f"{person.name} was to be known in the window"


@then("every part of the product asks {person} to sign in")
async def _(name: str, people: People, auth: AuthPort, agents: AgentsPort, events: EventsPort) -> None:
    person = await people.called(name)
    await _refused_everywhere(person, person.token(), auth, agents, events)


@then("every part of the product asks {person} to sign in on the {device}")
async def _(name: str, device: str, people: People, auth: AuthPort, agents: AgentsPort, events: EventsPort) -> None:
    person = await people.called(name)
    await _refused_everywhere(person, person.token(device), auth, agents, events)


async def _refused_everywhere(
    person: Person, token: str, auth: AuthPort, agents: AgentsPort, events: EventsPort
) -> None:
    doors: dict[str, Callable[[], Awaitable[object]]] = {
        "the account": lambda: auth.me(token),
        "the list of sign-ins": lambda: auth.sessions(token),
        "the conversations": lambda: agents.threads(token),
        "the assistant": lambda: agents.start(token, "Do you know me?"),
        "the window": lambda: events.connect(token),
        "the pass for a window": lambda: events.ticket(token),
    }
    let_in = []
    for door, knock in doors.items():
        await person.tries(knock())
        if not isinstance(person.refusal, NotSignedIn):
            let_in.append(door)
    assert not let_in, f"{person.name} was to be asked to sign in, but was let in at: {', '.join(let_in)}"
