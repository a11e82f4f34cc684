"""A sentence that no scenario says is listed all the same."""

from goldenpath.bdd import given


@given("a step that is used")
def _():
    pass


@given("a step that is not used")
def _():
    pass
