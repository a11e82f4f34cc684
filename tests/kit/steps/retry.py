"""Steps that pass at the first attempt, at a later one, or never."""

from itertools import count

from goldenpath.bdd import given

second, third = count(1), count(1)


@given("a step that always passes")
def _():
    pass


@given("a step that passes the second time")
def _():
    if next(second) < 2:
        raise RuntimeError("Exception in step")


@given("a step that passes the third time")
def _():
    if next(third) < 3:
        raise RuntimeError("Exception in step")


@given("a step that always fails")
def _():
    raise RuntimeError("Exception in step")
