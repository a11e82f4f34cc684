"""A till, and the rules by which it sells."""

from goldenpath.bdd import given, then, when


@given("the customer has {int} cents", target_fixture="money")
def _(cents):
    return cents


@given("there are chocolate bars in stock", target_fixture="stock")
def _():
    return ["Mars"]


@given("there are no chocolate bars in stock", target_fixture="stock")
def _():
    return []


@when("the customer tries to buy a {int} cent chocolate bar", target_fixture="sold")
def _(price, money, stock):
    return bool(stock) and price <= money


@then("the sale should not happen")
def _(sold):
    assert not sold


@then("the sale should happen")
def _(sold):
    assert sold
