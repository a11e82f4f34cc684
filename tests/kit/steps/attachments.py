"""Attachments of every kind, and what is logged."""

from pathlib import Path

from goldenpath.bdd import attach, link, log, when

HERE = Path(__file__).parent


@when("the string {string} is attached as {string}")
def _(text, media_type):
    attach(text, media_type)


@when("the string {string} is logged")
def _(text):
    log(text)


@when("text with ANSI escapes is logged")
def _():
    colours = ["31", "91", "33", "32", "34", "95", "35"]
    letters = [f"\x1b[{colour}m{letter}\x1b[0m" for colour, letter in zip(colours, "rainbow", strict=True)]
    log("This displays a " + "".join(letters))


@when("the following string is attached as {string}:")
def _(media_type, docstring):
    attach(docstring, media_type)


@when("an array with {int} bytes is attached as {string}")
def _(size, media_type):
    attach(bytes(range(size)), media_type)


@when("a PDF document is attached and renamed")
def _():
    with (HERE / "document.pdf").open("rb") as document:
        attach(document, "application/pdf", file_name="renamed.pdf")


@when("a link to {string} is attached")
def _(url):
    link(url)


@when("the string {string} is attached as {string} before a failure")
def _(text, media_type):
    attach(text, media_type)
    raise RuntimeError("whoops")
