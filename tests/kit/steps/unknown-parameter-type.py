"""A sentence with a parameter type that nobody defined."""

from goldenpath.bdd import given


@given("{airport} is closed because of a strike")
def _(_airport):
    pass
