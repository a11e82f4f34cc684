"""Steps of the feature's background run before those of the rule's, and these before those of each scenario."""

from goldenpath.bdd import given, then, when


@given("an order for {string}")
def _(_thing):
    pass


@when("an action")
def _():
    pass


@then("an outcome")
def _():
    pass
