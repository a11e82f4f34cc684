"""The messages of a feature are those that the other implementations of Cucumber write."""

import json
from pathlib import Path

import pytest
from cucumber_compatibility_kit import CompatibilityKit
from cucumber_messages import Envelope, message_converter

from goldenpath.domain.errors import FeatureError
from goldenpath.gherkin import is_feature, read

KIT = CompatibilityKit()
SAMPLES = sorted({*KIT.gherkin(), *KIT.markdown()})
STATIC = ("source", "gherkinDocument", "pickle", "parseError")
REFERRING = {"id", "astNodeId", "astNodeIds"}


def lines(envelopes):
    return [json.loads(line) for line in envelopes.decode().splitlines()]


def of_kind(envelopes, kind):
    return [envelope[kind] for envelope in lines(envelopes) if kind in envelope]


def is_a_message(envelope):
    """Whether the library that defines the messages knows each of its fields, and misses none."""
    assert message_converter.to_dict(message_converter.from_dict(envelope, Envelope)) == envelope


def compared(envelopes):
    """The envelopes with their ids numbered in the order of their appearance, and without the folder of the uris."""
    ids = {}

    def masked(key, value):
        if isinstance(value, dict):
            return {name: masked(name, value[name]) for name in sorted(value)}
        if isinstance(value, list):
            return [masked(key, inner) for inner in value]
        if key in REFERRING:
            return ids.setdefault(value, len(ids))
        return Path(value).name if key == "uri" else value

    return [masked("", envelope) for envelope in envelopes]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_the_static_part_of_each_sample_of_the_kit_is_as_expected(sample):
    expected = lines((sample / f"{sample.name}.ndjson").read_bytes())
    files = sorted(path for path in sample.iterdir() if is_feature(path))
    ours = b"".join(read(path, rootdir=sample.parent, features_root=sample).envelopes for path in files)
    assert compared(lines(ours)) == compared([envelope for envelope in expected if set(envelope) & set(STATIC)])
    for envelope in lines(ours):
        is_a_message(envelope)


def test_the_kit_has_all_its_samples():
    assert len(SAMPLES) >= 49


EVERYTHING = """\
    @f
    Feature: F
      Background:
        Given <a> is here
          | <a> |
      Scenario: Plain
        Given a thing
        * another
        And so on
      Scenario: Empty
      @s
      Scenario Outline: O <a>
        When <a>
        Examples:
          | a |
          | 1 |
          | 2 |
      Scenario Outline: Nothing in it
        Examples:
          | a |
          | 1 |
          | 2 |
      Rule: R
        @r
        Scenario: Plain
          Then it ends
    """


def test_pickles_are_found_by_the_ids_of_the_messages(feature):
    read = feature(EVERYTHING)
    messages = {pickle["id"]: pickle for pickle in of_kind(read.envelopes, "pickle")}
    for pickle in read.pickles:
        said = messages.pop(pickle.message_id)
        assert said["name"] == pickle.name
        assert [(step["id"], step["text"], step["type"]) for step in said["steps"]] == [
            (f"{pickle.message_id}-{index}", step.text, step.type) for index, step in enumerate(pickle.steps)
        ]
    empty, first, second = messages.values()
    assert [hollow.message_id for hollow in read.hollow] == [empty["id"], first["id"]]
    assert (empty["name"], first["name"], second["name"]) == ("Empty", "Nothing in it", "Nothing in it")
    assert (empty["steps"], second["steps"]) == ([], [])
    assert [[step.type for step in pickle.steps] for pickle in read.pickles[:2]] == [
        ["Context", "Context", "Unknown", "Unknown"],
        ["Context", "Action"],
    ]


def test_the_line_of_a_pickle_is_found_by_its_beginning(feature):
    read = feature(EVERYTHING)
    begin = [line[: line.index(b",")] for line in read.envelopes.splitlines() if line.startswith(b'{"pickle"')]
    for pickle in read.pickles:
        assert begin.count(b'{"pickle":{"id":"%s"' % pickle.message_id.encode()) == 1


def test_the_values_of_a_row_are_in_the_message_of_a_background_too(feature):
    pickle = of_kind(feature(EVERYTHING).envelopes, "pickle")[3]
    assert pickle["steps"][0]["text"] == "2 is here"
    assert pickle["steps"][0]["argument"] == {"dataTable": {"rows": [{"cells": [{"value": "2"}]}]}}


