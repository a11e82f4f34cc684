"""Where features lie: our own package, and the folders that scenario ids count from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import goldenpath


@cache
def own_features() -> Path:
    """The folder of the features in this package, links resolved."""
    return Path(_package(), "features").resolve()


def is_own(path: Path) -> bool:
    """Whether a feature is one of this package's."""
    return own_features() in Path(os.path.realpath(path)).parents


def is_own_folder(path: Path) -> bool:
    """Whether a folder is this package or its features: pytest must not import them under another name."""
    if path.name not in {"goldenpath", "features"}:
        return False
    real = Path(os.path.realpath(path))
    return real in {Path(os.path.realpath(_package())), own_features()}


def _package() -> str:
    return next(iter(goldenpath.__path__))


def features_root(path: Path, rootdir: Path, named: Sequence[str]) -> Path:
    """The folder from which the id of a scenario counts: the same for every way to call pytest.

    It is the nearest folder that the settings name, else the outermost one called ``features`` below the
    root, else the root itself; for a file outside of the root, its own folder.
    """
    if is_own(path):
        return _outermost_features(path, path.anchor)
    below = [folder for name in named if (folder := rootdir / name) in path.parents]
    if below:
        return max(below, key=lambda folder: len(folder.parts))
    if rootdir not in path.parents:
        return path.parent
    return _outermost_features(path, rootdir) if "features" in path.relative_to(rootdir).parts[:-1] else rootdir


def _outermost_features(path: Path, stop: Path | str) -> Path:
    if is_own(path):
        return next(parent for parent in path.parents if Path(os.path.realpath(parent)) == own_features())
    inside = [parent for parent in path.parents if Path(stop) in parent.parents]
    return next(parent for parent in reversed(inside) if parent.name == "features")
