"""What one process tells of a run as Cucumber Messages: whom it knows first, and then each attempt as it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from goldenpath.bdd import HookDefinition
from goldenpath.reports import messages
from goldenpath.reports.messages import AttemptRecord, Result, TestStep

if TYPE_CHECKING:
    from pathlib import Path

    from goldenpath.authoring.matching import Match, StepIndex
    from goldenpath.bdd import StepDefinition
    from goldenpath.runtime.session import RunSession

FIXTURES_BEFORE: Final = "fixtures-before"
FIXTURES_AFTER: Final = "fixtures-after"
_GREEN: Final = frozenset({"PASSED", "SKIPPED"})


@dataclass(frozen=True, slots=True)
class Known:
    """What the features of a run can use: their sentences and hooks, each feature's once, from far to near."""

    indexes: Sequence[StepIndex]
    run_hooks: Sequence[HookDefinition] = ()

    def definitions(self) -> Iterator[StepDefinition | HookDefinition]:
        """All of them, each once: by file as they come, within a file by line."""
        files: dict[str, dict[Any, StepDefinition | HookDefinition]] = {}
        for definition in self._all():
            if "pytest_bdd" not in definition.file:
                files.setdefault(definition.file, {}).setdefault(definition.place, definition)
        for of_file in files.values():
            yield from sorted(of_file.values(), key=lambda definition: definition.line)

    def _all(self) -> Iterator[StepDefinition | HookDefinition]:
        yield from self.run_hooks
        for index in self.indexes:
            yield from index.definitions
            yield from index.hooks


