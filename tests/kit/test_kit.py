"""The Cucumber Compatibility Kit, sample by sample."""

from __future__ import annotations

import pytest
from kit import comparing, streams
from kit.samples import SAMPLES, STEPS, Outcome, run


@pytest.fixture(scope="module", params=SAMPLES, ids=[sample.name for sample in SAMPLES])
def sample(request):
    return request.param


@pytest.fixture(scope="module")
def outcome(sample, tmp_path_factory) -> Outcome:
    """What became of the sample, run once for all that is asked of it."""
    done = run(sample, tmp_path_factory.mktemp(sample.name))
    assert done.stream.exists(), done.output
    return done


def test_sample_conforms(sample, outcome):
    found = comparing.differences(streams.read(outcome.stream), streams.read(sample.expected))
    assert not found, "\n".join([*found[:10], outcome.output])


def test_its_stream_is_sound(outcome):
    streams.check(outcome.stream)


def test_pytest_is_green_only_where_the_messages_are(outcome):
    assert outcome.status in {0, 1, 3, 5}, outcome.output
    assert outcome.status != 0 or streams.read(outcome.stream)[-1]["testRunFinished"]["success"], outcome.output


def test_every_sample_has_steps_and_every_steps_a_sample():
    assert [sample.name for sample in SAMPLES] == sorted(path.stem for path in STEPS.glob("*.py"))
    assert len(SAMPLES) == 49
