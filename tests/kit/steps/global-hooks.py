"""Hooks before and after the run."""

from goldenpath.bdd import after_run, before_run, when


@before_run
def _():
    pass


@before_run
def _():
    pass


@when("a step passes")
def _():
    pass


@when("a step fails")
def _():
    raise RuntimeError("Exception in step")


@after_run
def _():
    pass


@after_run
def _():
    pass
