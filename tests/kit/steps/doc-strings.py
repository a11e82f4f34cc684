"""A doc string below a step is handed to it."""

from goldenpath.bdd import given


@given("a doc string:")
def _(docstring):
    assert docstring
