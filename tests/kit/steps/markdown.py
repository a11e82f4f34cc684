"""A feature in Markdown: what is indented as a table or as code belongs to its step."""

from goldenpath.bdd import given, log, then, when


@given("some TypeScript code:")
def _(docstring):
    assert docstring


@given("some classic Gherkin:")
def _(docstring):
    assert docstring


@when("we use a data table and attach something and then {word}")
def _(word, datatable):
    assert datatable
    log(f"We are logging some plain text ({word})")
    if word == "fail":
        raise RuntimeError("You asked me to fail")


@then("this might or might not run")
def _():
    pass
