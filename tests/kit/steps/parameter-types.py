"""A parameter type of our own."""

from dataclasses import dataclass

from goldenpath.bdd import given, parameter_type


@dataclass
class Flight:
    origin: str
    destination: str


parameter_type("flight", r"([A-Z]{3})-([A-Z]{3})", Flight)


@given("{flight} has been delayed")
def _(flight):
    assert flight == Flight("LHR", "CDG")
