"""The messages that reports read, as far as they read them (see :mod:`goldenpath.reports.documents`)."""

from __future__ import annotations

from base64 import b64decode

import msgspec

from goldenpath.reports.documents import GherkinDocument, Location, Message, Pickle


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

    step_match_arguments: tuple[MatchArgument, ...] = ()


class CaseStep(Message):
    """A step or a hook of a test case."""

    id: str
    pickle_step_id: str | None = None
    hook_id: str | None = None
    step_definition_ids: tuple[str, ...] = ()
    step_match_arguments_lists: tuple[MatchArguments, ...] = ()


class Case(Message):
    """What is run of a pickle."""

    id: str
    pickle_id: str
    test_steps: tuple[CaseStep, ...] = ()


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
