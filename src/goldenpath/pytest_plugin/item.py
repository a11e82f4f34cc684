"""A scenario as an item of pytest."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pytest
from _pytest.fixtures import TopRequest

from goldenpath.domain.values import SERVICES
from goldenpath.pytest_plugin import failures
from goldenpath.pytest_plugin.attempt import Attempt
from goldenpath.pytest_plugin.bdd_hooks import SILENCE, BddScenario
from goldenpath.pytest_plugin.run import Run
from goldenpath.pytest_plugin.scenario_hooks import Hooks
from goldenpath.pytest_plugin.stepping import Stepping, match_all, needs_of, people_of, plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from _pytest._code.code import ExceptionInfo, TerminalRepr, Traceback, TracebackStyle
    from _pytest.fixtures import FuncFixtureInfo
    from _pytest.nodes import Node

    from goldenpath.authoring.matching import StepIndex
    from goldenpath.gherkin import Feature, Hollow, Pickle
    from goldenpath.pytest_plugin.stepping import Found
    from goldenpath.runtime.loop import ScenarioTask
    from goldenpath.runtime.services import Services


PLANNED: Final = "@planned"
"""The tag of a scenario that is promised and not yet to run."""

PLANNED_REASON: Final = "planned: a promise to come"

_OWN_TAGS: Final = {service: service for service in SERVICES}
"""In our own features a service's tag is its name; elsewhere the settings say which tag belongs to which service."""

_NO_TAGS: Final[dict[str, str]] = {}


def scenario() -> None:  # noqa: D103 - reports show its docstring as the scenario's
    # What stands for a scenario where pytest or a plugin asks for a test function.
    ...


