"""The Cucumber Compatibility Kit, sample by sample."""

from __future__ import annotations

import pytest
from kit import comparing, streams
from kit.samples import SAMPLES, STEPS, Sample, run

CANNOT: dict[str, str] = {}
"""The samples that cannot conform under pytest, and why."""


def case(sample: Sample):
    marks = [pytest.mark.xfail(reason=CANNOT[sample.name])] if sample.name in CANNOT else []
    return pytest.param(sample, id=sample.name, marks=marks)


@pytest.mark.parametrize("sample", [case(sample) for sample in SAMPLES])
def test_sample_conforms(sample, tmp_path):
    outcome = run(sample, tmp_path)
    assert outcome.stream.exists(), outcome.output
    ours, kits = streams.read(outcome.stream), streams.read(sample.expected)
    found = comparing.differences(ours, kits)
    assert not found, "\n".join([*found[:10], outcome.output])
    assert outcome.status != 0 or ours[-1]["testRunFinished"]["success"], "pytest is green where the messages are not"
    streams.check(outcome.stream)


def test_every_sample_has_steps_and_every_steps_a_sample():
    assert [sample.name for sample in SAMPLES] == sorted(path.stem for path in STEPS.glob("*.py"))
    assert len(SAMPLES) == 49
