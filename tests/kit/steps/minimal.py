"""As little as can be."""

from goldenpath.bdd import given


@given("I have {int} cukes in my belly")
def _(_count):
    pass
