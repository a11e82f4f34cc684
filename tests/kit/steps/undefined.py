"""Some of the sentences; the others are undefined."""

from goldenpath.bdd import given


@given("an implemented step")
def _():
    pass


@given("a step that will be skipped")
def _():
    pass
