"""The strategy paper's base class for tests of ``unittest``: the services of a scenario, in each of its tests.

It works under pytest, which then keeps the record, and under ``python -m unittest``, where this module does: the
settings are those of the folder in which it was started, and the end of the run is told when the process ends.
"""

from __future__ import annotations

import asyncio
import atexit
import inspect
import os
import sys
import threading
import unittest
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from goldenpath.runtime.testing import Current, OpenedTest, open_test, required

if TYPE_CHECKING:
    from goldenpath.runtime.loop import Loop
    from goldenpath.runtime.services import Services
    from goldenpath.runtime.session import RunSession

__unittest = True
"""What ``unittest`` asks of a module whose frames are not to be shown."""

LOOKING: Final = 10.0
"""Seconds within which the services are looked at; their own deadline is shorter."""

SLOW: Final = 1.0
"""Seconds in one go from which the debug mode of asyncio tells of them."""

_NEVER_AWAITED: Final = ("setUp", "tearDown", "setUpClass", "tearDownClass")


class ServiceIndependentIntegrationTest(unittest.IsolatedAsyncioTestCase):
    """A test class whose tests run on whatever services there are, and say on which.

    Tests may be ``async`` or not; both run on one loop together with ``asyncSetUp``, and both may use
    ``self.services``: the former await its ports, the latter ask ``self.services.sync``. A class of its own needs no
    ``setUp``, and one that has it need not call this one's.
    """

    is_goldenpath_test = True
    _opened: OpenedTest | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        """Let nothing of a class be a coroutine that nobody awaits.

        Raises:
            TypeError: ``setUp`` or the like is async, or a test is an async generator.
        """
        super().__init_subclass__(**options)
        for name, member in vars(cls).items():
            plain = member.__func__ if isinstance(member, classmethod) else member
            if name in _NEVER_AWAITED and inspect.iscoroutinefunction(plain):
                hint = f"; name it async{name[0].upper()}{name[1:]}" if not name.endswith("Class") else ""
                raise TypeError(f"{cls.__name__}.{name} is async, and unittest does not await it{hint}")
            if name.startswith("test") and inspect.isasyncgenfunction(plain):
                raise TypeError(f"{cls.__name__}.{name} has a yield, so nobody ever awaits it")

    @property
    def services(self) -> Services:
        """The services of this test: ``self.services.auth``, ``self.services.sync.auth``.

        Raises:
            RuntimeError: No test is running, as in ``setUpClass``.
        """
        return self._test.services

    @property
    def execution_mode(self) -> str:
        """What answers in this test, in the paper's words.

        ``mock_services``: mocks only. ``docker_services``: no stand-in, some in containers. ``real_services``: no
        stand-in, no container. ``hybrid``: any other mixture. It is for reports: a test that behaves differently by it
        makes two tests of one name.
        """
        choices = self._test.resolution.choices
        tiers = {str(each.tier) for each in choices}
        if tiers <= {"mock"}:
            return "mock_services"
        if any(each.stand_in for each in choices):
            return "hybrid"
        return "docker_services" if "docker" in tiers else "real_services"

    @property
    def service_availability(self) -> Mapping[str, Any]:
        """What was seen of the services, by the paper's keys and ours; a value is true where the service is up.

        They are looked at once a process, whatever this run was told to use; what answers in this test, and is no
        mock, is up besides.
        """
        from goldenpath.strategy import with_answers

        return with_answers(_availability(), self._test.resolution)

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        """Run the test with its services (``unittest`` and pytest call this)."""
        if Current.test is not None:
            return self._run(Current.test, result)
        result = result if result is not None else self.defaultTestResult()
        opened = _StandAlone.here().open(self)
        wrong = opened.unknown()
        if (reason := wrong or opened.lacks()) is not None:
            fails = opened.must_run or wrong is not None
            _refuse(self, result, reason, fails=fails)
            opened.end("failed" if fails else "skipped", reason)
            return result
        verdict = _Verdict(result, opened)
        try:
            return self._run(opened, result, verdict)
        except BaseException:
            verdict.status = "unknown"
            raise
        finally:
            opened.end(*verdict.given())

    @property
    def _test(self) -> OpenedTest:
        if self._opened is None:
            raise RuntimeError("no test of this class is running: its services are there from setUp to tearDown")
        return self._opened

    def _run(
        self, opened: OpenedTest, result: unittest.TestResult | None, verdict: _Verdict | None = None
    ) -> unittest.TestResult | None:
        self._opened = opened
        opened.home.expected = self._loop
        self.addAsyncCleanup(self._leave, verdict)  # the first one, so that it runs last
        try:
            return super().run(result)
        finally:
            self._opened = None

    def _setupAsyncioRunner(self) -> None:  # noqa: N802  # unittest's own
        """Let its loop, which is in debug mode, not tell of the first opening of an adapter as of something slow."""
        super()._setupAsyncioRunner()  # type: ignore[misc]
        if (loop := self._loop()) is not None:
            loop.slow_callback_duration = SLOW

    def _loop(self) -> asyncio.AbstractEventLoop | None:
        runner: asyncio.Runner | None = getattr(self, "_asyncioRunner", None)
        return runner.get_loop() if runner is not None else None

    async def _leave(self, verdict: _Verdict | None) -> None:
        """Close the services; a test that has passed so far and proved nothing fails here."""
        opened = self._test
        await opened.leave()
        if verdict is not None and verdict.passed_so_far and (wrong := opened.complaint()) is not None:
            self.fail(wrong)


