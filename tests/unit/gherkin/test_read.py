"""Feature files become pickles, and what would run nothing is told."""

from pathlib import Path

import pytest

from goldenpath.domain.errors import FeatureError
from goldenpath.gherkin import Step, read


def steps(pickle):
    return [(step.kind, step.text) for step in pickle.steps]


def test_a_feature_says_what_it_is(feature):
    read = feature("""\
        # language: en
        @shop @web
        Feature: Buying
          What we live of.

          Scenario: One thing
            Given a basket
        """)
    assert (read.name, read.description, read.language, read.keyword) == ("Buying", "What we live of.", "en", "Feature")
    assert (read.uri, read.line, read.tags) == ("features/shop.feature", 3, ("@shop", "@web"))
    assert read.hollow == ()
    [pickle] = read.pickles
    assert (pickle.id, pickle.name, pickle.feature, pickle.rule) == (
        "shop.feature::One thing",
        "One thing",
        "Buying",
        None,
    )
    assert (pickle.line, pickle.row, pickle.ordinal, pickle.keyword) == (6, (), 1, "Scenario")


def test_and_but_and_star_take_the_kind_before_them(feature):
    [pickle] = feature("""\
        Feature: F
          Scenario: S
            Given a
            And b
            When c
            * d
            But e
            Then f
            And g
        """).pickles
    assert steps(pickle) == [
        ("given", "a"), ("given", "b"), ("when", "c"), ("when", "d"), ("when", "e"), ("then", "f"), ("then", "g"),
    ]  # fmt: skip
    assert [step.keyword for step in pickle.steps] == ["Given ", "And ", "When ", "* ", "But ", "Then ", "And "]
    assert [(step.line, step.column) for step in pickle.steps[:2]] == [(3, 5), (4, 5)]


@pytest.mark.parametrize("keyword", ["And", "But", "*"])
@pytest.mark.parametrize("place", ["Scenario: S", "Background:"])
def test_a_first_step_without_a_kind_is_refused_as_in_pytest_bdd(feature, keyword, place):
    with pytest.raises(FeatureError, match="neither a Given, a When nor a Then") as caught:
        feature(f"Feature: F\n  {place}\n    {keyword} a thing\n")
    assert caught.value.where == "features/shop.feature:3"
    assert "Given, When or Then" in caught.value.try_next


def test_backgrounds_of_feature_and_rule_come_first(feature):
    free, ruled = feature("""\
        Feature: F
          Background:
            Given the shop is open
          Scenario: Free
            When I look
          Rule: Only grown-ups
            Background:
              Given I am grown up
            Scenario: Ruled
              When I buy
        """).pickles
    assert steps(free) == [("given", "the shop is open"), ("when", "I look")]
    assert steps(ruled) == [("given", "the shop is open"), ("given", "I am grown up"), ("when", "I buy")]
    assert [step.background for step in ruled.steps] == [True, True, False]
    assert (ruled.rule, ruled.id) == ("Only grown-ups", "shop.feature::Only grown-ups::Ruled")


def test_tags_are_inherited_each_once(feature):
    pickles = feature("""\
        @f @x
        Feature: F
          @r
          Rule: R
            @s @x
            Scenario Outline: S
              Given <a>
              @e
              Examples:
                | a |
                | 1 |
              Examples:
                | a |
                | 2 |
        """).pickles
    assert [pickle.tags for pickle in pickles] == [("@f", "@x", "@r", "@s", "@e"), ("@f", "@x", "@r", "@s")]


def test_each_row_of_each_examples_table_is_a_pickle(feature):
    pickles = feature("""\
        Feature: F
          Scenario Outline: <who> signs in with <what>
            Given "<who>" <what>
              | <what> | x |
            Then <unknown> and <who>
              \"\"\"<what>
              Dear <who>
              \"\"\"
            Examples: good
              | who | what |
              | Ada | key  |
            Examples: in another order
              | what | who |
              | card | Ben |
        """).pickles
    assert [pickle.id for pickle in pickles] == [
        "shop.feature::<who> signs in with <what>[Ada-key]",
        "shop.feature::<who> signs in with <what>[card-Ben]",
    ]
    assert [pickle.name for pickle in pickles] == ["Ada signs in with key", "Ben signs in with card"]
    assert [(pickle.line, pickle.scenario_line, pickle.row) for pickle in pickles] == [
        (11, 2, ("Ada", "key")),
        (14, 2, ("card", "Ben")),
    ]
    first, second = pickles[1].steps
    assert first.text == '"Ben" card'
    assert first.datatable == (("card", "x"),)
    assert second.text == "<unknown> and Ben"
    assert (second.docstring, second.media_type) == ("Dear Ben", "card")