class Stream:
    """The messages of one process.

    Args:
        session: The run, in whose folder they are kept.
        root: What the places of definitions are relative to.
    """

    def __init__(self, session: RunSession, root: Path) -> None:
        self._session = session
        self._root = str(root)
        self._ids: dict[Any, str] = {}
        self._id_of: dict[StepDefinition | HookDefinition, str] = {}
        self._told: dict[str, int] = {}
        self._again: set[str] = set()
        self._to_repeat: dict[str, list[TestStep]] = {}
        self._synthetic: set[str] = set()
        self._run_hooks = 0

    def begin(self, features: Iterable[bytes], known: Known) -> None:
        """Tell who writes, which features there are, and what their steps and hooks can be."""
        keep = self._session.keep
        keep("static", messages.meta())
        for lines in features:
            keep("static", lines)
        for each in _parameter_types(self._root):
            keep("static", messages.line({"parameterType": each}))
        undefined: dict[Any, tuple[str, str]] = {}
        for index in known.indexes:
            undefined |= index.undefined_parameter_types
        for definition in known.definitions():
            self._ids[definition.place] = f"d{len(self._ids)}"
            if definition.place in undefined:
                name, expression = undefined[definition.place]
                told = {"name": name, "expression": expression}
                keep("static", messages.line({"undefinedParameterType": told}))
            else:
                keep("static", messages.line(self._envelope(definition)))
        keep("begun", messages.run_started(self._session.run_id))
        self._session.flush()

    def attempt(self, record: AttemptRecord) -> None:
        """Tell of an attempt that has ended; of its test case, if it is the first. Nothing is told twice."""
        green = all(each.status in _GREEN for each in record.results)
        if not green and not record.again:
            self._session.spoil()
        told = self._told.get(record.scenario_id)
        if told is None:
            self._session.keep("cases", messages.test_case(record, self._session.run_id))
            if not green:
                self._to_repeat[record.scenario_id] = record.steps
        elif record.number <= told:
            return  # the file was collected twice, as --keep-duplicates has it
        elif (case := self._to_repeat.get(record.scenario_id)) is not None:
            fit(record, case)
        if told is not None and record.scenario_id not in self._again:
            # Somebody else repeats what fails, such as pytest-rerunfailures, and says so only now.
            self._session.keep("repeated", messages.id_of_attempt(record.scenario_id, told).encode() + b"\n")
        self._told[record.scenario_id] = record.number
        (self._again.add if record.again else self._again.discard)(record.scenario_id)
        self._session.keep("attempts", messages.attempt(record))

    def run_hook(self, hook: HookDefinition, result: Result) -> None:
        """Tell of a hook before or after the run."""
        self._run_hooks += 1
        started = f"{self._session.worker}-hook-{self._run_hooks}"
        lines = messages.run_hook(self.id_of(hook), started, self._session.run_id, result)
        if result.status not in _GREEN:
            self._session.spoil()
        self._session.keep("begun" if hook.when == "before_run" else "ended", lines)
        self._session.flush()

    def id_of(self, definition: StepDefinition | HookDefinition) -> str:
        """The id of a definition or a hook; one that nobody knew at the start is told of now."""
        known = self._id_of.get(definition)
        if known is not None:
            return known
        name = self._ids.get(definition.place)
        if name is None:
            # Another process may meet others, and in another order.
            name = self._ids[definition.place] = f"{self._session.worker}-d{len(self._ids)}"
            self._session.keep("static", messages.line(self._envelope(definition)))
        self._id_of[definition] = name
        return name

    def fixtures(self, name: str) -> str:
        """The id of what stands for pytest's fixtures where they fail: no hook of anybody's."""
        if name not in self._synthetic:
            self._synthetic.add(name)
            kind = "BEFORE_TEST_CASE" if name == FIXTURES_BEFORE else "AFTER_TEST_CASE"
            told = {"id": name, "type": kind, "name": "what surrounds the steps", "sourceReference": {}}
            self._session.keep("static", messages.line({"hook": told}))
        return name

    def planned(self, pickle_step: str, matches: Sequence[Match]) -> TestStep:
        """A step of a test case and what answers it: nothing, one definition, or several."""
        if len(matches) == 1:
            only = matches[0]
            name = self._id_of.get(only.definition) or self.id_of(only.definition)
            return TestStep("", pickle_step, (name,), (only.groups,))
        definitions = [self.id_of(match.definition) for match in matches]
        return TestStep("", pickle_step, definitions, [match.groups for match in matches])

    def _envelope(self, definition: StepDefinition | HookDefinition) -> dict[str, Any]:
        reference = messages.source_reference(definition.file, definition.line, self._root)
        told: dict[str, Any] = {"id": self._ids[definition.place]}
        if isinstance(definition, HookDefinition):
            told["type"] = definition.message_type
            if definition.name is not None:
                told["name"] = definition.name
            if definition.tags:
                told["tagExpression"] = definition.tags
            return {"hook": told | {"sourceReference": reference}}
        told["pattern"] = {"type": definition.pattern_type, "source": definition.pattern}
        return {"stepDefinition": told | {"sourceReference": reference}}


def fit(record: AttemptRecord, case: Sequence[TestStep]) -> None:
    """Give a later attempt the steps of its test case, which are those of the first attempt.

    What went wrong around the steps has a step of its own only where that attempt was the first: else it is told of
    the step that is next to it.
    """
    own = {each.hook or each.pickle_step: result for each, result in zip(record.steps, record.results, strict=True)}
    names = [each.hook or each.pickle_step for each in case]
    fitted = [own.pop(name) if name in own else Result("PASSED", record.begun) for name in names]
    for name, wrong in own.items():
        if fitted:
            at = 0 if name == FIXTURES_BEFORE else -1
            wrong.attachments = [*fitted[at].attachments, *wrong.attachments]
            fitted[at] = wrong
    record.steps, record.results = list(case), fitted


def _parameter_types(root: str) -> Iterator[dict[str, Any]]:
    from goldenpath.bdd import parameter_types

    for number, each in enumerate(parameter_types()):
        yield {
            "id": f"p{number}",
            "name": each.name,
            "regularExpressions": each.regexps,
            "preferForRegularExpressionMatch": False,
            "useForSnippets": each.use_for_snippets,
            "sourceReference": messages.source_reference(each.file, each.line, root),
        }
