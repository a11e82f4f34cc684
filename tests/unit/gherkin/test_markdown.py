"""Gherkin in Markdown: headings and bullets are keywords, the rest is prose."""

import json
from pathlib import PurePath

import pytest

from goldenpath.domain.errors import FeatureError
from goldenpath.gherkin import is_feature

SHOP = """\
    `@shop` `@web`
    # Feature: Buying

    What we live of.

    ## Background:

    * Given the shop is open

    `@fast`
    ## Scenario: One thing

    Few words.

    * When Ada buys
      ```json
      {"a": 1}

      * Whn this is text
      ```
    + And Ada pays
      | who | what |
      | --- | ---- |
      | Ada | tea  |
    - Then Ada leaves

    * a bullet
    * then another, in a list of its own
    """


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("a.feature", True), ("a.feature.md", True), ("a.md", False), ("feature.md", False), ("a.feature.mdx", False)],
)
def test_a_feature_is_known_by_its_name(name, is_one):
    assert is_feature(PurePath("features") / name) is is_one


def test_headings_and_bullets_are_keywords_and_prose_is_none(feature):
    read = feature(SHOP, "shop.feature.md")
    assert (read.name, read.keyword, read.tags, read.uri) == (
        "Buying", "Feature", ("@shop", "@web"), "features/shop.feature.md",
    )  # fmt: skip
    [pickle] = read.pickles
    assert (pickle.id, pickle.tags) == ("shop.feature.md::One thing", ("@shop", "@web", "@fast"))
    assert [(step.kind, step.text) for step in pickle.steps] == [
        ("given", "the shop is open"), ("when", "Ada buys"), ("when", "Ada pays"), ("then", "Ada leaves"),
    ]  # fmt: skip
    _, text, table, _ = pickle.steps
    assert (text.docstring, text.media_type) == ('{"a": 1}\n\n* Whn this is text', "json")
    assert table.datatable == (("who", "what"), ("Ada", "tea"))
    assert (text.keyword, text.line, text.column) == ("When ", 15, 3)


def test_its_source_says_that_it_is_markdown(feature):
    first = feature("# Feature: F\n## Scenario: S\n* Given a\n", "s.feature.md").envelopes.splitlines()[0]
    assert json.loads(first)["source"]["mediaType"] == "text/x.cucumber.gherkin+markdown"


@pytest.mark.parametrize("title", ["# My shop", "Our shop", ""])
def test_a_first_line_without_a_keyword_is_a_feature_all_the_same(feature, title):
    read = feature(f"{title}\n\n## Scenario: S\n* Given a\n", "s.feature.md")
    assert (read.name, read.keyword) == (title, "")
    assert len(read.pickles) == 1
    assert json.loads(read.envelopes.splitlines()[1])["gherkinDocument"]["feature"]["keyword"] == ""


def test_a_markdown_file_without_a_scenario_is_hollow(feature):
    [hollow] = feature("# Read me\n\nSome text.\n", "s.feature.md").hollow
    assert (hollow.name, hollow.why) == ("# Read me", "has no scenario")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("## Scenaro: Buying", "Scenario:"),
        ("### Scenario outline: B", "Scenario Outline:"),
        ("# scenario: B", "Scenario:"),
    ],
)
def test_a_misspelt_heading_is_refused(feature, line, meant):
    with pytest.raises(FeatureError, match="would not run") as caught:
        feature(f"# Feature: F\n\n## Scenario: S\n* Given a\n\n{line}\n* Given b\n", "s.feature.md")
    assert caught.value.where == "features/s.feature.md:6"
    assert f'"{meant}"' in caught.value.try_next


@pytest.mark.parametrize(
    "steps", ["* Whn Ada buys\n* Then b", "* Given a\n* Thn b", '* Given a\n  """\n  x\n\n  y\n  """\n* Wehn b']
)
def test_a_misspelt_bullet_beside_a_step_is_refused(feature, steps):
    with pytest.raises(FeatureError, match="would not run"):
        feature(f"# Feature: F\n\n## Scenario: S\n{steps}\n", "s.feature.md")


def test_a_heading_of_other_words_is_prose(feature):
    text = "# Feature: F\n\n## Scenarios\n\n## Note: this\n\n## Scenario: S\n* Given a\n* a bullet\n"
    assert [len(pickle.steps) for pickle in feature(text, "s.feature.md").pickles] == [1]


def test_a_syntax_error_of_markdown_says_where(feature):
    with pytest.raises(FeatureError) as caught:
        feature("# Feature: F\n## Scenario: S\n* Given a\n  | a | b |\n  | a |\n", "s.feature.md")
    assert caught.value.where == "features/s.feature.md:5"
    assert [problem.column for problem in caught.value.problems] == [3]
