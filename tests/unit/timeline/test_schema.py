"""The schema in the documentation is what the events say."""

import json
from pathlib import Path

import jsonschema
import pytest

from goldenpath.domain.timeline import EVENTS, Observation, RejectedCandidate, ServiceResolved, kind_of
from goldenpath.reports.schema import schema, text

DOCUMENT = Path(__file__).parents[3] / "docs" / "timeline.schema.json"


def test_the_document_is_what_the_code_says():
    assert DOCUMENT.read_text(encoding="utf-8") == text(), "run: python -m goldenpath.reports.schema"


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_described(event):
    described = schema()["$defs"][kind_of(event)]
    assert described["description"]
    assert described["properties"]["event"] == {"const": kind_of(event)}


def resolved(**changes):
    record = ServiceResolved(
        at="2026-11-23T18:00:00.000000+00:00",
        service="auth",
        adapter="auth.mock",
        tier="mock",
        stand_in=True,
        reason="r",
        rejected=(RejectedCandidate(tier="real", reason="refused"),),
    ).as_record()
    return record | changes


def test_records_are_valid():
    observation = Observation(
        at="x",
        scenario="s",
        attempt=1,
        service="a",
        operation="o",
        caller="scenario",
        tier="mock",
        stand_in=True,
        outcome="ok",
        seconds=0.1,
        step=None,
        payload={"in": {"list": [1, None]}},
    )
    for record in (resolved(), json.loads(json.dumps(observation.as_record()))):
        jsonschema.validate(record, schema())


@pytest.mark.parametrize(
    "record",
    [
        resolved(event="unheard_of"),
        resolved(stand_in="yes"),
        resolved(more=1),
        resolved(rejected=[{"tier": "real"}]),
        {key: value for key, value in resolved().items() if key != "reason"},
    ],
)
def test_other_records_are_not(record):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, schema())
