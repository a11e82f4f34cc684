"""A hook after the run that fails; the others still run."""

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


@after_run
def _():
    pass


@after_run
def _():
    raise RuntimeError("AfterAll hook went wrong")


@after_run
def _():
    pass
