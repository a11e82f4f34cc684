"""The people of a scenario: their accounts, sign-ins, windows and questions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from goldenpath.domain.errors import Refused
from goldenpath.ports.agents import AgentsPort, Started, Thread
from goldenpath.ports.auth import Account, AuthPort, Grant
from goldenpath.ports.cache import CachePort
from goldenpath.ports.clock import Clock
from goldenpath.ports.database import DatabasePort
from goldenpath.ports.events import ENDINGS, Connection, Event, EventsPort, Resume

T = TypeVar("T")

BROWSER = "browser"
"""Where a person is signed in when the sentence names no device."""


@pytest.fixture
def auth(gp_auth: AuthPort) -> AuthPort:
    """Who is who."""
    return gp_auth


@pytest.fixture
def events(gp_events: EventsPort) -> EventsPort:
    """What the assistant tells while it works."""
    return gp_events


@pytest.fixture
def agents(gp_agents: AgentsPort) -> AgentsPort:
    """The assistant as its users reach it."""
    return gp_agents


@pytest.fixture
def database(gp_database: DatabasePort) -> DatabasePort:
    """What is stored."""
    return gp_database


@pytest.fixture
def at_hand(gp_cache: CachePort) -> CachePort:
    """What is kept at hand."""
    return gp_cache


@pytest.fixture
def clock(gp_clock: Clock) -> Clock:
    """The time of the scenario."""
    return gp_clock


@dataclass
class Question:
    """What a person asked, and the run that it began."""

    text: str
    run_id: str
    thread_id: str


@dataclass
class Window:
    """One window on the work. A connection that was lost is followed by another: they tell one story."""

    connections: list[Connection]

    @property
    def connection(self) -> Connection:
        """The latest connection."""
        return self.connections[-1]

    @property
    def events(self) -> list[Event]:
        """All that was ever shown in this window, in order."""
        return [event for connection in self.connections for event in connection.received]

    def story(self, run_id: str) -> list[Event]:
        """What was shown of one question."""
        return [event for event in self.events if event.run_id == run_id]

    async def ending(self, run_id: str) -> Event:
        """How a question ended, in whichever connection that was shown."""
        for connection in self.connections[:-1]:
            for event in connection.events_of(run_id):
                if event.type in ENDINGS:
                    return event
        return await self.connection.ending(run_id)

    def resume(self, run_id: str) -> Resume:
        """Where this window left off with a question."""
        return Resume(run_id, max((event.seq for event in self.story(run_id)), default=0))


@dataclass(repr=False)
class Person:
    """One person of the scenario, and what became of what the person tried."""

    name: str
    account: Account
    grants: dict[str, Grant] = field(default_factory=dict)
    session_ids: dict[str, str] = field(default_factory=dict)
    windows: dict[str, Window] = field(default_factory=dict)
    threads: dict[str, Thread] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    answer_read: str | None = None
    leafed_through: list[str] = field(default_factory=list)
    window_pass: str | None = None
    refusal: Refused | None = None

    def __repr__(self) -> str:
        return self.name

    @property
    def id(self) -> str:
        """The person's id in the product."""
        return self.account.user.id

    def token(self, device: str | None = None) -> str:
        """What shows that the person is signed in; on the device used last, unless one is named."""
        assert self.grants, f"{self.name} was to be signed in, but never was"
        return self.grants[device or self.device].access_token

    @property
    def device(self) -> str:
        """The device that the person used last."""
        return list(self.grants)[-1]

    @property
    def question(self) -> Question:
        """What the person asked last."""
        assert self.questions, f"{self.name} was to have asked something, but asked nothing"
        return self.questions[-1]

    @property
    def window(self) -> Window:
        """The window that the person looks at."""
        assert self.windows, f"{self.name} was to be watching, but has no window"
        return next(iter(self.windows.values()))

    def asked(self, text: str, started: Started) -> Question:
        """Remember a question."""
        question = Question(text, started.run_id, started.thread_id)
        self.questions.append(question)
        return question

    def question_called(self, text: str) -> Question:
        """The latest question with these words."""
        for question in reversed(self.questions):
            if question.text == text:
                return question
        raise AssertionError(f"{self.name} was to have asked {text!r}, but never did")

    async def tries(self, what: Awaitable[T]) -> T | None:
        """Try something that may be refused; the refusal is kept for the sentence that speaks of it."""
        self.refusal = None
        try:
            return await what
        except Refused as refusal:
            self.refusal = refusal
            return None

    def was_told(self) -> str:
        """What the person was told, for the message of an assertion."""
        return f"was told: {self.refusal.message}" if self.refusal else "was not refused anything"


class People:
    """Everybody in the scenario, by name. Who is first named gets an account: a fresh one, or one that is lent."""

    def __init__(self, auth: AuthPort, events: Callable[[], EventsPort]) -> None:
        self._auth = auth
        self._events = events
        self._people: dict[str, Person] = {}

    @property
    def everybody(self) -> list[Person]:
        """All of them, in the order in which they were named."""
        return list(self._people.values())

    @property
    def one(self) -> Person:
        """The only person of the scenario."""
        (person,) = self._people.values()
        return person

    @property
    def window_pass(self) -> str:
        """The pass for a window that somebody asked for last."""
        passes = [person.window_pass for person in self._people.values() if person.window_pass]
        assert passes, "somebody was to have a pass for a window, but nobody has"
        return passes[-1]

    def owner_of(self, title: str) -> Person:
        """Whose conversation has this title."""
        owners = [person for person in self._people.values() if title in person.threads]
        assert owners, f"somebody was to have a conversation called {title!r}, but nobody has"
        return owners[0]

    async def called(self, name: str, permissions: tuple[str, ...] = ("chat",)) -> Person:
        """The person of that name."""
        if name not in self._people:
            self._people[name] = Person(name, await self._auth.create_account(name, permissions))
        return self._people[name]

    async def signed_in(self, name: str, device: str | None = None) -> Person:
        """The person, signed in (on that device) now or before."""
        person = await self.called(name)
        if (device or BROWSER) not in person.grants and (device or not person.grants):
            await self.sign_in(person, device or BROWSER)
        return person

    async def sign_in(self, person: Person, device: str = BROWSER) -> None:
        """Sign in by the right password."""
        await self.keep(person, await self._auth.login(person.account.email, person.account.password, device), device)

    async def keep(self, person: Person, grant: Grant, device: str = BROWSER) -> None:
        """Remember a sign-in as the latest one, and which session it is."""
        person.grants.pop(device, None)
        person.grants[device] = grant
        claims = await self._auth.validate(grant.access_token)
        if claims.sid is not None:
            person.session_ids[device] = claims.sid

    async def watching(self, name: str, device: str | None = None) -> Person:
        """The person, signed in and with a window open."""
        person = await self.signed_in(name, device)
        place = device or BROWSER
        if place not in person.windows:
            await self.open_window(person, place, device)
        return person

    async def open_window(self, person: Person, place: str, device: str | None = None) -> Window:
        """Open one more window."""
        person.windows[place] = Window([await self._events().connect(person.token(device))])
        return person.windows[place]


@pytest.fixture
def people(auth: AuthPort, request: pytest.FixtureRequest) -> People:
    """Everybody in the scenario, by name; a product that tells nothing while it works has people all the same."""
    return People(auth, lambda: request.getfixturevalue("events"))
