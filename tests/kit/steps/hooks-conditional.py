"""Hooks for some scenarios, by their tags."""

from goldenpath.bdd import after_scenario, before_scenario, when


@before_scenario("@passing-hook")
def _():
    pass


@before_scenario("@fail-before")
def _():
    raise RuntimeError("Exception in conditional hook")


@when("a step passes")
def _():
    pass


@after_scenario("@fail-after")
def _():
    raise RuntimeError("Exception in conditional hook")


@after_scenario("@passing-hook")
def _():
    pass
