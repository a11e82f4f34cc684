"""Attachments of the hooks before and after a scenario."""

from pathlib import Path

from goldenpath.bdd import after_scenario, attach, before_scenario, when

IMAGE = Path(__file__).with_name("cucumber.svg")


@before_scenario
def _():
    attach(IMAGE.read_bytes(), "image/svg+xml")


@when("a step passes")
def _():
    pass


@after_scenario
def _():
    attach(IMAGE.read_bytes(), "image/svg+xml")
