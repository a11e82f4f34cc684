"""Features that a walk through folders met: whether they are ours to run, decided when all modules are known.

In a suite that never asked for us (rule 9), a feature runs only when its file is named, or when nothing else
was there to collect below the folder that was named. A feature that a collected module binds with pytest-bdd is that
module's; one that nobody collected, such as a step module of the settings, takes no feature away.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING

import pytest

from goldenpath.gherkin import is_feature

if TYPE_CHECKING:
    from goldenpath.pytest_plugin.collection import FeatureFile


@dataclass(eq=False)
class Deferred:
    """The feature files that wait.

    Attributes:
        root: pytest's rootdir.
        explicit: Whether the suite asked for us.
        met: The files, and how many items stood before each when it was met.
        others: What else was collected: modules, with or without a test, and what broke or skipped itself.
    """

    root: Path
    explicit: bool
    met: list[tuple[FeatureFile, int]] = field(default_factory=list)
    others: set[Path] = field(default_factory=set)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take in what became of a collector: a module that shows no item may still stand for features."""
        path = report.nodeid.partition("::")[0]
        if not path.endswith((".feature", ".feature.md")) and (path.endswith(".py") or not report.passed):
            self.others.add(self.root / path)

    def defer(self, file: FeatureFile) -> None:
        """Let a file wait until all modules are known."""
        self.met.append((file, len(file.session.items)))

    def expand(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Collect the files that are ours to run, each in the place where it was met."""
        if not self.met:
            return
        bound = _bound_by_pytest_bdd(items)
        others = self.others | {item.path for item in items if not is_feature(item.path)}
        added = 0
        for file, place in self.met:
            if os.path.realpath(file.path) in bound or not (self.explicit or _alone(file.path, session, others)):
                continue
            file.due = True
            found = list(session.genitems(file))
            items[place + added : place + added] = found
            added += len(found)
        self.met.clear()


def _bound_by_pytest_bdd(items: Iterable[pytest.Item]) -> set[str]:
    """The feature files that ``scenario()`` and ``scenarios()`` bound in the modules that were collected."""
    scenario = sys.modules.get("pytest_bdd.scenario")
    if scenario is None:
        return set()
    modules = {id(module): module for item in items if (module := getattr(item, "module", None)) is not None}
    registry = scenario.scenario_wrapper_template_registry
    functions = (
        each for module in modules.values() for each in vars(module).values() if isinstance(each, FunctionType)
    )
    templates = (template for function in functions if (template := registry.get(function)) is not None)
    return {os.path.realpath(template.feature.filename) for template in templates}


def _alone(path: Path, session: pytest.Session, others: set[Path]) -> bool:
    """Whether there was nothing but features to collect below the argument that led to this file."""
    arguments = [argument for argument in session._initialpaths if argument in path.parents]
    argument = max(arguments, key=lambda folder: len(folder.parts), default=session.path)
    return not any(other.is_relative_to(argument) for other in others)