def test_values_are_put_in_as_they_are_whatever_signs_are_in_them(feature):
    [pickle] = feature("""\
        Feature: F
          Scenario Outline: S
            Given <price ($)> and <a.b> and <aXb>
            Examples:
              | price ($) | a.b |
              | 5\\\\6     | \\g<0> |
        """).pickles
    assert pickle.steps[0].text == "5\\6 and \\g<0> and <aXb>"


def test_the_values_of_a_row_reach_the_background_as_in_pytest_bdd(feature):
    outlined, plain = feature("""\
        Feature: F
          Background:
            Given <who> is here
              | <who> |
          Scenario Outline: S
            When <who> waves
            Examples:
              | who |
              | Ada |
          Scenario: Plain
            When nobody waves
        """).pickles
    assert outlined.steps[0].text == "Ada is here"
    assert outlined.steps[0].datatable == (("Ada",),)
    assert plain.steps[0].text == "<who> is here"


def test_equal_names_and_rows_are_told_apart_by_an_ordinal(feature):
    pickles = feature("""\
        Feature: F
          Scenario: S
            Given a
          Scenario: S
            Given b
          Scenario: S#2
            Given c
          Scenario Outline: O
            Given <a>
            Examples:
              | a | b   |
              | x | y-z |
              | x | y-z |
          Rule: R
            Scenario: S
              Given d
        """).pickles
    ids = [pickle.id.removeprefix("shop.feature::") for pickle in pickles]
    assert ids == ["S", "S#2", "S#2#2", "O[x-y-z]", "O[x-y-z]#2", "R::S"]
    assert [pickle.ordinal for pickle in pickles] == [1, 2, 2, 1, 2, 1]


def test_an_id_has_no_line_and_no_path_of_the_machine(feature, tmp_path):
    text = "Feature: F\n  Scenario: S\n    Given a\n"
    before = feature(text, "deep/er/x.feature").pickles[0].id
    assert feature("\n\n# moved down\n" + text, "deep/er/x.feature").pickles[0].id == before
    assert before == "deep/er/x.feature::S"
    path = tmp_path / "features" / "deep" / "er" / "x.feature"
    other = read(path, rootdir=tmp_path / "features", features_root=path.parent)
    assert (other.uri, other.pickles[0].id) == ("deep/er/x.feature", "x.feature::S")


def test_doc_strings_keep_their_text_and_tables_their_cells(feature):
    [pickle] = feature('''\
        Feature: F
          Scenario: S
            Given text
              """json
              {"a":
                 1}
              """
            And ticks
              ```
              """ inside
              ```
            And a table
              | a \\| b | c\\nd |  |
        ''').pickles
    text, ticks, table = pickle.steps
    assert (text.docstring, text.media_type, text.datatable) == ('{"a":\n   1}', "json", None)
    assert (ticks.docstring, ticks.media_type) == ('""" inside', None)
    assert (table.datatable, table.docstring) == ((("a | b", "c\nd", ""),), None)


def test_other_languages_have_the_same_kinds(feature):
    read = feature("""\
        # language: de
        Funktionalität: Anmelden
          Szenario: Ada
            Angenommen Ada ist da
            Und Ben ist da
            Wenn sie winken
            Dann lacht Chloe
          Szenariogrundriss: Leer
            Angenommen <x>
        """)
    assert (read.language, read.keyword) == ("de", "Funktionalität")
    assert [kind for kind, _ in steps(read.pickles[0])] == ["given", "given", "when", "then"]
    assert [(hollow.name, hollow.why) for hollow in read.hollow] == [("Leer", "is an outline without Examples")]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_a_byte_order_mark_make_no_difference(feature, ends, mark):
    lines = ["Feature: Fünf", "  Scenario: S", "    Given ü", '      """', "      a", "      b", '      """', ""]
    [pickle] = feature(mark + ends.join(lines).encode()).pickles
    assert pickle.feature == "Fünf"
    assert pickle.steps == (Step("Given ", "given", "ü", 3, 5, docstring="a\nb", type="Context"),)


@pytest.mark.parametrize(
    ("raw", "line", "seen"),
    [
        ("Feature: F\n\n  Scenario: Grüße\n".encode("latin-1"), 3, "byte 0xfc"),
        ("Feature: F\n".encode("utf-16"), 1, "UTF-16"),
    ],
)
def test_another_encoding_is_named_with_its_line_and_the_way_out(feature, raw, line, seen):
    with pytest.raises(FeatureError, match=seen) as caught:
        feature(raw)
    assert caught.value.where == f"features/shop.feature:{line}"
    assert caught.value.try_next == "save the file as UTF-8"


