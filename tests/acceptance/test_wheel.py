"""The wheel carries the features and the sentences, and they run with nothing beside them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, text=True, timeout=300)
    (path,) = out.glob("*.whl")
    return path


def test_features_and_sentences_are_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    features = {f"goldenpath/features/{path.name}" for path in (ROOT / "features").glob("*.feature")}
    steps = {f"goldenpath/steps/{path.name}" for path in (ROOT / "steps").glob("*.py")}
    assert features | steps | {"goldenpath/reference/scripts.toml", "goldenpath/py.typed"} <= names
    assert not [name for name in names if name.startswith(("features/", "steps/", "tests/"))]


def test_the_features_run_from_the_wheel_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    zipfile.ZipFile(wheel).extractall(site)
    where = subprocess.run(
        [sys.executable, "-c", "import goldenpath; print(goldenpath.__file__)"],
        **in_(empty, site),
        check=True,
    )
    assert where.stdout.startswith(str(site))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--pyargs",
        "goldenpath.features",
        "--mode",
        "mock",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(command, **in_(empty, site))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rehearsed on stand-ins. No code of your product ran." in done.stdout
    assert (empty / ".goldenpath" / "runs" / "latest" / "timeline.ndjson").is_file()


def in_(folder: Path, site: Path) -> dict[str, object]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "GOLDENPATH_"))}
    return {
        "cwd": folder,
        "env": environment | {"PYTHONPATH": str(site)},
        "capture_output": True,
        "text": True,
        "timeout": 300,
    }
