"""What happens in a run, as Cucumber Messages (https://github.com/cucumber/messages), one envelope a line.

An attempt is written when it has ended, all at once. Ids follow from the scenario id, so that every process of a run
gives the same id to the same thing: ``<hash>-case``, its steps ``<hash>-case-<place>``, its attempts ``<hash>-1``.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any, Final

import msgspec
from msgspec import Struct

from goldenpath.domain.attaching import Attachment
from goldenpath.gherkin.messages import id_of

PROTOCOL: Final = "34.2.1"
"""The version of the messages that are written."""

WORST_LAST: Final = ("UNKNOWN", "PASSED", "SKIPPED", "PENDING", "UNDEFINED", "AMBIGUOUS", "FAILED")
"""Cucumber's statuses, each worse than the one before it."""

_encoder: Final = msgspec.json.Encoder()
_NANO: Final = 1_000_000_000


class TestStep(Struct):
    """One step or hook of a test case, as it is planned.

    Attributes:
        hook: The id of the hook; empty for a step.
        pickle_step: The id of the pickle's step; empty for a hook.
        definitions: The ids of the definitions that answer the step.
        arguments: What each of them found in the text, in the shape of ``stepMatchArguments``.
    """

    hook: str = ""
    pickle_step: str = ""
    definitions: Sequence[str] = ()
    arguments: Sequence[Sequence[Any]] = ()


class Result(Struct):
    """What became of a step or hook.

    Attributes:
        status: Cucumber's word, in capitals.
        begun: Nanoseconds since 1970.
        nanoseconds: How long it took.
        message: What went wrong, redacted.
        exception: The error's type, its message and its trace, redacted; None where there was none.
        attachments: What was attached meanwhile.
        suggestions: Snippets for a step that nobody answers.
    """

    status: str
    begun: int = 0
    nanoseconds: int = 0
    message: str | None = None
    exception: tuple[str, str, str] | None = None
    attachments: Sequence[Attachment] = ()
    suggestions: Sequence[str] = ()


class AttemptRecord(Struct):
    """One attempt at a scenario.

    Attributes:
        scenario_id: Of the scenario.
        pickle_id: The id of its pickle's message.
        number: From 1.
        steps: What was planned.
        results: What became of each, in the same order.
        begun: Nanoseconds since 1970.
        ended: Likewise.
        again: Whether it will be tried again.
    """

    scenario_id: str
    pickle_id: str
    number: int
    steps: list[TestStep] = []
    results: list[Result] = []
    begun: int = 0
    ended: int = 0
    again: bool = False


def line(envelope: dict[str, Any]) -> bytes:
    """An envelope as a line."""
    try:
        return _encoder.encode(envelope) + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair, from a text that somebody tried: as an escape
        return json.dumps(envelope).encode() + b"\n"


def meta() -> bytes:
    """Who writes, on what."""
    return line(
        {
            "meta": {
                "protocolVersion": PROTOCOL,
                "implementation": {"name": "goldenpath", "version": version("goldenpath")},
                "runtime": {"name": platform.python_implementation(), "version": platform.python_version()},
                "os": {"name": platform.system(), "version": platform.release()},
                "cpu": {"name": platform.machine()},
            }
        }
    )


def run_started(run_id: str) -> bytes:
    """The run began."""
    return line({"testRunStarted": {"id": run_id, "timestamp": timestamp(time.time_ns())}})


def run_hook(hook_id: str, started_id: str, run_id: str, result: Result) -> bytes:
    """A hook of the whole run, from its start to its end."""
    started = {
        "id": started_id,
        "testRunStartedId": run_id,
        "hookId": hook_id,
        "timestamp": timestamp(result.begun),
    }
    lines = [line({"testRunHookStarted": started})]
    lines += [_attachment(each, {"testRunHookStartedId": started_id}) for each in result.attachments]
    finished = {
        "testRunHookStartedId": started_id,
        "result": _result(result),
        "timestamp": timestamp(result.begun + result.nanoseconds),
    }
    return b"".join([*lines, line({"testRunHookFinished": finished})])


def test_case(record: AttemptRecord, run_id: str) -> bytes:
    """What the attempts at a scenario have in common."""
    case = f"{id_of(record.scenario_id)}-case"
    steps = []
    for place, each in enumerate(record.steps):
        step: dict[str, Any] = {"id": f"{case}-{place}"}
        if each.hook:
            step["hookId"] = each.hook
        else:
            step["pickleStepId"] = each.pickle_step
            step["stepDefinitionIds"] = each.definitions
            step["stepMatchArgumentsLists"] = [{"stepMatchArguments": found} for found in each.arguments]
        steps.append(step)
    return line(
        {"testCase": {"id": case, "pickleId": record.pickle_id, "testSteps": steps, "testRunStartedId": run_id}}
    )


