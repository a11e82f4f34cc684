"""Some of the sentences; of the others, more than one to a scenario, none."""

from goldenpath.bdd import given


@given("an implemented step")
def _():
    pass


@given("a step that will be skipped")
def _():
    pass
