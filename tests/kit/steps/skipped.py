"""A step that skips the rest of its scenario."""

import pytest

from goldenpath.bdd import given


@given("a step that does not skip")
def _():
    pass


@given("a step that is skipped")
def _():
    pass


@given("I skip a step")
def _():
    pytest.skip()
