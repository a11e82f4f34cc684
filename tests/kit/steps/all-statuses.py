"""A step for each status that a step can have; what is undefined is not here."""

import pytest

from goldenpath.bdd import given, parsers, pending


@given(parsers.re(r"^a step$"))
def _():
    pass


@given(parsers.re(r"^a failing step$"))
def _():
    raise RuntimeError("whoops")


@given(parsers.re(r"^a pending step$"))
def _():
    pending()


@given(parsers.re(r"^a skipped step$"))
def _():
    pytest.skip()


@given(parsers.re(r"^an ambiguous (.*?)$"))
def _():
    pass


@given(parsers.re(r"^(.*?) ambiguous step$"))
def _():
    pass
