"""Attempts at a scenario, one after the other.

``--retry`` repeats on the same adapters: what passes only then is flaky, no success, and a failure of the run unless
that was allowed. In hybrid a scenario that has lost a service starts again on what is left: it is degraded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from _pytest.runner import runtestprotocol

if TYPE_CHECKING:
    from goldenpath.pytest_plugin.item import FeatureItem

FLAKY = "goldenpath_flaky"
"""The attribute of a report that says so; it travels from a worker with the report."""

DEGRADED = "goldenpath_degraded"
"""The attribute of a report of a scenario that has lost a service and started again."""

ATTEMPTS = "attempts"
"""The section of a report that tells of the attempts, where a scenario was allowed to be flaky."""


def run_attempts(item: FeatureItem, nextitem: pytest.Item | None, *, allow_flaky: bool) -> None:
    """Run a scenario until an attempt is the last one, and tell pytest of that one."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    while True:
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        attempt = item.attempt
        if attempt is None or not attempt.again:
            break
        if attempt.lost is not None:
            item.lost.append(attempt.lost)
        else:
            item.earlier.append(attempt.message or "failed")
        item._initrequest()
    if item.earlier and attempt is not None and attempt.status == "passed":
        _tell_flaky(item, reports, allow_flaky=allow_flaky)
    elif item.lost:
        for report in reports:
            setattr(report, DEGRADED, True)
            report.sections.append((ATTEMPTS, "\n".join(item.lost)))
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _tell_flaky(item: FeatureItem, reports: list[pytest.TestReport], *, allow_flaky: bool) -> None:
    attempts = len(item.earlier) + 1
    lines = [f"flaky: it passed at attempt {attempts}, and at no earlier one"]
    lines += [f"  attempt {number}: {said}" for number, said in enumerate(item.earlier, 1)]
    for report in reports:
        if report.when == "call":
            setattr(report, FLAKY, True)
            if allow_flaky:
                report.sections.append((ATTEMPTS, "\n".join(lines)))
            else:
                report.outcome = "failed"
                report.longrepr = "\n".join([*lines, "  try: mend what is not certain in it; --allow-flaky lets it be"])