class FeatureItem(pytest.Item):
    """Something in a feature file that looks as if it were tested.

    pytest's fixtures ask an item for what a ``pytest.Function`` has; of that it has here what they use.

    Attributes:
        scenario: The pickle, or the hollow thing in its place.
        feature: The feature that it stands in.
        tags: With their ``@``.
        run: The run that it is part of.
        callspec: pytest's word for what parametrized fixtures are given; not there where none is.
        attempt: The attempt at work, or the last one; None before the first.
        earlier: What was wrong with each attempt before that.
        lost: What was lost in each of those that ended with the loss of a service, which is nobody's failure.
    """

    cls = None
    instance = None
    originalname = "scenario"

    def __init__(
        self, *, scenario: Any, feature: Feature, fixtures: FuncFixtureInfo, call: Any = None, **rest: Any
    ) -> None:
        super().__init__(**rest)
        self.scenario = scenario
        self.feature = feature
        self.tags: tuple[str, ...] = scenario.tags
        self.run = Run.of(self.config)
        self.attempt: Attempt | None = None
        self.earlier: list[str] = []
        self.lost: list[str] = []
        self._attempts = 0
        if call is not None:
            self.callspec = call
            self.own_markers.extend(call.marks)
            self.keywords.update({call.id: True} | {mark.name: mark for mark in call.marks})
        self.have(fixtures)

    def have(self, fixtures: FuncFixtureInfo) -> None:
        """Take these for the fixtures that are there before a step asks for any."""
        self._fixtureinfo = fixtures
        self.fixturenames = list(fixtures.names_closure)
        self._initrequest()

    def _initrequest(self) -> None:
        """Forget the fixtures of an earlier attempt (plugins that repeat tests call this, too)."""
        self.funcargs: dict[str, object] = {}
        self._request = TopRequest(self, _ispytest=True)  # type: ignore[arg-type]

    @property
    def ihook(self) -> Any:
        """Pytest's hooks, as conftests near to the feature hear them."""
        file: Any = self.parent
        return file.hooks_of_items()

    def iter_markers_with_node(self, name: str | None = None) -> Iterator[tuple[Node, pytest.Mark]]:
        """As pytest's, which goes through all parents for each of the six times that it asks."""
        if name is None:
            return super().iter_markers_with_node()
        file: Any = self.parent
        found: list[tuple[Node, pytest.Mark]] = file.markers_of_items(name)
        if self.own_markers:
            found = [*((self, mark) for mark in self.own_markers if mark.name == name), *found]
        return iter(found)

    @property
    def obj(self) -> Any:
        """What stands for the test function."""
        return scenario

    @property
    def function(self) -> Any:
        """What stands for the test function."""
        return scenario

    @property
    def module(self) -> Any:
        """The feature, as a module."""
        parent = self.getparent(pytest.Module)
        return parent.obj if parent is not None else None

    @property
    def scenario_id(self) -> str:
        """The scenario id (see the design's Words)."""
        raise NotImplementedError

    def begin(self) -> Attempt:
        """Begin the next attempt."""
        from goldenpath.runtime.session import ScenarioInfo

        run = self.run
        file: Any = self.parent
        self._attempts += 1
        info = ScenarioInfo(
            id=self.scenario_id,
            attempt=self._attempts,
            feature=self.feature.name,
            rule=self.scenario.rule,
            name=self.scenario.name,
            uri=self.feature.uri,
            line=self.scenario.line,
            tags=self.tags,
            row=getattr(self.scenario, "row", ()),
            service_tags=_OWN_TAGS if file.is_own else _NO_TAGS,
            lost=tuple(self.lost),
            needs=self._needs(),
            people=self._people(),
        )
        self.attempt = run.begin(info)
        return self.attempt

    def _needs(self) -> tuple[str, ...]:
        """The capabilities without which it cannot run, as ``service.capability``."""
        return ()

    def _people(self) -> int:
        """How many persons it has, where that counts: where accounts are lent."""
        return 0

    @property
    def is_planned(self) -> bool:
        """Whether it is a promise to come."""
        return PLANNED in self.tags

    def _traceback_filter(self, excinfo: ExceptionInfo[BaseException]) -> Traceback:
        """Where pytest tells an error itself: without our own frames."""
        return failures.without_machinery(excinfo)

    def _repr_failure_py(
        self, excinfo: ExceptionInfo[BaseException], style: TracebackStyle | None = None
    ) -> TerminalRepr:
        """How pytest tells an error of a fixture, or of the end of a step."""
        return failures.without_lines(self, excinfo) or super()._repr_failure_py(excinfo, style)

    def judge(self, report: pytest.TestReport) -> None:
        """Take in what pytest says of one phase; the record of the attempt is closed with its teardown."""
        attempt = self.attempt
        if attempt is None or attempt.is_over:
            if report.passed:
                return
            # Skipped, or broken, before it could begin: the record is to know of it all the same.
            attempt = self.begin()
        failures.redact(report, attempt.opened.redact)
        if self.is_planned:
            attempt.status = "planned"
        attempt.judge(report)
        if report.when == "teardown":
            self.run.unawaited.rest()
            if (complaint := attempt.finish(self.write)) and not report.failed:
                report.outcome = "failed"
                report.longrepr = attempt.opened.redact(complaint)
            report.user_properties += [
                ("scenario", self.scenario_id),
                ("feature", self.feature.name),
                ("tags", " ".join(self.tags)),
                ("status", "flaky" if self.earlier and attempt.status == "passed" else attempt.status),
            ]
            self._let_go(attempt)

    def _let_go(self, attempt: Attempt) -> None:
        """Keep of an attempt that is over how it ended: pytest keeps every item to the end of the run."""
        attempt.let_go()

    def write(self, attempt: Attempt) -> None:
        """Write the messages of an attempt that is over."""
        run = self.run
        stream = run.stream
        attempt.again = run.tries_again(self)
        # Where a hook before the run failed, no test case began.
        if self.scenario.message_id and run.broken is None:
            stream.attempt(
                attempt.record(
                    self.scenario_id, self.scenario.message_id, lambda name: stream.fixtures(f"fixtures-{name}")
                )
            )

    def interrupt(self) -> None:
        """Close the record of an attempt that pytest has left in the middle."""
        if self.attempt is not None and not self.attempt.is_over:
            self.attempt.status, self.attempt.message = "unknown", "interrupted"
            self.attempt.finish(self.write)

    @cached_property
    def location(self) -> tuple[str, int | None, str]:
        """What ``reportinfo`` says, the path relative to pytest's rootdir, which is the same for all of the file."""
        file: Any = self.parent
        _, line, name = self.reportinfo()
        return file.relative, line, name

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the scenario stands, and how it is called in the head line of a failure."""
        return self.path, self.scenario.line - 1, f"Scenario: {self.scenario.name}"


class ScenarioItem(FeatureItem):
    """A scenario, or one row of an outline."""

    scenario: Pickle
    _hooks: Hooks | None = None
    found: Sequence[Found] = ()
    """What answers each of its steps, in the attempt at work."""

    @property
    def scenario_id(self) -> str:
        """The scenario id; where fixtures multiply the scenario, with what they were given."""
        call = getattr(self, "callspec", None)
        return f"{self.scenario.id}[{call.id}]" if call is not None and call.id else self.scenario.id

    @property
    def services(self) -> Services | None:
        """The services of the attempt at work."""
        attempt = self.attempt
        return attempt.opened.services if attempt is not None and not attempt.is_over else None

    @property
    def task(self) -> ScenarioTask | None:
        """The task of the attempt at work."""
        attempt = self.attempt
        return attempt.task if attempt is not None and not attempt.is_over else None

    def setup(self) -> None:
        """Begin an attempt and set up the fixtures that every scenario of the file has."""
        if self.is_planned:
            raise pytest.skip.Exception(PLANNED_REASON, _use_item_location=True)
        run = self.run
        if run.broken is not None:
            raise failures.Unproved(run.broken, try_next="mend the hook before the run")
        index = self._match(run)
        attempt = self.begin()
        self._plan(run, attempt, index)
        if run.settings.ambiguous == "first":
            run.note_choices(self, self.found)
        if self.fixturenames:
            self._request._fillfixtures()
            attempt.carry_context()

    def _match(self, run: Run) -> StepIndex:
        """Find what answers each step, before the first of them runs."""
        file: Any = self.parent
        index = run.sentences.index_for(file)
        self.found = match_all(self.scenario.steps, index)
        return index

    def _needs(self) -> tuple[str, ...]:
        return needs_of(self.found)

    def _people(self) -> int:
        return people_of(self.found) if self.run.lends else 0

    def _plan(self, run: Run, attempt: Attempt, index: StepIndex) -> None:
        """Plan the test case: its steps with what answers them, and the hooks around them."""
        hooks = self._hooks = Hooks(index.hooks, self.tags, self._request, attempt)
        attempt.planned = plan(run.stream, self.scenario.message_id, self.found, hooks)

    def write(self, attempt: Attempt) -> None:
        """Write the messages of an attempt that is over; one that was skipped before it began is planned now."""
        run = self.run
        if not attempt.planned and run.broken is None and attempt.status != "failed":
            # One that failed before it was planned may have failed on that.
            self._plan(run, attempt, self._match(run))
        super().write(attempt)

    def _let_go(self, attempt: Attempt) -> None:
        super()._let_go(attempt)
        self.found = ()
        self._hooks = None

    def runtest(self) -> None:
        """Run the steps."""
        __tracebackhide__ = True
        run, attempt = self.run, self.attempt
        assert attempt is not None
        assert self._hooks is not None
        listeners = BddScenario(self._request, self.path, self.scenario) if run.bdd_listeners else SILENCE
        # Until the attempt is over: fixtures, too, may hold what nobody awaited.
        attempt.forgotten = run.unawaited.tell()
        Stepping(self.scenario.steps, self.found, self._hooks, self._request, attempt, listeners).run()
        if said := next(iter(attempt.forgotten), None) or attempt.complaint():
            raise failures.Unproved(said)

    def repr_failure(  # type: ignore[override]
        self, excinfo: ExceptionInfo[BaseException]
    ) -> str | TerminalRepr:
        """A failure in the words of the feature; Python's own with ``-v``, or where no step is to blame."""
        told = failures.tell(self, excinfo)
        return told if told is not None else self._repr_failure_py(excinfo, "long")