def test_all_syntax_errors_are_in_one_error_the_first_one_first(feature):
    with pytest.raises(FeatureError) as caught:
        feature("""\
            Feature: F
              Scenario: S
                Given a
                Giveen b
                Fooo c
            """)
    assert caught.value.where == "features/shop.feature:4"
    first, second = str(caught.value.message).splitlines()
    assert first.endswith('found "Giveen b"')
    assert "a step" in first
    assert second.startswith("  line 5: ")
    assert caught.value.try_next == "begin the step with Given, When, Then, And or But"
    assert "#" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "message", "try_next"),
    [
        ("Given a\n", 1, 'found "Given a"', 'begin the file with "Feature: '),
        ("# language: xx\nFeature: F\n", 1, "Language not supported: xx", "write a language that Gherkin has"),
        ("Feature: F\n Scenario: S\n  Given a\n   |a|b|\n   |a|\n", 5, "inconsistent cell count", "as many cells"),
        ("Feature: F\n @a b\n Scenario: S\n", 2, "A tag may not contain whitespace", "blank between two tags"),
        ('Feature: F\n Scenario: S\n  Given a\n  """\n', 5, "unexpected end of file, expected a doc string", ""),
        ("Feature: F\nFeature: G\nScenario: S\n Given a\nFeature: H\n", 5, 'found "Feature: H"', "a step"),
        (
            "Feature: F\n Scenario Outline: S\n  Given <a>\n  Examples:\n   |a|b|a|\n   |1|2|3|\n",
            5,
            'the column "a" is in these Examples twice',
            "a name of its own",
        ),
    ],
)
def test_a_syntax_error_says_where_what_and_what_to_do(feature, text, line, message, try_next):
    if "Feature: H" in text:
        try_next = "begin the file with"
    with pytest.raises(FeatureError) as caught:
        feature(text)
    assert caught.value.where == f"features/shop.feature:{line}"
    assert message in caught.value.message
    assert try_next in caught.value.try_next


def test_what_would_run_nothing_is_told_and_no_pickle(feature):
    read = feature("""\
        @f
        Feature: F
          Background:
            Given a background
          @s
          Scenario: Empty
          Scenario: Full
            Given a
          Scenario Outline: No Examples
            Given <x>
          Scenario Outline: No header
            Given <x>
            Examples:
          Scenario Outline: No rows
            Given <x>
            Examples:
              | x |
          Scenario Outline: Some rows
            Given <x>
            Examples:
              | x |
            Examples:
              | x |
              | 1 |
          Rule: Nothing in it
          @r
          Rule: R
            Scenario: Ruled
        """)
    assert [pickle.name for pickle in read.pickles] == ["Full", "Some rows"]
    assert [(hollow.name, hollow.line, hollow.why, hollow.tags, hollow.rule) for hollow in read.hollow] == [
        ("Empty", 6, "has no steps", ("@f", "@s"), None),
        ("No Examples", 9, "is an outline without Examples", ("@f",), None),
        ("No header", 11, "has Examples without a row", ("@f",), None),
        ("No rows", 14, "has Examples without a row", ("@f",), None),
        ("Nothing in it", 25, "has no scenario", ("@f",), "Nothing in it"),
        ("Ruled", 28, "has no steps", ("@f", "@r"), "R"),
    ]
    assert [hollow.name for hollow in read.hollow if not hollow.is_scenario] == ["Nothing in it"]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "# language: de\n\n# and another\n"])
def test_a_file_without_a_feature_is_hollow(feature, text):
    if "language" in text:
        with pytest.raises(FeatureError, match="expected tags or Feature:"):
            feature(text)
        return
    read = feature(text)
    assert (read.pickles, read.name) == ((), "")
    [hollow] = read.hollow
    assert (hollow.name, hollow.line, hollow.why, hollow.is_scenario) == (
        "shop.feature", 1, "has no feature in it", False,
    )  # fmt: skip


@pytest.mark.parametrize("text", ["Feature: F\n", "Feature: F\n  Background:\n    Given a\n", "Feature: F\n Rule: R\n"])
def test_a_feature_without_scenarios_is_hollow(feature, text):
    [hollow] = feature(text).hollow
    assert (hollow.name, hollow.line, hollow.why, hollow.is_scenario) == ("F", 1, "has no scenario", False)


def test_a_file_elsewhere_keeps_a_usable_uri(tmp_path):
    path = tmp_path / "elsewhere" / "x.feature"
    path.parent.mkdir()
    path.write_text("Feature: F\n  Scenario: S\n    Given a\n", encoding="utf-8")
    uri = read(path, rootdir=tmp_path / "project", features_root=path.parent).uri
    assert uri == "../elsewhere/x.feature"
    assert Path(tmp_path / "project" / uri).as_posix().endswith("elsewhere/x.feature")
