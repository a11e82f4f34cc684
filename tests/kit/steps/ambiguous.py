"""Two definitions that both mean the step."""

from goldenpath.bdd import given, parsers


@given(parsers.re(r"^a (.*?) with (.*?)$"))
def _():
    pass


@given(parsers.re(r"^a step with (.*?)$"))
def _():
    pass
