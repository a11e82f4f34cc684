"""The messages that reports read, as far as they read them.

Their names and meanings are those of Cucumber Messages (https://github.com/cucumber/messages, jsonschema/); a field
that is not here is skipped by the decoder.
"""

from __future__ import annotations

from base64 import b64decode

import msgspec


class Message(msgspec.Struct, rename="camel"):
    """A message, or a part of one: its fields are in camelCase on the wire."""


class Location(Message):
    """A place in a file, counted from 1."""

    line: int
    column: int = 0


class Tag(Message):
    """A tag with its ``@``, where it is written."""

    id: str
    name: str
    location: Location


class DocString(Message):
    """Where the doc string of a step begins."""

    location: Location


class Step(Message):
    """A step as it is written; its keyword ends with a blank where the language writes one."""

    id: str
    keyword: str
    location: Location
    doc_string: DocString | None = None


class Background(Message):
    """A background."""

    steps: list[Step] = []


class Cell(Message):
    """A cell of a table."""

    value: str


class TableRow(Message):
    """A row of examples, or their header."""

    id: str
    location: Location
    cells: list[Cell] = []


class Examples(Message):
    """The examples of an outline."""

    name: str
    tags: list[Tag] = []
    table_header: TableRow | None = None
    table_body: list[TableRow] = []


class Scenario(Message):
    """A scenario or an outline as it is written."""

    id: str
    location: Location
    keyword: str
    name: str
    description: str = ""
    tags: list[Tag] = []
    steps: list[Step] = []
    examples: list[Examples] = []


class Child(Message):
    """What a feature or a rule holds: one of these."""

    background: Background | None = None
    scenario: Scenario | None = None
    rule: Rule | None = None


class Rule(Message):
    """A rule."""

    name: str
    tags: list[Tag] = []
    children: list[Child] = []


class Feature(Message):
    """A feature."""

    location: Location
    language: str
    keyword: str
    name: str
    description: str = ""
    tags: list[Tag] = []
    children: list[Child] = []


class GherkinDocument(Message):
    """A feature file, parsed."""

    uri: str
    feature: Feature | None = None


class Row(Message):
    """A row of a data table."""

    cells: list[Cell] = []


class PickleTable(Message):
    """A data table, filled in."""

    rows: list[Row] = []


class PickleDocString(Message):
    """A doc string, filled in."""

    content: str
    media_type: str | None = None


class Argument(Message):
    """What stands below a step: either of the two, or both."""

    doc_string: PickleDocString | None = None
    data_table: PickleTable | None = None


class PickleStep(Message):
    """A step, filled in; its first AST node is the step as it is written."""

    id: str
    text: str
    ast_node_ids: list[str] = []
    argument: Argument | None = None


class PickleTag(Message):
    """A tag that a scenario has or inherits."""

    name: str
    ast_node_id: str = ""


class Pickle(Message):
    """A scenario, or a row of an outline; its AST nodes are the scenario and that row."""

    id: str
    uri: str
    name: str
    ast_node_ids: list[str]
    steps: list[PickleStep] = []
    tags: list[PickleTag] = []


class SourceReference(msgspec.Struct, rename="camel", frozen=True):
    """Where a function of the project is written."""

    uri: str = ""
    location: Location | None = None

    def __str__(self) -> str:
        return f"{self.uri}:{self.location.line}" if self.location else self.uri


class Definition(Message):
    """A hook or a step definition; only a hook has a type (``BEFORE_TEST_CASE``) and may have a name."""

    id: str
    source_reference: SourceReference = SourceReference()
    type: str = ""
    name: str | None = None


class Group(Message):
    """What an argument of a sentence matched, and where in the sentence, counted from 0."""

    value: str | None = None
    start: int | None = None


class MatchArgument(Message):
    """An argument of a sentence."""

    group: Group


class MatchArguments(Message):
    """The arguments by which one definition matches."""

    step_match_arguments: list[MatchArgument] = []


class CaseStep(Message):
    """A step or a hook of a test case."""

    id: str
    pickle_step_id: str | None = None
    hook_id: str | None = None
    step_definition_ids: list[str] = []
    step_match_arguments_lists: list[MatchArguments] = []


class Case(Message):
    """What is run of a pickle."""

    id: str
    pickle_id: str
    test_steps: list[CaseStep] = []


class Time(msgspec.Struct, rename="camel", frozen=True):
    """A duration, or an instant counted from the epoch."""

    seconds: int = 0
    nanos: int = 0

    @property
    def in_nanos(self) -> int:
        """In nanoseconds."""
        return self.seconds * 1_000_000_000 + self.nanos


class CaseStarted(Message):
    """An attempt has begun; attempts count from 0."""

    id: str
    test_case_id: str
    attempt: int
    timestamp: Time


class CaseFinished(Message):
    """An attempt has ended."""

    test_case_started_id: str
    timestamp: Time
    will_be_retried: bool = False


class Raised(Message):
    """What was raised."""

    type: str = ""
    message: str | None = None
    stack_trace: str | None = None


class Result(Message):
    """What came of a step; ``status`` is in capitals."""

    status: str
    duration: Time = Time()
    message: str | None = None
    exception: Raised | None = None

    @property
    def error(self) -> str:
        """All that is said of an error: its message, and its stack trace where that does not repeat the message."""
        raised = self.exception or Raised()
        said, trace = self.message or raised.message or "", raised.stack_trace or ""
        return trace if said in trace else "\n".join(part for part in (said, trace) if part)


class StepStarted(Message):
    """A step of an attempt has begun."""

    test_case_started_id: str
    test_step_id: str
    timestamp: Time


class StepFinished(Message):
    """A step of an attempt has ended."""

    test_case_started_id: str
    test_step_id: str
    test_step_result: Result
    timestamp: Time


class Attachment(Message):
    """What a step or a hook attached; ``content_encoding`` is ``IDENTITY`` or ``BASE64``."""

    body: str
    content_encoding: str
    media_type: str
    file_name: str | None = None
    test_case_started_id: str | None = None
    test_step_id: str | None = None

    @property
    def content(self) -> bytes:
        """What was attached."""
        return b64decode(self.body) if self.content_encoding == "BASE64" else self.body.encode()


class Envelope(Message):
    """One line of a stream: one of these, or a message that no report reads."""

    gherkin_document: GherkinDocument | None = None
    pickle: Pickle | None = None
    hook: Definition | None = None
    step_definition: Definition | None = None
    test_case: Case | None = None
    test_case_started: CaseStarted | None = None
    test_step_started: StepStarted | None = None
    test_step_finished: StepFinished | None = None
    attachment: Attachment | None = None
    test_case_finished: CaseFinished | None = None
