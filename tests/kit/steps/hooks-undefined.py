"""Hooks around a step that nobody defined."""

from goldenpath.bdd import after_scenario, before_scenario


@before_scenario
def _():
    pass


@after_scenario
def _():
    pass
