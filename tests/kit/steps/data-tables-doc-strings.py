"""A step may have a table and a doc string, in either order."""

from goldenpath.bdd import given


@given("a step with a data table a doc string")
def _(datatable, docstring):
    assert datatable == [["hello"]]
    assert docstring == "world"


@given("a step with a doc string a data table")
def _(docstring, datatable):
    assert docstring == "hello"
    assert datatable == [["world"]]
