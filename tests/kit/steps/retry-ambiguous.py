"""Two definitions with one sentence: no attempt more will tell them apart."""

from goldenpath.bdd import given


@given("an ambiguous step")
def _():
    pass


@given("an ambiguous step")
def _():
    pass
