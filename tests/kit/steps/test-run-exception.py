"""A step that is never reached."""

from goldenpath.bdd import given


@given("a step")
def _():
    pass
