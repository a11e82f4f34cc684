"""Images attached in the rows of an outline."""

from pathlib import Path

from goldenpath.bdd import attach, when

HERE = Path(__file__).parent


@when("a JPEG image is attached")
def _():
    attach((HERE / "cucumber.jpeg").read_bytes(), "image/jpeg")


@when("a PNG image is attached")
def _():
    attach((HERE / "cucumber.png").read_bytes(), "image/png")
