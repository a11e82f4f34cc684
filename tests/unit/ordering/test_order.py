"""The order of scenarios among other tests."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from goldenpath.pytest_plugin import item
from goldenpath.pytest_plugin.ordering import drawn, order


class Scenario(SimpleNamespace):
    """What stands for a scenario here."""


@pytest.fixture(autouse=True)
def _scenarios(monkeypatch):
    monkeypatch.setattr(item, "FeatureItem", Scenario)


def items(text: str):
    """Scenarios for digits, other tests for letters."""
    return [Scenario(name=sign) if sign.isdigit() else SimpleNamespace(name=sign) for sign in text]


def ordered(text: str, wanted: str) -> str:
    all_of_them = items(text)
    order(all_of_them, wanted)
    return "".join(each.name for each in all_of_them)


def test_reverse_turns_scenarios_round_and_leaves_other_tests_where_they_are():
    assert ordered("a12b3c", "reverse") == "a32b1c"


def test_defined_is_as_it_was():
    assert ordered("a12b3c", "defined") == "a12b3c"


def test_a_seed_gives_one_order():
    first = ordered("a12345678b", "random:7")
    assert first == ordered("a12345678b", "random:7")
    assert sorted(first) == sorted("a12345678b")
    assert (first[0], first[-1]) == ("a", "b")
    assert len({ordered("12345678", f"random:{seed}") for seed in range(20)}) > 1


def test_what_is_random_elsewhere_does_not_change():
    random.seed(1)
    expected = random.random()
    random.seed(1)
    ordered("12345678", "random:7")
    drawn("random", "run")
    assert random.random() == expected


def test_without_a_seed_all_processes_of_a_run_draw_the_same():
    assert drawn("random", "run-1") == drawn("random", "run-1") != drawn("random", "run-2")
    assert drawn("random", "run-1").startswith("random:")
    assert drawn("random:3", "run-1") == "random:3"
    assert drawn("reverse", "run-1") == "reverse"


@pytest.mark.parametrize("text", ["", "a", "1"])
def test_little_to_order(text):
    assert ordered(text, "random:1") == ordered(text, "reverse") == text
