"""A hook that fails after a step that skipped."""

import pytest

from goldenpath.bdd import after_scenario, given


@given("a step that skips")
def _():
    pytest.skip()


@after_scenario
def _():
    raise RuntimeError("whoops")
