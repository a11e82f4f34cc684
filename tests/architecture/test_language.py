"""The features keep to docs/language.md."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from goldenpath.gherkin import Feature, Pickle, read

ROOT = Path(__file__).parents[2]
FEATURES = sorted((ROOT / "features").glob("*.feature"))

COMPONENTS = {"@auth", "@events", "@agents", "@database", "@cache"}
PRIORITIES = {"@critical", "@high", "@normal"}
KNOWN = COMPONENTS | PRIORITIES | {"@golden_path"}

MACHINERY = re.compile(
    r"\b(status code|token|jwt|json|http|url|endpoint|payload|schema|table|sql|redis|database|cache|websocket|socket"
    r"|mock|stub|tier|fallback|adapter|port|environment|available|unavailable|agent_\w+|tool_\w+|wait \d+|[45]\d\d)\b",
    re.IGNORECASE,
)
CONTENT = re.compile(r"\b(successful(ly)?|works|properly|correct(ly)?|valid|as expected)\b", re.IGNORECASE)
PRONOUN = re.compile(
    r"^(he|she|it|they|his|her|their|we|you)\b|\b(his/her|he/she|test user|user \d)\b",
    re.IGNORECASE,
)


def features() -> list[Feature]:
    return [read(path, rootdir=ROOT, features_root=ROOT / "features") for path in FEATURES]


def pickles() -> list[tuple[Feature, Pickle]]:
    return [(feature, pickle) for feature in features() for pickle in feature.pickles]


def texts() -> list[str]:
    """Everything that a reader reads: titles, rules, descriptions and steps, what people say to each other left out."""
    found: list[str] = []
    for feature in features():
        found += [feature.name, *feature.description.splitlines()]
        for pickle in feature.pickles:
            found += [pickle.name, pickle.rule or "", *pickle.description.splitlines()]
            found += [re.sub(r'"[^"]*"', '""', step.text) for step in pickle.steps]
    return sorted({text.strip() for text in found if text.strip()})


def test_there_are_at_least_sixty_scenarios() -> None:
    titles = {(feature.uri, pickle.rule, pickle.template) for feature, pickle in pickles()}
    assert len(titles) >= 60


def test_every_category_and_the_journey_is_there() -> None:
    tags = {tag for _, pickle in pickles() for tag in pickle.tags}
    assert tags == KNOWN


def test_nothing_is_hollow() -> None:
    assert [hollow for feature in features() for hollow in feature.hollow] == []


@pytest.mark.parametrize("pattern", [MACHINERY, CONTENT, PRONOUN], ids=["machinery", "content", "pronoun"])
def test_the_words_are_for_everybody(pattern: re.Pattern[str]) -> None:
    assert [text for text in texts() if pattern.search(text)] == []


def test_each_scenario_has_one_priority_and_a_component() -> None:
    for feature, pickle in pickles():
        where = f"{feature.uri}:{pickle.line}"
        assert len(PRIORITIES & set(pickle.tags)) == 1, where
        assert COMPONENTS & set(pickle.tags), where


def test_a_scenario_has_at_most_seven_steps_and_one_turn() -> None:
    for feature, pickle in pickles():
        where = f"{feature.uri}:{pickle.line}"
        kinds = [step.kind for step in pickle.steps]
        turns = sum(before == "then" and after == "when" for before, after in itertools.pairwise(kinds))
        assert len(kinds) <= 7, where
        assert turns <= (1 if feature.uri == "features/golden_path.feature" else 0), where
        assert kinds[-1] == "then", where


def test_titles_are_promises() -> None:
    for feature, pickle in pickles():
        assert not re.match(r"(test|verify|check|ensure)\b", pickle.name, re.IGNORECASE), f"{feature.uri}:{pickle.line}"
        assert not pickle.name.endswith("."), f"{feature.uri}:{pickle.line}"


def test_no_two_scenarios_of_a_feature_have_one_title() -> None:
    for feature in features():
        seen: dict[tuple[str | None, str], int] = {}
        for pickle in feature.pickles:
            line = seen.setdefault((pickle.rule, pickle.template), pickle.scenario_line)
            assert line == pickle.scenario_line, f"{feature.uri}:{pickle.scenario_line}"


def test_the_scanner_finds_what_it_looks_for() -> None:
    assert MACHINERY.search("the response is 401")
    assert MACHINERY.search("Ada's token")
    assert CONTENT.search("the sign-in works")
    assert PRONOUN.search("she signs in")
