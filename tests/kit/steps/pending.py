"""Steps whose answer is still to be written."""

from goldenpath.bdd import given, pending


@given("an implemented non-pending step")
def _():
    pass


@given("an implemented step that is skipped")
def _():
    pass


@given("an unimplemented pending step")
def _():
    pending()
