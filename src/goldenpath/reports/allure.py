"""Results for Allure, from the messages of a run.

The format is Allure 2's (https://allurereport.org/docs/how-it-works-test-result-file/ and its neighbour pages): a
``-result.json`` for each attempt, a ``-container.json`` for the hooks around it, a file for each attachment. Attempts
at one scenario share their ``historyId``, by which Allure finds its retries and its history: it comes from the test
case, whose id is the same in every run. Rows of an outline and scenarios of one name have ids of their own.

Allure knows five statuses. What failed in an assertion is *failed*; any other error, and what is undefined, ambiguous,
pending or without a step, is *broken*: nothing was proved. What broke off is *unknown*.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import mimetypes
import uuid
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

from goldenpath.domain.attaching import LINK, LOG
from goldenpath.reports import envelopes
from goldenpath.reports.reading import Attempt, StepRun, TestRun

_WORST_FIRST: Final = ("FAILED", "AMBIGUOUS", "UNDEFINED", "PENDING", "UNKNOWN", "SKIPPED")
_STATUSES: Final = {"PASSED": "passed", "SKIPPED": "skipped", "UNKNOWN": "unknown"}
_UNSAID: Final = {
    "UNDEFINED": "no step definition answers a step",
    "AMBIGUOUS": "several step definitions answer a step",
    "PENDING": "a step is pending",
}
_ASSERTIONS: Final = ("AssertionError", "Failed")
"""How Python and pytest name the errors of assertions."""
_LABEL: Final = "@allure.label."


def render(lines: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """The files of the results: their names, and what is in them.

    Args:
        lines: A stream of messages, as NDJSON.

    Raises:
        msgspec.DecodeError: A line is no message.
    """
    run = TestRun(lines)
    for attempt in run.attempts.values():
        yield from _Result(run, attempt).files()


def write(messages: Path, folder: Path) -> None:
    """Write the results of a stream of messages beside those that are there.

    Args:
        messages: The file of the stream.
        folder: Where to; made if it is missing.

    Raises:
        OSError: The stream cannot be read, or the folder not be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with messages.open("rb") as lines:
        for name, content in render(lines):
            (folder / name).write_bytes(content)


