"""Our hooks while tests run. They are registered when the first feature is collected: other suites never meet them."""

from __future__ import annotations

import textwrap
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from goldenpath.pytest_plugin import garbage, injection, other_reports
from goldenpath.pytest_plugin.failures import WIDTH
from goldenpath.pytest_plugin.item import ITEMS, PLANNED_REASON, FeatureItem
from goldenpath.pytest_plugin.options import usage_errors
from goldenpath.pytest_plugin.ordering import again
from goldenpath.pytest_plugin.plain_choice import OURS, TESTS, is_ours
from goldenpath.pytest_plugin.repeating import ATTEMPTS, FLAKY, run_attempts
from goldenpath.pytest_plugin.roots import tell_apart
from goldenpath.pytest_plugin.run_hooks import run_hooks

if TYPE_CHECKING:
    import warnings

    from goldenpath.pytest_plugin.run import Run

T = TypeVar("T")
_USAGE_ERROR = "goldenpath_usage_error"
_CHOICES = "goldenpath_choices"
_AFTER = "goldenpath_after_run"


def is_feature(nodeid: str) -> bool:
    """Whether a node id leads to something in a feature file."""
    return nodeid.partition("::")[0].endswith((".feature", ".feature.md"))


class Running:
    """What a run with features hears of pytest."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._exception: BaseException | None = None
        self._after: str | None = None
        self._begins = False
        self._collected = False
        self._executed = False
        self._repeats = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Settle what answers before the first scenario; let a broken feature stop nobody but itself.

        Raises:
            pytest.UsageError: A service has no adapter for the tier that was asked for.
        """
        if session.testsfailed and session.testsfailed == self._run.broken_features:
            session.config.option.continue_on_collection_errors = True
        other_reports.make_room(session.config)
        scenarios = any(isinstance(item, FeatureItem) for item in session.items)
        features = scenarios or self._run.broken_features > 0
        if not (features or self._has_tests(session)) or session.config.option.collectonly:
            return None
        self._begins = scenarios and (not session.testsfailed or session.config.option.continue_on_collection_errors)
        try:
            with usage_errors():
                self._run.session.prepare()
                _ = self._run.retry_tags
                self._repeats = self._run.settings.retry > 0 or self._run.may_lose
            if features:
                tell_apart(self._run, session.items)
                _ = self._run.stream
            if self._begins:
                self._run.broken = run_hooks(self._run, "before_run")
        except pytest.UsageError as error:
            if not hasattr(session.config, "workeroutput"):
                raise
            session.config.workeroutput[_USAGE_ERROR] = str(error)
            return True
        garbage.freeze(session.config)
        return None

    def _has_tests(self, session: pytest.Session) -> bool:
        """Whether tests that are no scenarios are ours to record."""
        return session.config.pluginmanager.has_plugin(TESTS) and any(
            is_ours(item, self._run.settings) for item in session.items
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Try a scenario again where that was asked for, or where it has lost a service."""
        if not self._repeats or not isinstance(item, FeatureItem):
            return None
        run_attempts(item, nextitem, allow_flaky=self._run.settings.allow_flaky)
        return True

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Words of our own for what is neither a success nor a failure."""
        if getattr(report, FLAKY, False):
            # One that fails the run is to be read among the failures.
            return "failed" if report.failed else "flaky", "K", "FLAKY"
        if report.skipped and is_feature(report.nodeid) and PLANNED_REASON in str(report.longrepr):
            return "planned", "p", "PLANNED"
        return None

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Something broke outside of steps and hooks: the messages end with it."""
        self._exception = excinfo.value

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker has ended: take what it chose and what broke after its run, and raise again what it could not.

        Raises:
            pytest.UsageError: What was asked for cannot be done.
        """
        output = getattr(node, "workeroutput", {})
        self._run.choices |= output.get(_CHOICES, {})
        self._after = self._after or output.get(_AFTER)
        if said := output.get(_USAGE_ERROR):
            raise pytest.UsageError(said)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Generator[None, T, T]:
        """Run async fixtures that nobody else runs."""
        return (yield from injection.run_async_fixture(self._run, fixturedef, request))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Take what pytest says of a scenario into the run's record; the last word is that of the last phase."""
        report = yield
        if type(item) in ITEMS:
            item.judge(report)  # type: ignore[attr-defined]
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage, nodeid: str) -> None:
        """Take the secrets out of a warning of a scenario, before anybody shows it."""
        said = str(warning_message.message)
        if is_feature(nodeid) and (redacted := self._run.session.redactor.text(said)) != said:
            warning_message.message = redacted

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what was collected and executed, also in workers."""
        if not self._executed and (is_feature(report.nodeid) or hasattr(report, OURS)):
            self._collected = True
            self._executed |= report.when == "call" and (not report.skipped or hasattr(report, "wasxfail"))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Close the run. One that collected scenarios and executed none ends as one that collected nothing."""
        if exitstatus == pytest.ExitCode.OK and self._collected and not self._executed:
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
        for item in getattr(session, "items", ()):
            if isinstance(item, FeatureItem):
                item.interrupt()
        if self._begins:
            try:
                self._after = run_hooks(self._run, "after_run")
            except (KeyboardInterrupt, pytest.exit.Exception) as error:
                session.exitstatus = getattr(error, "returncode", None) or pytest.ExitCode.INTERRUPTED
        if self._after is not None and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput.update({_CHOICES: self._run.choices, _AFTER: self._after})
        try:
            self._run.finish(int(session.exitstatus), self._exception)
            self._write_reports(session)
        except OSError as error:
            self._after = f"a report cannot be written: {error.filename}: {error.strerror}"
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _write_reports(self, session: pytest.Session) -> None:
        """Write the reports that were asked for, from the messages of the whole run."""
        if self._run.worker != "main" or "session" not in self._run.__dict__:
            return
        messages = self._run.session.messages
        other_reports.write(session, messages)
        if (folder := self._run.settings.allure) is not None and messages.is_file():
            from goldenpath.reports import allure

            allure.write(messages, session.config.rootpath / folder)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what answered, and what that proves."""
        if self._after is not None:
            terminalreporter.write_line(self._after, red=True)
        for number, said in enumerate(self._remarks(terminalreporter)):
            if not number:
                terminalreporter.write_line("")
            for line in textwrap.wrap(said, WIDTH, subsequent_indent="  "):
                terminalreporter.write_line(line, yellow=True)
        for line in self._run.summary():
            terminalreporter.write_line(line)

    def _remarks(self, terminalreporter: pytest.TerminalReporter) -> Iterator[str]:
        """What is to be known of a run that failed nothing: choices, what was allowed to be flaky, a drawn order."""
        for said in self._run.choices.values():
            yield f"ambiguous, and the first was taken: {said}"
        for report in terminalreporter.stats.get("flaky", ()):
            yield report.nodeid
            yield from (f"  {line}" for told in report.sections if told[0] == ATTEMPTS for line in told[1].splitlines())
        if (drawn := again(self._run.settings.order, self._run.run_id)) is not None:
            yield drawn
