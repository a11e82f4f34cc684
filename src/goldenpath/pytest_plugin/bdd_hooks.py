"""pytest-bdd's hooks, called for our scenarios in pytest-bdd's order and with its own objects.

Nothing is built or called unless somebody listens: a conftest, a plugin, or a report of pytest-bdd.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest
from _pytest.scope import Scope

if TYPE_CHECKING:
    from pytest_bdd.parser import Feature, ScenarioTemplate

    from goldenpath.gherkin import Pickle

_HOOKS: Final = (
    "pytest_bdd_before_scenario",
    "pytest_bdd_after_scenario",
    "pytest_bdd_before_step",
    "pytest_bdd_before_step_call",
    "pytest_bdd_after_step",
    "pytest_bdd_step_error",
    "pytest_bdd_step_func_lookup_error",
)
_EXAMPLE: Final = "_pytest_bdd_example"
"""The parameter by which pytest-bdd gives a row to a test function."""


def listened_to(config: pytest.Config) -> bool:
    """Whether anybody hears pytest-bdd's hooks, or asked for one of its reports."""
    manager = config.pluginmanager
    own = manager.get_plugin("pytest-bdd")
    if own is None:
        return False
    options = config.option
    if getattr(options, "cucumber_json_path", None) or getattr(options, "gherkin_terminal_reporter", False):
        return True
    return any(each.plugin is not own for name in _HOOKS for each in getattr(manager.hook, name).get_hookimpls())


class BddScenario:
    """One scenario as pytest-bdd knows it, and those who are told of it."""

    def __init__(self, request: pytest.FixtureRequest, path: Path, pickle: Pickle) -> None:
        self._hook = request.config.hook
        feature, templates = _parsed(path)
        template = templates[pickle.scenario_line]
        row = _row(template, pickle.row)
        self._scenario = template.render(row)
        _show_row(request.node, row)
        self._common = {"request": request, "feature": feature, "scenario": self._scenario}

    def tell(self, event: str, index: int | None = None, **more: Any) -> None:
        """Call the hook of an event (``before_step``), for the step at ``index`` if it is a step's."""
        if index is not None:
            more["step"] = self._scenario.steps[index]
        getattr(self._hook, f"pytest_bdd_{event}")(**self._common, **more)


class Silence:
    """Nobody listens."""

    def tell(self, event: str, index: int | None = None, **more: Any) -> None:
        """Nothing to tell."""


SILENCE: Final = Silence()


@cache
def _parsed(path: Path) -> tuple[Feature, dict[int, ScenarioTemplate]]:
    """A feature as pytest-bdd's objects, and its scenarios by line: by name it keeps only the last of equals.

    The syntax tree is ours: pytest-bdd reads no Markdown.
    """
    from pytest_bdd.gherkin_parser import GherkinDocument
    from pytest_bdd.parser import FeatureParser

    templates: dict[int, ScenarioTemplate] = {}

    class ByLine(FeatureParser):
        def _parse_feature_file(self) -> GherkinDocument:
            return GherkinDocument.from_dict(_syntax_tree(path))

        def parse_scenario(self, *args: Any, **kwargs: Any) -> ScenarioTemplate:
            template = super().parse_scenario(*args, **kwargs)
            templates[template.line_number] = template
            return template

    return ByLine(str(path.parent), path.name).parse(), templates


def _syntax_tree(path: Path) -> dict[str, Any]:
    from goldenpath.gherkin import messages, parsing

    media_type = messages.MARKDOWN if path.suffix == ".md" else messages.PLAIN
    text = parsing.decode(path.read_bytes(), path.name)
    return parsing.parse(parsing.lines_of(text, path.name), path.name, media_type)


def _row(template: ScenarioTemplate, row: tuple[str, ...]) -> dict[str, str]:
    contexts = (context for examples in template.examples for context in examples.as_contexts())
    return next((context for context in contexts if tuple(context.values()) == row), {})


def _show_row(item: Any, row: dict[str, str]) -> None:
    """Give the row to those who look where pytest-bdd has it: Allure tells rows of one name apart by nothing else."""
    if row and not hasattr(item, "callspec"):
        of_row: dict[str, Any] = {"params": {_EXAMPLE: row}, "indices": {_EXAMPLE: 0}}
        item.callspec = SimpleNamespace(id="", marks=(), _arg2scope={_EXAMPLE: Scope.Function}, **of_row)
