"""A pending step: no attempt more will write it."""

from goldenpath.bdd import given, pending


@given("a pending step")
def _():
    pending()
