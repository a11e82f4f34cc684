"""Definitions that take numbers, of which some rows have none, in more than one column."""

from goldenpath.bdd import given, then, when


@given("there are {int} cucumbers", target_fixture="cucumbers")
def _(count):
    return count


@when("I eat {int} cucumbers", target_fixture="cucumbers")
def _(count, cucumbers):
    return cucumbers - count


@then("I should have {int} cucumbers")
def _(count, cucumbers):
    assert cucumbers == count
