"""A step that raises."""

from goldenpath.bdd import when


@when("a step throws an exception")
def _():
    raise RuntimeError("BOOM")
