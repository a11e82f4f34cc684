"""A regular expression with groups, of which some take no part."""

from goldenpath.bdd import given, parsers


@given(parsers.re(r"^a (.*?)(?: and a (.*?))?(?: and a (.*?))?$"))
def _():
    pass
