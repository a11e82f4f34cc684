"""Skipping from a step, from a hook before a scenario, and from one after it."""

import pytest

from goldenpath.bdd import after_scenario, before_scenario, given


@before_scenario
def _():
    pass


@before_scenario("@skip-before")
def _():
    pytest.skip()


@before_scenario
def _():
    pass


@given("a normal step")
def _():
    pass


@given("a step that skips")
def _():
    pytest.skip()


@after_scenario
def _():
    pass


@after_scenario("@skip-after")
def _():
    pytest.skip()


@after_scenario
def _():
    pass
