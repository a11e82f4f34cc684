"""What an expression finds comes before the doc string."""

from goldenpath.bdd import given


@given("a {string} with a doc string:")
def _(plant, docstring):
    assert plant == "Cucumber"
    assert docstring == "Cucumis sativus"
