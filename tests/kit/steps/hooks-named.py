"""Hooks with names."""

from goldenpath.bdd import after_scenario, before_scenario, when


@before_scenario(name="A named before hook")
def _():
    pass


@when("a step passes")
def _():
    pass


@after_scenario(name="A named after hook")
def _():
    pass
