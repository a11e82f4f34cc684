"""A pending step that says why."""

from goldenpath.bdd import given, pending


@given("an unimplemented pending step")
def _():
    pending("TODO")