class _Result:
    """One attempt, as Allure is told of it."""

    def __init__(self, run: TestRun, attempt: Attempt) -> None:
        self._run = run
        self._attempt = attempt
        self._pickle = run.pickles[attempt.case.pickle_id]
        self._pickle_steps = {step.id: step for step in self._pickle.steps}
        self._id = _uuid(attempt.id, str(attempt.started))
        self._files: list[tuple[str, bytes]] = []
        self._links: list[dict[str, str]] = []
        self._steps: list[dict[str, Any]] = []
        self._around: dict[str, list[dict[str, Any]]] = {"befores": [], "afters": []}

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The result, the hooks around it, what was attached."""
        before_next: list[dict[str, Any]] = []
        for step in self._attempt.case.test_steps:
            hook = self._run.definitions[step.hook_id].type if step.hook_id is not None else ""
            told = self._told(step)
            if step.pickle_step_id is not None:
                self._steps.append(told | {"steps": before_next})
                before_next = []
            elif hook == "BEFORE_TEST_STEP":
                before_next.append(told)
            elif hook == "AFTER_TEST_STEP" and self._steps:
                self._steps[-1]["steps"].append(told)
            else:
                self._around["afters" if hook == "AFTER_TEST_CASE" else "befores"].append(told)
        yield f"{self._id}-result.json", _encoded(self._result())
        if any(self._around.values()):
            container = {"uuid": _uuid(self._id, "container"), "children": [self._id], **self._around}
            yield f"{container['uuid']}-container.json", _encoded(container)
        yield from self._files

    def _result(self) -> dict[str, Any]:
        attempt, pickle, origin = self._attempt, self._pickle, self._run.origin(self._pickle)
        history = hashlib.blake2b(attempt.case.id.encode(), digest_size=16).hexdigest()
        names = [origin.feature.name, *([origin.rule.name] if origin.rule else []), pickle.name]
        parts = [cleandoc(part) for part in (origin.feature.description, origin.scenario.description)]
        return {
            "uuid": self._id,
            "historyId": history,
            "testCaseId": history,
            "fullName": f"{pickle.uri}: {' / '.join(names)}",
            "titlePath": [*pickle.uri.split("/")[:-1], *names[:-1]],
            "name": pickle.name,
            "description": "\n\n".join(part for part in parts if part),
            "stage": "finished" if attempt.finished is not None else "interrupted",
            "start": attempt.started // 1_000_000,
            "stop": self._end() // 1_000_000,
            "labels": [{"name": name, "value": value} for name, value in self._labels()],
            "links": self._links,
            "parameters": [{"name": name, "value": value} for name, value in self._row()],
            "steps": self._steps,
            **self._verdict(),
        }

    def _end(self) -> int:
        """When the attempt ended; where it broke off, when the last was heard of it."""
        attempt = self._attempt
        heard = [attempt.started, *(each.finished or each.started for each in attempt.steps.values())]
        return attempt.finished if attempt.finished is not None else max(heard)

    def _verdict(self) -> dict[str, Any]:
        """The status of the worst step; a flaky scenario is marked as such."""
        if not self._pickle.steps:
            return {"status": "broken", "statusDetails": {"message": "it has no steps, so it proves nothing"}}
        if not self._attempt.case.test_steps and self._attempt.finished is not None:
            return {"status": "skipped", "statusDetails": {"message": "it was skipped before its first step"}}
        ran = [self._attempt.steps.get(step.id) for step in self._attempt.case.test_steps] or [None]
        results = [(each.result if each else None) or envelopes.Result("UNKNOWN") for each in ran]
        worst = min(results, key=lambda each: [*_WORST_FIRST, "PASSED"].index(each.status))
        told = _status(worst)
        if worst.status == "PASSED" and self._attempt.number:
            told["statusDetails"] = {"flaky": True, "message": f"passed at attempt {self._attempt.number + 1} only"}
        return told

    def _labels(self) -> Iterator[tuple[str, str]]:
        """By these Allure groups and filters; a tag ``@allure.label.owner:ann`` is a label of its own."""
        origin = self._run.origin(self._pickle)
        yield from [("framework", "goldenpath"), ("language", "python"), ("feature", origin.feature.name)]
        yield "suite", origin.feature.name
        yield "package", self._pickle.uri.replace("/", ".")
        if origin.rule is not None:
            yield "story", origin.rule.name
        for tag in self._pickle.tags:
            name, given, value = tag.name.removeprefix(_LABEL).replace("=", ":", 1).partition(":")
            yield (name, value) if tag.name.startswith(_LABEL) and given else ("tag", tag.name.removeprefix("@"))

    def _row(self) -> Iterator[tuple[str, str]]:
        """What the row of an outline fills in."""
        if (found := self._run.row(self._pickle)) is not None and found[0].table_header is not None:
            header, values = found[0].table_header.cells, found[0].table_body[found[1]].cells
            yield from ((name.value, value.value) for name, value in zip(header, values, strict=True))

    def _told(self, step: envelopes.CaseStep) -> dict[str, Any]:
        """A step or a hook."""
        ran = self._attempt.steps.get(step.id) or StepRun(self._end())
        told: dict[str, Any] = {
            "name": self._name(step),
            "stage": "finished" if ran.result is not None else "interrupted",
            "start": ran.started // 1_000_000,
            "stop": (ran.finished or self._end()) // 1_000_000,
            **_status(ran.result or envelopes.Result("UNKNOWN")),
        }
        attached = [*self._below(step), *self._attached(ran)]
        return told | {"attachments": attached} if attached else told

    def _name(self, step: envelopes.CaseStep) -> str:
        if step.pickle_step_id is not None:
            pickle_step = self._pickle_steps[step.pickle_step_id]
            return self._run.written(pickle_step).keyword + pickle_step.text
        hook = self._run.definitions[step.hook_id or ""]
        return hook.name or str(hook.source_reference) or hook.type.replace("_", " ").capitalize()

    def _below(self, step: envelopes.CaseStep) -> Iterator[dict[str, str]]:
        """What is written below a step, which Allure has no place for but among the attachments."""
        argument = self._pickle_steps[step.pickle_step_id].argument if step.pickle_step_id is not None else None
        if argument is not None and argument.doc_string is not None:
            media_type = argument.doc_string.media_type or "text/plain"
            yield self._file("Doc string", media_type, argument.doc_string.content.encode())
        if argument is not None and argument.data_table is not None:
            table = io.StringIO()
            csv.writer(table).writerows([cell.value for cell in row.cells] for row in argument.data_table.rows)
            yield self._file("Data table", "text/csv", table.getvalue().encode())

    def _attached(self, ran: StepRun) -> Iterator[dict[str, str]]:
        """What a step attached and logged; its links are put where Allure shows links."""
        for each in ran.attachments:
            if each.media_type == LINK:
                self._links.extend(_links(each))
            elif each.media_type == LOG:
                yield self._file("log", "text/plain", each.content)
            else:
                yield self._file(each.file_name or "attachment", each.media_type, each.content)

    def _file(self, name: str, media_type: str, content: bytes) -> dict[str, str]:
        kind = media_type.partition(";")[0].strip()
        extension = Path(name).suffix or mimetypes.guess_extension(kind) or ""
        source = f"{_uuid(self._id, str(len(self._files)))}-attachment{extension}"
        self._files.append((source, content))
        return {"name": name, "source": source, "type": media_type}


def _status(result: envelopes.Result) -> dict[str, Any]:
    """Allure's word for a result, and what is said of it."""
    status = _STATUSES.get(result.status, "broken")
    raised = result.exception or envelopes.Raised()
    if result.status == "FAILED" and raised.type.rpartition(".")[2] in _ASSERTIONS:
        status = "failed"
    message = result.message or raised.message or _UNSAID.get(result.status)
    details = {"message": message, "trace": raised.stack_trace} if status != "passed" else {}
    if said := {name: value for name, value in details.items() if value}:
        return {"status": status, "statusDetails": said}
    return {"status": status}


def _links(attachment: envelopes.Attachment) -> Iterator[dict[str, str]]:
    """Links; its file name is the title, a line that begins with ``#`` a comment (RFC 2483)."""
    lines = (line.strip() for line in attachment.content.decode(errors="replace").splitlines())
    for url in lines:
        if url and not url.startswith("#"):
            yield {"type": "link", "name": attachment.file_name or url, "url": url}


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "\0".join(parts)))


def _encoded(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode()
