"""Says last how much of the kit conforms."""

from __future__ import annotations

import pytest
from kit.samples import SAMPLES


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the line after all that pytest prints, where a sample was run."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    outcomes = [
        outcome
        for outcome, reports in reporter.stats.items()
        for report in reports
        if "test_kit.py::test_sample_conforms" in getattr(report, "nodeid", "")
    ]
    if outcomes:
        reporter.write_line(f"{outcomes.count('passed')} of {len(SAMPLES)} samples conform")
