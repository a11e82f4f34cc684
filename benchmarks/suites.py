"""Writes one suite in the layout of each runner: the same features, the same work in every step.

A step adds its number to a total or compares the total, so a step that is left out, or runs twice, fails its scenario.
Features are written with a fixed seed: everybody's suite of a size is the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PER_FEATURE: Final = 100
"""Scenarios in a feature file."""

STEPS: Final = 8
"""Steps in a scenario: three Given, three When, two Then."""

ROWS: Final = 5
"""Scenarios that one outline makes; a fifth of all come from outlines."""


@dataclass(frozen=True)
class Step:
    """One step: its kind, the number of its definition among those of its kind, and its parameters."""

    kind: str
    number: int
    who: str
    count: str

    def text(self) -> str:
        """The sentence."""
        if self.kind == "given":
            return f"shelf s{self.number:03} gets {self.count} boxes from {self.who}"
        if self.kind == "when":
            return f"{self.who} brings {self.count} boxes to gate g{self.number:03}"
        return f"scale c{self.number:03} counts {self.count} boxes"

    def call(self) -> str:
        """The same as a call of a function."""
        who = "" if self.kind == "then" else f"{self.who!r}, "
        return f"{self.kind}_{self.number:03}(shop, {who}{self.count})"


@dataclass(frozen=True)
class Scenario:
    """A scenario, or the rows of an outline: what each runs."""

    name: str
    written: tuple[Step, ...]
    rows: tuple[tuple[str, int], ...]

    def cases(self) -> Iterator[tuple[Step, ...]]:
        """The steps of each scenario that it comes to."""
        if not self.rows:
            yield self.written
        for who, count in self.rows:
            values = {"<who>": who, "<count>": str(count), "<sum>": str(6 * count)}
            yield tuple(
                Step(each.kind, each.number, values.get(each.who, each.who), values.get(each.count, each.count))
                for each in self.written
            )

    def gherkin(self) -> Iterator[str]:
        """Its lines in a feature."""
        yield f"  Scenario{' Outline' if self.rows else ''}: {self.name}"
        before = ""
        for step in self.written:
            yield f"    {'And' if step.kind == before else step.kind.capitalize()} {step.text()}"
            before = step.kind
        if self.rows:
            yield "    Examples:"
            yield "      | who | count | sum |"
            yield from (f"      | {who} | {count} | {6 * count} |" for who, count in self.rows)
        yield ""


class Suite:
    """A suite of a size.

    Args:
        scenarios: How many run; a multiple of 10.
        definitions: How many step definitions there are; every kind has a third.
    """

    def __init__(self, scenarios: int, definitions: int) -> None:
        chance = random.Random(f"{scenarios} {definitions}")  # noqa: S311
        self.of_kind = {
            kind: definitions // 3 + (place < definitions % 3) for place, kind in enumerate(("given", "when", "then"))
        }
        self.features: list[tuple[str, list[Scenario]]] = []
        for number in range(0, scenarios, PER_FEATURE):
            size = min(PER_FEATURE, scenarios - number)
            outlines = size // 5 // ROWS
            made = [
                self._scenario(chance, place, outline=place < outlines) for place in range(size - outlines * (ROWS - 1))
            ]
            self.features.append((f"part_{number // PER_FEATURE:03}", made))

    def _scenario(self, chance: random.Random, place: int, *, outline: bool) -> Scenario:
        rows = tuple((f"p{chance.randrange(50):02}", chance.randrange(1, 90)) for _ in range(ROWS)) if outline else ()
        total, steps = 0, []
        for kind in ("given",) * 3 + ("when",) * 3 + ("then",) * 2:
            count = chance.randrange(1, 90)
            total += count if kind != "then" else 0
            number = chance.randrange(self.of_kind[kind])
            if outline:
                steps.append(Step(kind, number, "<who>", "<sum>" if kind == "then" else "<count>"))
            else:
                steps.append(Step(kind, number, f"p{chance.randrange(50):02}", str(total if kind == "then" else count)))
        return Scenario(f"Delivery {place}", tuple(steps), rows)

    def gherkin(self) -> Iterator[tuple[str, str]]:
        """The names and texts of the feature files."""
        for name, scenarios in self.features:
            lines = [f"Feature: {name}", "", *(line for each in scenarios for line in each.gherkin())]
            yield f"{name}.feature", "\n".join(lines)

    def sentences(self) -> Iterator[tuple[str, int, str]]:
        """The kind, the number and the pattern of each definition, ``{who}`` and ``{count}`` for its parameters."""
        for kind, many in self.of_kind.items():
            for number in range(many):
                yield kind, number, Step(kind, number, "{who}", "{count}").text()


def _body(kind: str, shop: str = "shop") -> str:
    if kind == "then":
        return f"    assert {shop}['total'] == count\n"
    return f"    {shop}['log'].append(who)\n    {shop}['total'] += count\n"


def _arguments(kind: str) -> str:
    return "count" if kind == "then" else "who, count"


def _features(folder: Path, suite: Suite) -> None:
    for name, text in suite.gherkin():
        _write(folder / "features" / name, text)


_FIXTURE: Final = "@pytest.fixture\ndef shop():\n    return {'total': 0, 'log': []}\n"


def goldenpath(folder: Path, suite: Suite) -> None:
    """Features, and steps in a conftest, written with pytest-bdd's decorators: both runners take them."""
    _features(folder, suite)
    steps = [f"import pytest\nfrom pytest_bdd import given, parsers, then, when\n\n\n{_FIXTURE}"]
    for kind, number, pattern in suite.sentences():
        pattern = pattern.replace("{count}", "{count:d}")
        head = f"@{kind}(parsers.parse({pattern!r}))\ndef {kind}_{number:03}(shop, {_arguments(kind)}):\n"
        steps.append(f"\n\n{head}{_body(kind)}")
    _write(folder / "conftest.py", "".join(steps))
    _write(folder / "pytest.ini", "[pytest]\n")


