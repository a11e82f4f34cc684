"""From a clone to the Golden Path, by the words of the README: with make, and without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REHEARSED = "rehearsed on stand-ins. No code of your product ran."


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "GOLDENPATH_", "VIRTUAL_ENV", "MAKE"))}
    keep["PATH"] = os.pathsep.join(p for p in keep["PATH"].split(os.pathsep) if Path(p) != Path(sys.executable).parent)
    return subprocess.run(command, cwd=folder, env=keep, capture_output=True, text=True, timeout=900)


@pytest.mark.skipif(not os.environ.get("CI"), reason="sets up an environment of its own, from the network: CI does")
def test_a_clone_comes_to_the_golden_path(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    assert run(tmp_path, "git", "clone", "-q", str(ROOT), str(clone)).returncode == 0
    for command in (
        "python3 -m venv .venv",
        ".venv/bin/python -m pip install -q --require-hashes -r requirements.lock",
        ".venv/bin/python -m pip install -q --no-deps --no-build-isolation -e .",
        ".venv/bin/pytest features/ --mode mock",
    ):
        done = run(clone, *command.split())
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    assert REHEARSED in done.stdout
    shutil.rmtree(clone / ".goldenpath")
    made = run(clone, "make", "golden-path")
    assert made.returncode == 0, made.stdout + made.stderr
    assert REHEARSED in made.stdout
    left = run(clone, "git", "status", "--porcelain")
    assert left.stdout == "", "set-up leaves something in the tree that git does not ignore"


def test_make_test_runs_every_check() -> None:
    planned = run(ROOT, "make", "--dry-run", "test").stdout
    for check in ("ruff format --check", "ruff check", "mypy", "lint-imports", "pytest features/", "pytest tests"):
        assert check in planned, check


def test_an_old_python_is_told_what_to_do(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\necho 'Golden Path needs Python 3.11' >&2\nexit 1\n", "utf-8")
    old.chmod(0o755)
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    done = run(tmp_path, "make", "golden-path", f"PYTHON={old}")
    assert done.returncode != 0
    assert not (tmp_path / ".venv").exists()
