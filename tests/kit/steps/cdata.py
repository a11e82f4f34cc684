"""Signs that mean something to XML."""

from goldenpath.bdd import given


@given("I have {int} <![CDATA[cukes]]> in my belly")
def _(_count):
    pass
