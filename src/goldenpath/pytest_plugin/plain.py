"""Tests that are no scenarios and use our services: what pytest tells of them, and how they are recorded.

They stand in the timeline as scenarios do, without steps; their ids are their node ids.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from _pytest.runner import runtestprotocol

from goldenpath.domain.errors import MissingCapability, NobodyToLend
from goldenpath.pytest_plugin import failures
from goldenpath.pytest_plugin.attempt import headline_of
from goldenpath.pytest_plugin.options import usage_errors
from goldenpath.pytest_plugin.plain_choice import OURS, TESTS, is_ours, is_own_class, tags_of
from goldenpath.pytest_plugin.plain_loops import is_never_awaited, is_ours_to_await, loop_of
from goldenpath.pytest_plugin.repeating import ATTEMPTS, DEGRADED
from goldenpath.pytest_plugin.run import MOST_LOSSES, Run
from goldenpath.runtime.scenario import ScenarioInfo
from goldenpath.runtime.testing import Current, OpenedTest, open_test, required

if TYPE_CHECKING:
    import warnings

    from _pytest._code.code import TerminalRepr

    from goldenpath.runtime.services import Services

NEVER_AWAITED: Final = (
    "this test is async, and its class calls it without awaiting it, so it would pass and never run\n"
    "  try: goldenpath.ServiceIndependentIntegrationTest or unittest.IsolatedAsyncioTestCase as its base"
)

_KEY: Final = pytest.StashKey["PlainTest"]()


class PlainTest:
    """One attempt at a test, while pytest runs it.

    Attributes:
        opened: What the runtime knows of it.
        number: Which attempt it is, from 1.
        forgotten: What went away in it unawaited, each as a sentence.
        status: Cucumber's word for it, so far; ``unknown`` until its body has run.
        message: What is wrong with it, or the reason of its skip.
        error: What has failed it first.
        is_over: Whether its record is closed.
    """

    def __init__(self, item: Any, opened: OpenedTest, number: int, forgotten: Sequence[str]) -> None:
        self.opened = opened
        self.error: BaseException | None = None
        self.forgotten = forgotten
        self.number = number
        self.status = "unknown"
        self.message: str | None = None
        self.is_over = False
        self._item = item
        if is_ours_to_await(item):
            # What injection asks an item for, to run async fixtures that nobody else runs.
            item.task = opened.home
        Current.any = opened
        if is_own_class(item):
            Current.test = opened  # its class looks for it there

    @property
    def services(self) -> Services:
        """Its services."""
        return self.opened.services

    def arrive(self, request: pytest.FixtureRequest) -> None:
        """A fixture needs its services: find out, outside of it, on which loop the test is going to be."""
        if (loop := loop_of(request)) is not None:
            self.opened.home.expected = lambda: loop

    def refuse(self) -> None:
        """End a test before it begins that cannot prove anything: it lacks a service, or nobody would await it.

        Raises:
            pytest.fail.Exception: Nobody would await it; it requires a service that nobody knows; or it lacks one, on
                a build server.
            pytest.skip.Exception: It lacks a service, at a desk.
        """
        opened = self.opened
        if is_never_awaited(self._item):
            raise pytest.fail.Exception(NEVER_AWAITED, pytrace=False)
        if (wrong := opened.unknown()) is not None:
            raise pytest.fail.Exception(wrong, pytrace=False)
        if (reason := opened.lacks()) is not None:
            if opened.must_run:
                raise pytest.fail.Exception(reason, pytrace=False)
            raise pytest.skip.Exception(reason, _use_item_location=True)

    def judge(self, report: pytest.TestReport, error: BaseException | None) -> None:
        """Take in what pytest says of one phase; the record is closed with the teardown.

        Args:
            report: Of the phase.
            error: What ended the phase.
        """
        if isinstance(error, NobodyToLend if self.opened.must_run else MissingCapability):
            path, line, _ = self._item.location
            report.outcome, report.longrepr = "skipped", (path, (line or 0) + 1, error.message)
        elif isinstance(error, MissingCapability):
            report.longrepr = self._in_short(error)
        failures.redact(report, self.opened.redact)
        if report.failed:
            said = headline_of(report)
            if isinstance(error, pytest.fail.Exception):
                said = said.removeprefix("Failed: ")
            self.status, self.message, self.error = "failed", self.message or said, self.error or error
        elif report.skipped:
            self.status, self.message = "skipped", headline_of(report)
        elif report.when == "call" and self.status == "unknown":
            self.status = "passed"
            self._complain(report, next(iter(self.forgotten), None) or self.opened.complaint())
        if report.when == "teardown":
            self._complain(report, self.finish())
            report.user_properties += [("scenario", self.opened.info.id), ("status", self.status)]

    def _in_short(self, error: MissingCapability) -> TerminalRepr:
        """What nothing answers, and where it was asked for: how we found that out is nobody's concern."""
        path = self._item.path
        frames = [each.lineno for each in traceback.extract_tb(error.__traceback__) if Path(each.filename) == path]
        line = (frames or [(self._item.location[1] or 0) + 1])[-1] or 0
        place = f"{self._item.location[0]}:{line}"
        return failures.plain([f"{place}: {error.message}"], path, line, error.message)

    @property
    def losses(self) -> tuple[str, ...]:
        """What was lost in each attempt so far that ended with that."""
        opened = self.opened
        return (*opened.info.lost, ", ".join(opened.lost)) if opened.lost else opened.info.lost

    def finish(self) -> str | None:
        """Close the services and the record; gives what has turned out wrong with a test that had passed."""
        self.is_over = True
        if Current.test is self.opened:
            Current.test = None
        if Current.any is self.opened:
            Current.any = None
        self._item.task = None
        return self.opened.end(self.status, self.message, self.error)

    def _complain(self, report: pytest.TestReport, wrong: str | None) -> None:
        if wrong is not None:
            self.status, self.message = "failed", wrong
            report.outcome, report.longrepr = "failed", self.opened.redact(wrong)