def id_of_attempt(scenario_id: str, number: int) -> str:
    """The id of the ``testCaseStarted`` of an attempt; ``number`` is from 1."""
    return f"{id_of(scenario_id)}-{number}"


def attempt(record: AttemptRecord) -> bytes:
    """An attempt, from its start to its end."""
    name = id_of(record.scenario_id)
    case, started = f"{name}-case", f"{name}-{record.number}"
    lines = [
        f'{{"testCaseStarted":{{"id":"{started}","testCaseId":"{case}","attempt":{record.number - 1},'
        f'"timestamp":{_stamp(record.begun)}}}}}\n'
    ]
    for place, result in enumerate(record.results):
        lines.append(_step(started, f"{case}-{place}", record.steps[place].pickle_step, result))
    lines.append(
        f'{{"testCaseFinished":{{"testCaseStartedId":"{started}","timestamp":{_stamp(record.ended)},'
        f'"willBeRetried":{"true" if record.again else "false"}}}}}\n'
    )
    return "".join(lines).encode()


def _step(started: str, step: str, pickle_step: str, result: Result) -> str:
    """A step; text is put together only where it is known to need no escape."""
    begun, took = result.begun, result.nanoseconds
    ended = begun + took
    begin = (
        f'{{"testStepStarted":{{"testCaseStartedId":"{started}","testStepId":"{step}",'
        f'"timestamp":{{"seconds":{begun // _NANO},"nanos":{begun % _NANO}}}}}}}\n'
    )
    if result.message is None and not result.attachments and not result.suggestions:
        return (
            f'{begin}{{"testStepFinished":{{"testCaseStartedId":"{started}","testStepId":"{step}","testStepResult":'
            f'{{"status":"{result.status}","duration":{{"seconds":{took // _NANO},"nanos":{took % _NANO}}}}},'
            f'"timestamp":{{"seconds":{ended // _NANO},"nanos":{ended % _NANO}}}}}}}\n'
        )
    of_step = {"testCaseStartedId": started, "testStepId": step}
    lines = [_attachment(each, of_step) for each in result.attachments]
    if result.suggestions:
        snippets = [{"language": "python", "code": code} for code in result.suggestions]
        lines.append(
            line({"suggestion": {"id": f"{started}-{step}", "pickleStepId": pickle_step, "snippets": snippets}})
        )
    finished = {**of_step, "testStepResult": _result(result), "timestamp": timestamp(ended)}
    return begin + b"".join([*lines, line({"testStepFinished": finished})]).decode()


def _result(result: Result) -> dict[str, Any]:
    told: dict[str, Any] = {"status": result.status, "duration": timestamp(result.nanoseconds)}
    if result.message is not None:
        told["message"] = result.message
    if result.exception is not None:
        told["exception"] = _exception(result.exception)
    return told


def _exception(told: tuple[str, str, str]) -> dict[str, str]:
    kind, message, trace = told
    return {"type": kind, "message": message, "stackTrace": trace}


def _attachment(attachment: Attachment, of: dict[str, str]) -> bytes:
    told = {
        **of,
        "body": attachment.body,
        "contentEncoding": attachment.encoding,
        "mediaType": attachment.media_type,
        "timestamp": timestamp(time.time_ns()),
    }
    if attachment.file_name is not None:
        told["fileName"] = attachment.file_name
    return line({"attachment": told})


def timestamp(nanoseconds: int) -> dict[str, int]:
    """An instant or a duration, as the messages have it."""
    seconds, nanos = divmod(nanoseconds, _NANO)
    return {"seconds": seconds, "nanos": nanos}


def _stamp(nanoseconds: int) -> str:
    return f'{{"seconds":{nanoseconds // _NANO},"nanos":{nanoseconds % _NANO}}}'


def source_reference(file: str, at: int, root: str) -> dict[str, Any]:
    """Where a definition or a hook stands, relative to ``root`` if it lies below it."""
    try:
        uri = os.path.relpath(file, root) if file else ""
    except ValueError:  # another drive
        uri = file
    place: dict[str, Any] = {"uri": (file if uri.startswith("..") else uri).replace(os.sep, "/")}
    if at:
        place["location"] = {"line": at}
    return place


def worst(statuses: Iterable[str]) -> str:
    """The worst of some statuses; ``PASSED`` for none (a scenario without steps)."""
    return max(statuses, key=WORST_LAST.index, default="PASSED")
