"""One sentence for the scenarios of three features, run from the last to the first."""

from goldenpath.bdd import given


@given("an order for {string}")
def _(_thing):
    pass
