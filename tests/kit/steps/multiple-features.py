"""One sentence for the scenarios of three features."""

from goldenpath.bdd import given


@given("an order for {string}")
def _(_thing):
    pass