class _Verdict:
    """What a result says of one test, and what it is to say: nothing secret.

    Args:
        result: To which the test is about to be added.
        opened: The test.
    """

    def __init__(self, result: unittest.TestResult, opened: OpenedTest) -> None:
        self.status = ""
        self._opened = opened
        self._told = (result.failures, result.errors)
        self._skipped = (result.skipped, result.expectedFailures)
        self._unexpected = result.unexpectedSuccesses
        self._before = self._counts()

    def _counts(self) -> list[int]:
        return [len(each) for each in (*self._told, *self._skipped, self._unexpected)]

    @property
    def passed_so_far(self) -> bool:
        """Whether nothing was said against the test."""
        return self._counts() == self._before

    def given(self) -> tuple[str, str | None]:
        """Cucumber's word for the test, and what was wrong with it or why it was skipped."""
        message: str | None = None
        grown = [now > before for now, before in zip(self._counts(), self._before, strict=True)]
        for told, before in zip(self._told, self._before, strict=False):
            told[before:] = [(test, self._opened.redact(text)) for test, text in told[before:]]
            for _, text in told[before:]:
                message = message or text.strip().splitlines()[-1]
        if self.status:
            return self.status, "interrupted"
        if any(grown[:2]) or grown[4]:
            return "failed", message or "unexpected success"
        if any(grown[2:4]):
            return "skipped", self._skipped[0][-1][1] if grown[2] else "expected failure"
        return "passed", None


class _StandAlone:
    """The run of a process that pytest does not lead: begun with its first test, closed when the process ends."""

    _only: _StandAlone | None = None

    def __init__(self) -> None:
        from goldenpath.config import load
        from goldenpath.resolution import Registry
        from goldenpath.runtime.loop import Loop
        from goldenpath.runtime.session import RunSession
        from goldenpath.store.runs import MAIN, new_run_id

        root = Path.cwd()
        self.loop: Loop = Loop()
        self.session: RunSession = RunSession(
            load(root, {}, os.environ),
            Registry.installed(),
            root=root,
            worker=MAIN,
            run_id=new_run_id(),
            command=tuple(sys.argv[1:]),
            loop=self.loop,
        )
        self.session.prepare()
        self._attempts: dict[str, int] = {}
        atexit.register(self.end)

    @classmethod
    def here(cls) -> _StandAlone:
        """The run of this process.

        Raises:
            UsageError: A setting is wrong, or what it asks for cannot be had.
        """
        if cls._only is None:
            cls._only = cls()
        return cls._only

    def open(self, test: ServiceIndependentIntegrationTest) -> OpenedTest:
        """Begin an attempt at a test."""
        from goldenpath.runtime.scenario import ScenarioInfo

        cls, name = type(test), test._testMethodName  # noqa: SLF001  # what id() is made of, without its module
        method = getattr(test, name)
        path = _path(cls, self.session.root)
        marks = [*getattr(method, "pytestmark", ()), *getattr(cls, "pytestmark", ())]
        identity = f"{path}::{cls.__qualname__}::{name}"
        number = self._attempts[identity] = self._attempts.get(identity, 0) + 1
        info = ScenarioInfo(
            id=identity,
            attempt=number,
            feature=path,
            rule=cls.__name__,
            name=name,
            uri=path,
            line=inspect.unwrap(method).__code__.co_firstlineno,
            tags=tuple(dict.fromkeys(f"@{mark.name}" for mark in marks)),
        )
        requires = required(marks, self.session.settings.service_tags)
        return open_test(self.session, info, self.loop.scenario(identity), requires)

    def end(self) -> None:
        """Close the record and tell what answered."""
        from goldenpath.reports.terminal import EVENTS, summary

        self.session.finish(None)
        self.loop.close()
        for line in summary(self.session.records(*EVENTS)):
            print(line, file=sys.stderr)  # noqa: T201  # where unittest tells its results


def _refuse(test: unittest.TestCase, result: unittest.TestResult, reason: str, *, fails: bool) -> None:
    """Tell of a test that cannot run."""
    result.startTest(test)
    try:
        if fails:
            raise AssertionError(reason)
        result.addSkip(test, reason)
    except AssertionError:
        result.addFailure(test, sys.exc_info())
    finally:
        result.stopTest(test)


def _path(cls: type, root: Path) -> str:
    """A class's file as pytest names it, relative to the root."""
    path = Path(inspect.getfile(cls)).resolve()
    return path.relative_to(root).as_posix() if root in path.parents else path.as_posix()


@cache
def _availability() -> Mapping[str, Any]:
    """The matrix of services; looked at in a thread, since whoever asks may be on a running loop."""
    from goldenpath.config import load
    from goldenpath.strategy import ServiceAvailabilityChecker

    found: list[Mapping[str, Any]] = []

    def look() -> None:
        checker = ServiceAvailabilityChecker(load(Path.cwd(), {}, os.environ))
        found.append(asyncio.run(checker.get_service_matrix()))

    thread = threading.Thread(target=look, name="looking at services", daemon=True)
    thread.start()
    thread.join(LOOKING)
    if not found:
        raise TimeoutError(f"the services could not be looked at within {LOOKING:g} s")
    return found[0]
