"""A hook before the run that fails: no scenario runs, every other hook of the run does."""

from goldenpath.bdd import after_run, before_run, when


@before_run
def _():
    pass


@before_run
def _():
    raise RuntimeError("BeforeAll hook went wrong")


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
    pass