class HollowItem(FeatureItem):
    """A scenario without steps, an outline without rows, a file without a scenario: it never passes."""

    scenario: Hollow

    @property
    def scenario_id(self) -> str:
        """An id of the same shape that no scenario has, not even one of the same name."""
        path = self.feature.path.relative_to(self.feature.root).as_posix()
        own = "::".join(part for part in (path, self.scenario.rule, self.name) if part)
        return f"{own}#hollow" if any(pickle.id == own for pickle in self.feature.pickles) else own

    def setup(self) -> None:
        """Begin an attempt, so that the run's record knows of it."""
        if self.is_planned:
            raise pytest.skip.Exception(PLANNED_REASON, _use_item_location=True)
        self.begin()

    def runtest(self) -> None:
        """Say what is hollow.

        Raises:
            FeatureError: There is nothing to run, and nothing to prove.
        """
        assert self.attempt is not None
        self.attempt.status = "empty"
        where = f"{self.feature.uri}:{self.scenario.line}"
        said = f"{self.scenario.name} {self.scenario.why}, so it proves nothing"
        if not self.scenario.is_scenario:
            raise pytest.skip.Exception(said, _use_item_location=True)
        raise failures.Hollow(said, where=where, try_next="write its steps or rows, or take it out")

    def repr_failure(  # type: ignore[override]
        self, excinfo: ExceptionInfo[BaseException]
    ) -> str | TerminalRepr:
        """What is hollow, in a sentence."""
        if isinstance(excinfo.value, failures.Hollow):
            return failures.plain(str(excinfo.value).splitlines(), self.path, self.scenario.line, excinfo.value.message)
        return self._repr_failure_py(excinfo, "long")


ITEMS: Final[frozenset[type[pytest.Item]]] = frozenset({ScenarioItem, HollowItem})
"""The classes of all items that are ours: ``isinstance`` takes five times as long, since pytest's are abstract."""
