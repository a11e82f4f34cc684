"""Feature files: read, parse and compile into pickles.

gherkin-official parses the text and compiles the pickles (https://github.com/cucumber/gherkin); what is added here
is what a runner asks of them: the kind of each step, names that stay the same between runs, the messages that a
report begins with, and a list of what looks like a scenario but would run nothing.

A file that has not changed is not parsed again. Each public name is loaded when it is first used, and the parser when
the first file is parsed: a suite without features, or with none that changed, does not pay for it.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goldenpath.gherkin.files import read
    from goldenpath.gherkin.model import Feature, Hollow, Pickle, Step

__all__ = ["Feature", "Hollow", "Pickle", "Step", "is_feature", "read"]

_HOMES = {"read": "files", "Feature": "model", "Hollow": "model", "Pickle": "model", "Step": "model"}


def is_feature(path: PurePath) -> bool:
    """Whether a file is a feature by its name: ``.feature``, or ``.feature.md`` for Gherkin in Markdown."""
    return path.name.endswith((".feature", ".feature.md"))


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = getattr(import_module(f"{__name__}.{home}"), name)
    return value
