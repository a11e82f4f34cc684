"""What an expression finds comes before the table."""

from goldenpath.bdd import given


@given("a {string} with a table")
def _(plant, datatable):
    assert plant == "Cucumber"
    assert datatable == [["Species", "Cucumis sativus"]]
