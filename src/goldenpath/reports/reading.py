"""A stream of messages, read for a report: who ran, and what became of each step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from goldenpath.reports import documents, envelopes


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a scenario is written."""

    feature: documents.Feature
    rule: documents.Rule | None
    scenario: documents.Scenario


@dataclass(slots=True)
class StepRun:
    """What became of a step or a hook in an attempt; ``result`` is None where the run broke off in it."""

    started: int
    """In nanoseconds since the epoch."""
    result: envelopes.Result | None = None
    finished: int | None = None
    attachments: list[envelopes.Attachment] = field(default_factory=list)


@dataclass(slots=True)
class Attempt:
    """One attempt at a scenario.

    Attributes:
        id: Of the attempt.
        case: What was to be run.
        number: Counted from 0.
        started: In nanoseconds since the epoch.
        finished: Likewise; None where the run broke off in it.
        steps: What became of the steps that began, by the id of the test step.
    """

    id: str
    case: envelopes.Case
    number: int
    started: int
    finished: int | None = None
    steps: dict[str, StepRun] = field(default_factory=dict)


class TestRun:
    """What a stream says. Messages of parallel workers may be mixed; what one names must come before it.

    Attributes:
        pickles: By id.
        definitions: Step definitions and hooks, by id.
        attempts: All of them by id, in the order in which they began.
    """

    __test__ = False

    def __init__(self, lines: Iterable[bytes]) -> None:
        """Read a stream.

        Args:
            lines: NDJSON.

        Raises:
            msgspec.DecodeError: A line is no message.
        """
        self.pickles: dict[str, documents.Pickle] = {}
        self.definitions: dict[str, envelopes.Definition] = {}
        self.attempts: dict[str, Attempt] = {}
        self._cases: dict[str, envelopes.Case] = {}
        self._origins: dict[str, Origin] = {}
        self._written: dict[str, documents.Step] = {}
        decode = msgspec.json.Decoder(envelopes.Envelope).decode
        for line in lines:
            if not line.isspace():
                self._take(decode(line))

    def origin(self, pickle: documents.Pickle) -> Origin:
        """Where a scenario is written."""
        return self._origins[pickle.ast_node_ids[0]]

    def written(self, step: documents.PickleStep) -> documents.Step:
        """The step as it is written."""
        return self._written[step.ast_node_ids[0]]

    def row(self, pickle: documents.Pickle) -> tuple[documents.Examples, int] | None:
        """The examples that a scenario comes from, and which of their rows it is, counted from 0."""
        for examples in self.origin(pickle).scenario.examples:
            for index, row in enumerate(examples.table_body):
                if row.id in pickle.ast_node_ids:
                    return examples, index
        return None

    def line(self, pickle: documents.Pickle) -> int:
        """The line of a scenario, or of its row."""
        if (found := self.row(pickle)) is not None:
            examples, index = found
            return examples.table_body[index].location.line
        return self.origin(pickle).scenario.location.line

    def last_attempts(self) -> Iterator[Attempt]:
        """The last attempt at each test case, in the order in which the first ones began."""
        last: dict[str, Attempt] = {}
        for attempt in self.attempts.values():
            if attempt.case.id not in last or last[attempt.case.id].number <= attempt.number:
                last[attempt.case.id] = attempt
        return iter(last.values())

    def _take(self, envelope: envelopes.Envelope) -> None:
        """Note what a message says; the commonest come first."""
        if (started := envelope.test_step_started) is not None:
            run = StepRun(started.timestamp.in_nanos)
            self.attempts[started.test_case_started_id].steps[started.test_step_id] = run
        elif (finished := envelope.test_step_finished) is not None:
            run = self.attempts[finished.test_case_started_id].steps[finished.test_step_id]
            run.result, run.finished = finished.test_step_result, finished.timestamp.in_nanos
        elif (begun := envelope.test_case_started) is not None:
            attempt = Attempt(begun.id, self._cases[begun.test_case_id], begun.attempt, begun.timestamp.in_nanos)
            self.attempts[begun.id] = attempt
        elif (over := envelope.test_case_finished) is not None:
            self.attempts[over.test_case_started_id].finished = over.timestamp.in_nanos
        elif (attached := envelope.attachment) is not None:
            self._attach(attached)
        else:
            self._take_static(envelope)

    def _take_static(self, envelope: envelopes.Envelope) -> None:
        if envelope.pickle is not None:
            self.pickles[envelope.pickle.id] = envelope.pickle
        elif envelope.test_case is not None:
            self._cases[envelope.test_case.id] = envelope.test_case
        elif (definition := envelope.step_definition or envelope.hook) is not None:
            self.definitions[definition.id] = definition
        elif envelope.gherkin_document is not None and (feature := envelope.gherkin_document.feature) is not None:
            self._index(feature, None, feature.children)

    def _attach(self, attached: envelopes.Attachment) -> None:
        """Give an attachment to its step; those of run hooks belong to no scenario."""
        if attached.test_case_started_id is not None and attached.test_step_id is not None:
            self.attempts[attached.test_case_started_id].steps[attached.test_step_id].attachments.append(attached)

    def _index(
        self, feature: documents.Feature, rule: documents.Rule | None, children: Iterable[documents.Child]
    ) -> None:
        for child in children:
            if child.rule is not None:
                self._index(feature, child.rule, child.rule.children)
            if child.scenario is not None:
                self._origins[child.scenario.id] = Origin(feature, rule, child.scenario)
            if (parent := child.scenario or child.background) is not None:
                self._written.update((step.id, step) for step in parent.steps)
