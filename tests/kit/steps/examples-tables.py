"""Numbers of a row in the steps of an outline."""

from goldenpath.bdd import given, then, when


@given("there are {int} cucumbers", target_fixture="cucumbers")
def _(count):
    return count


@given("there are {int} friends", target_fixture="friends")
def _(count):
    return count


@when("I eat {int} cucumbers", target_fixture="cucumbers")
def _(count, cucumbers):
    return cucumbers - count


@then("I should have {int} cucumbers")
def _(count, cucumbers):
    assert cucumbers == count


@then("each person can eat {int} cucumbers")
def _(share, cucumbers, friends):
    assert cucumbers // (1 + friends) == share
