"""A plugin for runs under test: which ``assert`` of the step modules each scenario executes.

What it saw is written to the folder ``GOLDENPATH_TEST_ASSERTS``, a file a process.
"""

from __future__ import annotations

import ast
import json
import os
import sys
from collections import defaultdict
from collections.abc import Generator
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import goldenpath.steps

STEPS = str(Path(goldenpath.steps.__file__).parent)

seen: dict[str, set[str]] = defaultdict(set)
at_work = [""]


@cache
def asserts(file: str) -> frozenset[int]:
    """The lines of a file on which an ``assert`` begins."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    return frozenset(node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert))


def called(frame: FrameType, event: str, argument: Any) -> Any:
    return line if frame.f_code.co_filename.startswith(STEPS) else None


def line(frame: FrameType, event: str, argument: Any) -> Any:
    file = frame.f_code.co_filename
    if event == "line" and frame.f_lineno in asserts(file):
        seen[at_work[0]].add(f"{Path(file).name}:{frame.f_lineno}")
    return line


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: Any) -> Generator[None, object, object]:
    at_work[0] = item.scenario_id
    sys.settrace(called)
    try:
        return (yield)
    finally:
        sys.settrace(None)


def pytest_sessionfinish() -> None:
    if seen:
        told = {scenario: sorted(lines) for scenario, lines in seen.items()}
        Path(os.environ["GOLDENPATH_TEST_ASSERTS"], f"{os.getpid()}.json").write_text(json.dumps(told))
