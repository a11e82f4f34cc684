"""Hooks before and after each scenario."""

from goldenpath.bdd import after_scenario, before_scenario, when


@before_scenario
def _():
    pass


@when("a step passes")
def _():
    pass


@when("a step fails")
def _():
    raise RuntimeError("Exception in step")


@after_scenario
def _():
    pass
