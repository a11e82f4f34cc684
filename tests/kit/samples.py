"""The samples of the Cucumber Compatibility Kit, and how one is run: by pytest, as its users run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cucumber_compatibility_kit import CompatibilityKit  # type: ignore[import-untyped]

STEPS: Final = Path(__file__).parent / "steps"
"""A module with our step definitions for each sample, by its name."""

_OUTSIDE = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop():
    raise RuntimeError("Whoops!")
"""
"""What the kit calls ``--error``: something fails while the run is on, and is neither step nor hook."""

_ALONE: Final = [f"-pno:{plugin}" for plugin in ("anyio", "asyncio", "hypothesispytest")]
"""Plugins that are here for other tests, and cost more than a sample."""


@dataclass(frozen=True)
class Sample:
    """A folder of the kit: features, what they attach, the arguments of the run, and the messages that must come."""

    folder: Path

    @property
    def name(self) -> str:
        """Of the folder, and of the module with the steps."""
        return self.folder.name

    @property
    def expected(self) -> Path:
        """The stream that a conforming runner writes."""
        return self.folder / f"{self.name}.ndjson"

    @property
    def arguments(self) -> list[str]:
        """Of the run."""
        path = self.folder / f"{self.name}.arguments.txt"
        return path.read_text("utf-8").split() if path.exists() else []


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Attributes:
        stream: The messages that it wrote.
        status: The exit status of pytest.
        output: All that it printed.
    """

    stream: Path
    status: int
    output: str


_KIT: Final = CompatibilityKit()
SAMPLES: Final = tuple(Sample(folder) for folder in sorted({*_KIT.gherkin(), *_KIT.markdown()}))


def run(sample: Sample, root: Path) -> Outcome:
    """Run a sample in a process of its own.

    Args:
        sample: Which one.
        root: An empty folder, which becomes the project.
    """
    project = root / "features" / sample.name
    shutil.copytree(sample.folder, project, ignore=shutil.ignore_patterns("*.ndjson", "*.txt"))
    shutil.copy(STEPS / f"{sample.name}.py", project)
    settings = f'mode = "mock"\nsteps = ["features/{sample.name}/{sample.name}.py"]\n'
    (root / "goldenpath.toml").write_text(settings, encoding="utf-8")
    (root / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    arguments = sample.arguments
    if "--error" in arguments:
        arguments.remove("--error")
        (root / "conftest.py").write_text(_OUTSIDE, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *_ALONE, "features", *arguments],
        cwd=root,
        env=_desk(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return Outcome(root / ".goldenpath/runs/latest/messages.ndjson", done.returncode, done.stdout)


def _desk() -> dict[str, str]:
    """The environment without what a build server, the pytest around us, or a user's settings put there."""
    ours = ("CI", "PYTEST_", "GOLDENPATH_", "COV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