class PlainTests:
    """What a run with such tests hears of pytest."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._now: PlainTest | None = None

    @classmethod
    def of(cls, config: pytest.Config) -> PlainTests:
        """Attend to such tests in this run from now on."""
        run = Run.of(config)
        found: PlainTests | None = config.pluginmanager.get_plugin(TESTS)
        if found is None:
            run.begin_features()
            config.pluginmanager.register(found := cls(run), TESTS)
        return found

    def at_work(self, item: pytest.Item) -> PlainTest | None:
        """The attempt at a test; None where it has none."""
        found = item.stash.get(_KEY, None)
        return None if found is None or found.is_over else found

    def begin(self, item: Any) -> PlainTest:
        """Begin the next attempt at a test."""
        before = item.stash.get(_KEY, None)
        number = before.number + 1 if before is not None else 1
        info = _info(item, number, before.losses if before is not None else ())
        task = self._run.loop.scenario(info.id)
        with usage_errors():
            requires = required(list(item.iter_markers()), self._run.settings.service_tags)
            opened = open_test(self._run.session, info, task, requires)
        test = item.stash[_KEY] = self._now = PlainTest(item, opened, number, self._run.unawaited.tell())
        return test

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Start a test again that has lost a service, on what is left, as a scenario is."""
        if not (is_ours(item, self._run.settings) and self._run.may_lose):
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        while self._starts_again(test := item.stash.get(_KEY, None)):
            item.__dict__.pop("_excinfo", None)  # where a class of unittest keeps what has failed
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
        for report in reports:
            if test is not None and test.opened.info.lost:
                setattr(report, DEGRADED, True)
                report.sections.append((ATTEMPTS, f"lost on the way: {'; '.join(test.opened.info.lost)}"))
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _starts_again(self, test: PlainTest | None) -> bool:
        """Whether a test whose attempt is over has lost something that something else answers now."""
        if test is None or test.status != "failed" or not (lost := test.opened.lost):
            return False
        info = test.opened.info
        left = self._run.session.resolution_for(info.tags, info.uri)
        return test.opened.resolution.fallback and len(info.lost) < MOST_LOSSES and all(each in left for each in lost)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin a test of ours, before its fixtures; skip it where what it requires is not there."""
        if is_ours(item, self._run.settings):
            self.begin(item).refuse()

    @pytest.hookimpl
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Await a test that nobody else awaits, in its own task."""
        test = self.at_work(pyfuncitem)
        if test is None or not inspect.iscoroutinefunction(pyfuncitem.obj):
            return None
        if is_ours_to_await(pyfuncitem):
            arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
            test.opened.home.run(pyfuncitem.obj(**arguments))
            return True
        return None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Take what pytest says of a test into the run's record."""
        report = yield
        if (test := self.at_work(item)) is not None:
            test.judge(report, call.excinfo.value if call.excinfo else None)
            if test.is_over:
                self._run.unawaited.rest()
            setattr(report, OURS, True)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage, nodeid: str) -> None:
        """Take the secrets out of a warning of a test, before anybody shows it."""
        test = self._now
        if test is not None and nodeid and nodeid.startswith(test.opened.info.id):
            said = str(warning_message.message)
            if (redacted := test.opened.redact(said)) != said:
                warning_message.message = redacted

    def pytest_sessionfinish(self) -> None:
        """Close the record of a test that pytest has left in the middle."""
        if self._now is not None and not self._now.is_over:
            self._now.status, self._now.message = "unknown", "interrupted"
            self._now.finish()


def _info(item: Any, attempt: int, lost: tuple[str, ...]) -> ScenarioInfo:
    """What the timeline says of a test."""
    path, line, _ = item.location
    return ScenarioInfo(
        id=_id(item),
        attempt=attempt,
        feature=path,
        rule=item.cls.__name__ if item.cls is not None else None,
        name=item.name,
        uri=path,
        line=(line or 0) + 1,
        tags=tuple(tags_of(item)),
        lost=lost,
    )


def _id(item: pytest.Item) -> str:
    """The node id, without the group that xdist puts behind it."""
    name, sign, group = item.nodeid.rpartition("@")
    return name if sign and any(group in mark.args for mark in item.iter_markers("xdist_group")) else item.nodeid
