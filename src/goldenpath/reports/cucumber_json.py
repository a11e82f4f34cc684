"""The legacy JSON report of Cucumber, from the messages of a run.

The format has no specification, and dialects. Followed here is the Cucumber project's own converter from messages
(https://github.com/cucumber/cucumber-json-formatter, the dialect of cucumber-jvm: hooks in ``before`` and ``after``,
``doc_string``, ``rows``, ``embeddings``, ``output``), but for what pytest-bdd and cucumber-js do alike, since
``--cucumber-json`` is pytest-bdd's option and its readers expect it:

- the steps of a background stand in each scenario, so that there is one element for each scenario;
- a tag has its line, the feature its language;
- a step that was undefined, or that took no time, has a duration too: 0.

A step in which a run broke off, or that it never reached, is ``unknown``. The steps of a scenario that was skipped
before any of them was planned are ``skipped``. Of repeated attempts the last one counts.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from goldenpath.domain.attaching import LOG
from goldenpath.reports import documents, envelopes
from goldenpath.reports.reading import Attempt, StepRun, TestRun

_NOT_IN_IDS: Final = re.compile(r"[\s'_,!]")


def render(lines: Iterable[bytes]) -> list[dict[str, Any]]:
    """The report: a feature each, its scenarios in the order of the file.

    Args:
        lines: A stream of messages, as NDJSON.

    Raises:
        msgspec.DecodeError: A line is no message.
    """
    run = TestRun(lines)
    features: dict[str, list[tuple[int, Attempt]]] = {}
    for attempt in run.last_attempts():
        pickle = run.pickles[attempt.case.pickle_id]
        features.setdefault(pickle.uri, []).append((run.line(pickle), attempt))
    return [
        _feature(run, uri, [attempt for _, attempt in sorted(of_file, key=lambda each: each[0])])
        for uri, of_file in sorted(features.items())
    ]


def write(messages: Path, target: Path) -> None:
    """Write the report of a stream of messages.

    Args:
        messages: The file of the stream.
        target: Where to.

    Raises:
        OSError: One of them cannot be read or written.
    """
    import json

    with messages.open("rb") as lines:
        target.write_text(json.dumps(render(lines)), encoding="utf-8")


def _feature(run: TestRun, uri: str, attempts: Sequence[Attempt]) -> dict[str, Any]:
    feature = run.origin(run.pickles[attempts[0].case.pickle_id]).feature
    return {
        "uri": uri,
        "id": _id(feature.name),
        "line": feature.location.line,
        "keyword": feature.keyword,
        "name": feature.name,
        "description": feature.description,
        "language": feature.language,
        "tags": [{"name": tag.name, "line": tag.location.line} for tag in feature.tags],
        "elements": [_scenario(run, attempt) for attempt in attempts],
    }


def _scenario(run: TestRun, attempt: Attempt) -> dict[str, Any]:
    pickle = run.pickles[attempt.case.pickle_id]
    written = run.origin(pickle).scenario
    return {
        "start_timestamp": _instant(attempt.started),
        "line": run.line(pickle),
        "id": ";".join(_id(part) for part in _lineage(run, pickle)),
        "type": "scenario",
        "keyword": written.keyword,
        "name": pickle.name,
        "description": written.description,
        "tags": _tags(run, pickle),
        **_steps(run, attempt, pickle),
    }


def _steps(run: TestRun, attempt: Attempt, pickle: documents.Pickle) -> dict[str, list[Any]]:
    """Steps, each with the hooks around it, and the hooks around all of them."""
    pickle_steps = {step.id: step for step in pickle.steps}
    steps: list[dict[str, Any]] = []
    around: dict[str, list[Any]] = {"steps": steps}
    before_next: list[Any] = []
    for each in attempt.case.test_steps:
        ran = attempt.steps.get(each.id)
        told = _told(run, each, ran)
        if each.pickle_step_id is not None:
            hooks = {"before": before_next} if before_next else {}
            steps.append(_step(run, pickle_steps[each.pickle_step_id]) | told | hooks)
            before_next = []
            continue
        kind = run.definitions[each.hook_id].type if each.hook_id in run.definitions else ""
        if kind == "BEFORE_TEST_STEP":
            before_next.append(told)
        elif kind == "AFTER_TEST_STEP" and steps:
            steps[-1].setdefault("after", []).append(told)
        else:
            around.setdefault("after" if kind == "AFTER_TEST_CASE" else "before", []).append(told)
    if not steps:
        never = {"status": "skipped" if attempt.finished is not None else "unknown", "duration": 0}
        steps.extend(_step(run, step) | {"match": {}, "result": never} for step in pickle.steps)
    return around


def _step(run: TestRun, step: documents.PickleStep) -> dict[str, Any]:
    """A step as it is written, its placeholders filled in."""
    written = run.written(step)
    told: dict[str, Any] = {"keyword": written.keyword, "line": written.location.line, "name": step.text}
    if step.argument is not None and (doc_string := step.argument.doc_string) is not None:
        place = written.doc_string.location if written.doc_string else written.location
        told["doc_string"] = {"line": place.line, "value": doc_string.content}
        if doc_string.media_type:
            told["doc_string"]["content_type"] = doc_string.media_type
    if step.argument is not None and (table := step.argument.data_table) is not None:
        told["rows"] = [{"cells": [cell.value for cell in row.cells]} for row in table.rows]
    return told


def _told(run: TestRun, step: envelopes.CaseStep, ran: StepRun | None) -> dict[str, Any]:
    """What a step and a hook have in common: the function, what came of it, and what it attached."""
    told: dict[str, Any] = {
        "match": _match(run, step),
        "result": _result(ran.result if ran is not None else None),
    }
    attached = ran.attachments if ran is not None else []
    if embeddings := [_embedding(each) for each in attached if each.media_type != LOG]:
        told["embeddings"] = embeddings
    if output := [each.content.decode(errors="replace") for each in attached if each.media_type == LOG]:
        told["output"] = output
    return told


def _match(run: TestRun, step: envelopes.CaseStep) -> dict[str, Any]:
    """Which function answers; nothing where none does, or several."""
    ids = [step.hook_id] if step.hook_id is not None else step.step_definition_ids
    if len(ids) != 1 or ids[0] not in run.definitions:
        return {}
    match: dict[str, Any] = {"location": str(run.definitions[ids[0]].source_reference)}
    groups = (each.group for matched in step.step_match_arguments_lists for each in matched.step_match_arguments)
    if arguments := [_argument(group) for group in groups]:
        match["arguments"] = arguments
    return match


def _argument(group: envelopes.Group) -> dict[str, Any]:
    told = {"val": group.value, "offset": group.start}
    return {name: value for name, value in told.items() if value is not None}


def _result(result: envelopes.Result | None) -> dict[str, Any]:
    if result is None:
        return {"status": "unknown", "duration": 0}
    told: dict[str, Any] = {"status": result.status.lower(), "duration": result.duration.in_nanos}
    if said := result.error:
        told["error_message"] = said
    return told


def _embedding(attachment: envelopes.Attachment) -> dict[str, str]:
    told = {"mime_type": attachment.media_type, "data": base64.b64encode(attachment.content).decode()}
    return told | {"name": attachment.file_name} if attachment.file_name else told


def _lineage(run: TestRun, pickle: documents.Pickle) -> Iterator[str]:
    """The names from the feature down; a row is counted with the line of its header."""
    origin = run.origin(pickle)
    yield origin.feature.name
    if origin.rule is not None:
        yield origin.rule.name
    yield origin.scenario.name
    if (row := run.row(pickle)) is not None:
        examples, index = row
        yield examples.name
        yield str(index + 2)


def _id(name: str) -> str:
    return _NOT_IN_IDS.sub("-", name).lower()


def _tags(run: TestRun, pickle: documents.Pickle) -> list[dict[str, Any]]:
    origin = run.origin(pickle)
    written = [*origin.feature.tags, *(origin.rule.tags if origin.rule else ()), *origin.scenario.tags]
    written += [tag for examples in origin.scenario.examples for tag in examples.tags]
    lines = {tag.id: tag.location.line for tag in written}
    return [{"name": tag.name, "line": lines[tag.ast_node_id]} for tag in pickle.tags]


def _instant(nanos: int) -> str:
    instant = datetime.fromtimestamp(nanos // 1_000_000 / 1000, UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
