"""The environments of the runners: one for this project with what it needs, one for its peers, one of Node.

The development environment will not do: every plugin that is installed there costs something for every test.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
HERE: Final = ROOT / "benchmarks" / ".environments"
SCRIPTS: Final = "Scripts" if sys.platform == "win32" else "bin"


def ours() -> Path:
    """The folder of the programs of an environment with this project in it."""
    return _python("goldenpath", "--editable", str(ROOT))


def peers() -> Path:
    """Those of one with pytest, pytest-bdd and behave."""
    return _python("peers", "pytest", "pytest-bdd", "behave")


def cucumber_js() -> Path | None:
    """The folder of modules with cucumber-js; None on a machine without npm."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    folder = HERE / "node"
    modules = folder / "node_modules"
    if not (modules / ".bin" / "cucumber-js").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"name": "peers", "private": true}\n', encoding="utf-8")
        subprocess.run([npm, "install", "--silent", "@cucumber/cucumber"], cwd=folder, check=True)  # noqa: S603
    return modules


def _python(name: str, *packages: str) -> Path:
    folder = HERE / name
    programs = folder / SCRIPTS
    if not (folder / ".ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *packages], check=True)  # noqa: S603
        (folder / ".ready").touch()
    return programs
