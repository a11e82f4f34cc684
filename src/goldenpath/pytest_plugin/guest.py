"""Features that a walk through folders met: whether they are ours to run, decided when all modules are known.

In a suite that never asked for us (rule 9), a feature runs only when its file is named, or when nothing else
was collected below the folder that was named. A feature that a module of pytest-bdd binds is that module's.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from goldenpath.pytest_plugin.collection import FeatureFile


@dataclass
class Deferred:
    """The feature files that wait, and how many items stood before each when it was met."""

    explicit: bool
    met: list[tuple[FeatureFile, int]] = field(default_factory=list)

    def defer(self, file: FeatureFile) -> None:
        """Let a file wait until all modules are known."""
        self.met.append((file, len(file.session.items)))

    def expand(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Collect the files that are ours to run, each in the place where it was met."""
        if not self.met:
            return
        bound = _bound_by_pytest_bdd()
        others = {item.path for item in items if item.path.suffix != ".feature"}
        added = 0
        for file, place in self.met:
            if os.path.realpath(file.path) in bound or not (self.explicit or _alone(file.path, session, others)):
                continue
            file.due = True
            found = list(session.genitems(file))
            items[place + added : place + added] = found
            added += len(found)
        self.met.clear()


def _bound_by_pytest_bdd() -> set[str]:
    """The feature files that ``scenario()`` and ``scenarios()`` bound in the modules that were imported."""
    scenario = sys.modules.get("pytest_bdd.scenario")
    templates = scenario.scenario_wrapper_template_registry.values() if scenario is not None else ()
    return {os.path.realpath(template.feature.filename) for template in templates}


def _alone(path: Path, session: pytest.Session, others: set[Path]) -> bool:
    """Whether nothing but features was collected below the argument that led to this file."""
    arguments = [argument for argument in session._initialpaths if argument in path.parents]
    argument = max(arguments, key=lambda folder: len(folder.parts), default=session.path)
    return not any(argument in other.parents for other in others)