def test_every_id_is_given_once_and_every_reference_leads_to_one(feature):
    document, *pickles = lines(feature(EVERYTHING).envelopes)[1:]
    given, referred = [], set()

    def walk(value):
        for key, inner in value.items() if isinstance(value, dict) else ():
            if key == "id":
                given.append(inner)
            if key in {"astNodeId", "astNodeIds"}:
                referred.update([inner] if isinstance(inner, str) else inner)
            walk(inner)
        for inner in value if isinstance(value, list) else ():
            walk(inner)

    walk([document, pickles])
    assert len(given) == len(set(given))
    assert referred < set(given)


def test_ids_stay_when_the_file_is_moved_down_and_differ_between_files(feature):
    before = feature(EVERYTHING)
    moved = feature("# a\n# comment\n" + EVERYTHING)
    other = feature(EVERYTHING, "other.feature")
    ids = [[pickle.message_id for pickle in read.pickles] for read in (before, moved, other)]
    assert ids[0] == ids[1]
    assert not set(ids[0]) & set(ids[2])
    nodes = [set(of_kind(read.envelopes, "pickle")[0]["astNodeIds"]) for read in (before, other)]
    assert not nodes[0] & nodes[1]


def test_what_is_hollow_takes_no_id_from_what_runs(feature):
    read = feature("""\
        Feature: F
          Scenario: S
          Scenario: S
            Given a
          Scenario: S
          Rule: Bare
        """)
    assert [pickle.id for pickle in read.pickles] == ["shop.feature::S"]
    ids = [pickle["id"] for pickle in of_kind(read.envelopes, "pickle")]
    assert [hollow.message_id for hollow in read.hollow] == [ids[0], ids[2], ""]
    assert ids[1] == read.pickles[0].message_id
    assert len(set(ids)) == 3


@pytest.mark.parametrize("text", ["", "# only a comment\n", "Feature: F\n", "Feature: F\n  Rule: R\n"])
def test_a_file_without_a_scenario_has_a_source_and_a_document(feature, text):
    read = feature(text)
    assert [next(iter(envelope)) for envelope in lines(read.envelopes)] == ["source", "gherkinDocument"]
    assert [hollow.message_id for hollow in read.hollow] == [""]
    for envelope in lines(read.envelopes):
        is_a_message(envelope)


def test_the_source_is_as_it_was_written(feature):
    [source] = of_kind(feature("\ufeffFeature: Fünf\r\n  Scenario: S\r\n    Given a\r\n").envelopes, "source")
    assert source == {
        "uri": "features/shop.feature",
        "data": "Feature: Fünf\r\n  Scenario: S\r\n    Given a\r\n",
        "mediaType": "text/x.cucumber.gherkin+plain",
    }


def test_a_broken_file_has_a_message_for_each_of_its_errors(feature):
    text = "Feature: F\n  Scenario: S\n    Given a\n    Giveen b\n  Fooo c\n"
    with pytest.raises(FeatureError) as caught:
        feature(text)
    source, *errors = lines(caught.value.envelopes)
    assert source["source"]["data"] == text
    assert [error["parseError"]["source"] for error in errors] == [
        {"uri": "features/shop.feature", "location": {"line": 4, "column": 5}},
        {"uri": "features/shop.feature", "location": {"line": 5, "column": 3}},
    ]
    assert errors[0]["parseError"]["message"].startswith("(4:5): expected: #EOF")
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [(4, 5), (5, 3)]
    for envelope in (source, *errors):
        is_a_message(envelope)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("Feature: F\n\n  Scenaro: S\n    Given a\n", 3, "would not run"),
        ("Feature: F\n  Scenario: S\n    And a\n", 3, "neither a Given"),
        ("Feature: F\n  Scenario: S\n    Given \x1b[2J\n", 3, "a control character"),
        ("Feature: F\n  Scenario: Grüße\n".encode("latin-1"), 2, "not UTF-8"),
        ("Feature: F\n Scenario Outline: S\n  Given <a>\n  Examples:\n   |a|a|\n   |1|2|\n", 5, "twice"),
    ],
)
def test_what_we_refuse_is_told_like_a_syntax_error(feature, text, line, said):
    with pytest.raises(FeatureError) as caught:
        feature(text)
    [error] = of_kind(caught.value.envelopes, "parseError")
    assert error["source"]["location"]["line"] == line
    assert said in error["message"]
    assert len(of_kind(caught.value.envelopes, "source")) == isinstance(text, str)