def pytest_bdd(folder: Path, suite: Suite) -> None:
    """The same, and the module that pytest-bdd needs."""
    goldenpath(folder, suite)
    _write(folder / "test_features.py", "from pytest_bdd import scenarios\n\nscenarios('features')\n")


def plain(folder: Path, suite: Suite) -> None:
    """Test functions of pytest that call the same functions, with the same fixture, and no Gherkin."""
    steps = [
        f"def {kind}_{number:03}(shop, {_arguments(kind)}):\n{_body(kind)}\n\n" for kind, number, _ in suite.sentences()
    ]
    _write(folder / "deliveries.py", "".join(steps))
    _write(folder / "conftest.py", f"import pytest\n\n\n{_FIXTURE}")
    _write(folder / "pytest.ini", "[pytest]\npythonpath = .\n")
    for name, scenarios in suite.features:
        lines = ["from deliveries import *  # noqa: F403\n"]
        for number, case in enumerate(case for each in scenarios for case in each.cases()):
            lines.append(f"\n\ndef test_delivery_{number}(shop):\n")
            lines += (f"    {step.call()}\n" for step in case)
        _write(folder / f"test_{name}.py", "".join(lines))


def behave(folder: Path, suite: Suite) -> None:
    """The decorators and the context of behave."""
    _features(folder, suite)
    steps = ["from behave import given, then, when\n"]
    for kind, number, pattern in suite.sentences():
        pattern = pattern.replace("{count}", "{count:d}")
        head = f"@{kind}({pattern!r})\ndef {kind}_{number:03}(context, {_arguments(kind)}):\n"
        steps.append(f"\n\n{head}{_body(kind, 'context.shop')}")
    _write(folder / "features/steps/steps.py", "".join(steps))
    before = "def before_scenario(context, scenario):\n    context.shop = {'total': 0, 'log': []}\n"
    _write(folder / "features/environment.py", before)


def cucumber_js(folder: Path, suite: Suite) -> None:
    """JavaScript, with Cucumber Expressions."""
    _features(folder, suite)
    steps = [
        "const { Given, When, Then, Before } = require('@cucumber/cucumber');\n"
        "const assert = require('node:assert');\n\n"
        "Before(function () { this.total = 0; this.log = []; });\n"
    ]
    for kind, _, pattern in suite.sentences():
        pattern = pattern.replace("{count}", "{int}").replace("{who}", "{word}")
        does = (
            "assert.strictEqual(this.total, count);" if kind == "then" else "this.log.push(who); this.total += count;"
        )
        order = pattern.find("{int}") < pattern.find("{word}")
        names = "count" if kind == "then" else "count, who" if order else "who, count"
        steps.append(f"{kind.capitalize()}('{pattern}', function ({names}) {{ {does} }});\n")
    _write(folder / "features/steps.js", "".join(steps))
    _write(folder / "package.json", '{"name": "suite", "private": true}\n')


def nothing(folder: Path, suite: Suite) -> None:
    """One test and no feature: what a plugin costs where it is not asked."""
    _write(folder / "test_nothing.py", "def test_nothing():\n    pass\n")
    _write(folder / "pytest.ini", "[pytest]\n")


LAYOUTS: Final[dict[str, Callable[[Path, Suite], None]]] = {
    "goldenpath": goldenpath,
    "plain": plain,
    "pytest-bdd": pytest_bdd,
    "behave": behave,
    "cucumber-js": cucumber_js,
    "nothing": nothing,
}


def write(root: Path, scenarios: int, definitions: int, layouts: Iterable[str]) -> Path:
    """Write a suite where it is not there already; gives the folder with a folder for each layout."""
    folder = root / f"{scenarios}x{STEPS}-{definitions}"
    suite: Suite | None = None
    for layout in layouts:
        if not (folder / layout / ".written").exists():
            suite = suite or Suite(scenarios, definitions)
            LAYOUTS[layout](folder / layout, suite)
            _write(folder / layout / ".written", "")
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
