"""A test that is no scenario, opened: the services of a scenario, on the loop of whoever runs the test.

A scenario runs on our loop, always. A test may be run by pytest-asyncio, by anyio, by ``unittest``, by nobody else, or
may be no coroutine at all. What an adapter opens belongs to the loop on which it is opened, so a test has one *home*:
the loop on which it first uses a port.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from msgspec.structs import replace

from goldenpath.config.file import nearest
from goldenpath.domain.errors import GoldenPathError
from goldenpath.runtime.scenario import SCENARIO, OpenedScenario, ScenarioInfo

if TYPE_CHECKING:
    from goldenpath.runtime.loop import ScenarioTask
    from goldenpath.runtime.opening import OpenAdapters
    from goldenpath.runtime.session import RunSession

T = TypeVar("T")

LoopGetter = Callable[[], asyncio.AbstractEventLoop | None]
"""Gives the loop on which a test is about to run; None where that is ours."""

REQUIRES: Final = "requires"
"""The marker that names the services that a test needs: ``requires("auth", "database")``."""


class Home:
    """The loop on which a test uses its ports, and what is awaited there from code that is not asynchronous.

    Args:
        own: The test's task on our loop.
    """

    def __init__(self, own: ScenarioTask) -> None:
        self.own = own
        self.expected: LoopGetter = lambda: None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_own = False
        self._at_own = False

    @property
    def is_gone(self) -> bool:
        """Whether it was closed by whoever ran it; what was open on it was closed with it."""
        return self._loop is not None and self._loop.is_closed()

    def enter(self) -> None:
        """A port is used on the loop that runs now.

        Raises:
            GoldenPathError: It was used on another one before.
        """
        running = asyncio.get_running_loop()
        if self._loop is None:
            self._loop, self._is_own = running, self._at_own
        elif self._loop is not running:
            raise GoldenPathError(
                "the services of one test were used on two event loops, and a connection belongs to one",
                try_next="await them in the test itself, or in fixtures that run on its loop; no asyncio.run in it",
            )

    def run(self, awaitable: Awaitable[T]) -> T:
        """Await it at home.

        Raises:
            RuntimeError: The caller is on a running loop.
            GoldenPathError: The home is gone.
        """
        loop = self._loop if self._loop is not None else self.expected()
        if loop is None or self._is_own:
            return self._run_own(awaitable)
        wrong = _why_not(loop)
        if wrong is not None:
            if isinstance(awaitable, Coroutine):
                awaitable.close()
            raise wrong
        return loop.run_until_complete(_await(awaitable))

    def _run_own(self, awaitable: Awaitable[T]) -> T:
        self._at_own, before = True, self._at_own
        try:
            return self.own.run(awaitable)
        finally:
            self._at_own = before


def _why_not(loop: asyncio.AbstractEventLoop) -> Exception | None:
    """What forbids to await something on that loop from outside of it."""
    if asyncio._get_running_loop() is not None:  # noqa: SLF001  # in asyncio.events.__all__, for loops
        return RuntimeError("this code runs on an event loop already: await the port itself, not its blocking face")
    if loop.is_closed():
        return GoldenPathError("a service was used after the event loop of its test was closed")
    return None


async def _await(awaitable: Awaitable[T]) -> T:
    return await awaitable


class OpenedTest(OpenedScenario):
    """One attempt at a test, from its first fixture to its last.

    Args:
        session: The run.
        info: Which test; its id is its node id.
        home: Where it uses its ports.
        requires: The services that it must use to prove anything.
    """

    def __init__(self, session: RunSession, info: ScenarioInfo, home: Home, requires: Sequence[str] = ()) -> None:
        needs = tuple(need if "." in need else f"{need}." for need in requires)
        super().__init__(session, replace(info, needs=needs), cast("ScenarioTask", home))
        self.home = home
        self.requires = tuple(requires)

    @cached_property
    def _adapters(self) -> OpenAdapters:
        return cast("OpenAdapters", _AtHome(super()._adapters, self.home))

    @cached_property
    def _owners(self) -> dict[str, str]:
        """None by its tags: what a test must have used is asked for by ``complaint``."""
        return {}

    def unknown(self) -> str | None:
        """What is wrong with its marker: it requires what this project has never heard of; or None."""
        settings = self._session.settings
        known = {*self._session.registry.services, *settings.services, *settings.service_settings}
        for service in (need.partition(".")[0] for need in self.requires):
            if service not in known:
                return f"it requires {service!r}, and there is no such service{nearest(service, sorted(known))}"
        return None

    def lacks(self) -> str | None:
        """Why it cannot run here: what it requires is not there, or cannot do what it requires; None if it can."""
        return self.missing()

    async def leave(self) -> None:
        """Close its services on the loop that runs now, before whoever made that loop closes it.

        Raises:
            TimeoutError: As for ``OpenAdapters.close``.
            BaseException: Whatever an adapter raised.
        """
        adapters: OpenAdapters | None = self.__dict__.get("_adapters")
        if adapters is not None:
            await adapters.close()

    def complaint(self) -> str | None:
        """What is wrong with a test that has passed: something never ran, failed unseen, or a service was not used."""
        unseen = self.home.own.unseen()
        if unseen:
            told = "; ".join(f"{type(error).__name__}: {error}" for error in unseen)
            return f"a task that it had started failed, and nobody saw it: {told}"
        return self.never_ran() or self.passed_without() or self._unused()

    def _unused(self) -> str | None:
        seen = {each.service for each in self.observations if each.caller == SCENARIO}
        for need in self.requires:
            service = need.partition(".")[0]
            if service not in seen:
                return f"it proved nothing: it requires {service}, and never used it"
        return None

    def end(self, status: str, message: str | None, error: BaseException | None = None) -> str | None:
        """Close the services and the record; look whether a service was lost where something went wrong.

        Args:
            status: Cucumber's word for the test, so far.
            message: What was wrong with it, or the reason of its skip.
            error: What has failed it.

        Returns:
            What has turned out wrong with a test that had passed; None if nothing has.
        """
        wrong = self.close(status)
        unseen = self.home.own.close()
        if status == "passed" and unseen:
            wrong = wrong or f"a task that it had started failed, and nobody saw it: {unseen[0]}"
        if status == "failed" and error is not None and (lost := self.lose(error)) is not None:
            message = f"{message} ({lost})" if message else lost
        self.finish("failed" if wrong else status, wrong or message)
        return wrong


class _AtHome:
    """The adapters of a test, each opened and used on one loop.

    They need no closing where that loop is gone: whoever closes a loop cancels what is left on it, and so the
    adapters have ended with it.
    """

    def __init__(self, adapters: OpenAdapters, home: Home) -> None:
        self._adapters = adapters
        self._home = home

    @property
    def opened_any(self) -> bool:
        return self._adapters.opened_any and not self._home.is_gone

    def refuse(self) -> None:
        self._adapters.refuse()

    async def port(self, service: str) -> Any:
        self._home.enter()
        return await self._adapters.port(service)

    async def close(self) -> None:
        await self._adapters.close()


def open_test(session: RunSession, info: ScenarioInfo, task: ScenarioTask, requires: Sequence[str] = ()) -> OpenedTest:
    """Begin an attempt at a test; the first of a run makes the run's folder.

    Args:
        session: The run.
        info: Which test, and which attempt.
        task: A task of its own on our loop.
        requires: The services that it names with the marker ``requires``.

    Raises:
        UsageError: As for ``RunSession.resolution``.
    """
    session._start()  # noqa: SLF001  # as RunSession.open, for another kind of scenario
    return OpenedTest(session, info, Home(task), requires)


def required(marks: Sequence[Any], service_tags: Mapping[str, str]) -> tuple[str, ...]:
    """The services that a test must use, by its marks (pytest's own objects), each once.

    Args:
        marks: All of them, nearest first.
        service_tags: Which mark belongs to which service, as the settings say it of tags.
    """
    named = [service for mark in marks if mark.name == REQUIRES for service in mark.args]
    named += [service_tags[mark.name] for mark in marks if mark.name in service_tags]
    return tuple(dict.fromkeys(str(each) for each in named))


class Current:
    """The test at work in this process, if somebody has opened one: how a ``unittest`` class finds its services.

    Attributes:
        test: That of a class of ours.
        any: That of whatever kind: how it is known what answers in it.
    """

    test: OpenedTest | None = None
    any: OpenedTest | None = None
