"""A step that skips and says why."""

import pytest

from goldenpath.bdd import given


@given("I skip a step")
def _():
    pytest.skip("skipping")
