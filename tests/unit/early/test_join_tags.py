"""A tag expression after a blank reaches pytest in one piece; nothing else is touched."""

from __future__ import annotations

import subprocess
import sys

import pytest

from goldenpath.early import join_tags

EXPRESSION = "@critical and not @slow"


@pytest.mark.parametrize("flag", ["--tags", "--golden-tags", "--retry-tags"])
@pytest.mark.parametrize("program", ["/bin/pytest", "pytest.exe", "py.test"])
def test_flag_and_expression_become_one(program: str, flag: str) -> None:
    arguments = [program, "features", flag, EXPRESSION, "-q"]
    join_tags(arguments, ["python3", *arguments])
    assert arguments == [program, "features", f"{flag}={EXPRESSION}", "-q"]


def test_the_module_run_counts_as_pytest() -> None:
    arguments = ["-m", "--tags", EXPRESSION]
    join_tags(arguments, ["python3", "-m", "pytest", "--tags", EXPRESSION])
    assert arguments == ["-m", f"--tags={EXPRESSION}"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["behave", "--tags", EXPRESSION],
        ["pytest", "--tags", "not @slow"],
        ["pytest", "--tags=@slow"],
        ["pytest", "@arguments.txt"],
        ["pytest", "--tags"],
    ],
)
def test_the_rest_is_left_alone(arguments: list[str]) -> None:
    before = list(arguments)
    join_tags(arguments, ["python3", *arguments])
    assert arguments == before


def test_an_interpreter_without_tags_loads_nothing_of_ours() -> None:
    code = "import sys; print('goldenpath' in sys.modules, 'goldenpath.early' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "False"]
