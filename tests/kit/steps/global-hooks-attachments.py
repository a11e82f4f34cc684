"""Attachments of the hooks before and after the run."""

from goldenpath.bdd import after_run, attach, before_run, when


@before_run
def _():
    attach("Attachment from BeforeAll hook", "text/plain")


@when("a step passes")
def _():
    pass


@after_run
def _():
    attach("Attachment from AfterAll hook", "text/plain")
