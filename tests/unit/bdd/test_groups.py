"""What a pattern found is told as Cucumber tells it."""

import json
import re

import pytest
from hypothesis import given as fuzz
from hypothesis import settings
from hypothesis import strategies as st

from goldenpath.bdd import StepDefinition, parameter_type, parsers
from goldenpath.bdd.groups import trees
from goldenpath.bdd.parameter_types import _defined, _registry


@pytest.fixture(autouse=True)
def only_here():
    """The types are the process's: put back what others defined."""
    before = dict(_defined)
    yield
    _defined.clear()
    _defined.update(before)
    _registry.clear()


def groups(parser, text):
    found = parser.match(text)
    assert found is not None
    return parser.groups(found, text)


def string(start, value):
    """A ``{string}`` in double quotes, as the kit has it."""
    inner = {"start": start + 1, "value": value, "children": [{}]}
    group = {"start": start, "value": f'"{value}"', "children": [inner, {"children": [{}]}]}
    return {"group": group, "parameterTypeName": "string"}


def simple(start, value, **name):
    return {"group": {"start": start, "value": value}, **name}


def test_the_arguments_of_the_kits_samples():
    parameter_type("flight", "([A-Z]{3})-([A-Z]{3})", lambda start, end: (start, end))
    flight = {"start": 0, "value": "LHR-CDG", "children": [{"start": 0, "value": "LHR"}, {"start": 4, "value": "CDG"}]}
    assert groups(parsers.cucumber("{flight} has been delayed"), "LHR-CDG has been delayed") == [
        {"group": flight, "parameterTypeName": "flight"}
    ]
    text = 'an array with 10 bytes is attached as "text/plain"'
    assert groups(parsers.cucumber("an array with {int} bytes is attached as {string}"), text) == [
        simple(14, "10", parameterTypeName="int"),
        string(38, "text/plain"),
    ]
    regex = parsers.re("^a (.*?)(?: and a (.*?))?(?: and a (.*?))?$")
    assert groups(regex, "a cucumber and a zucchini") == [simple(2, "cucumber"), simple(17, "zucchini"), {"group": {}}]
    assert groups(parsers.cucumber("apple(s)"), "apples") == []
    assert groups(parsers.string("a {b}"), "a {b}") == []


def test_an_anonymous_parameter_has_an_empty_name():
    assert groups(parsers.cucumber("{} cats"), "3 cats") == [simple(0, "3", parameterTypeName="")]


def test_groups_lie_in_each_other():
    told = groups(parsers.re("(a(?P<b>b)?(c(d)))(e)"), "acde")
    inner = [{}, {"start": 1, "value": "cd", "children": [{"start": 2, "value": "d"}]}]
    assert told == [{"group": {"start": 0, "value": "acd", "children": inner}}, simple(3, "e")]


def test_named_groups_of_a_parameter_type_go_to_its_transformer():
    parameter_type("day", r"(?P<d>\d+)\.(?P<m>\d+)\.", lambda d, m: (d, m))
    parser = parsers.cucumber("{int} at {day}")
    found = parser.match("3 at 1.2.")
    assert parser.arguments(found) == [3, ("1", "2")]
    assert [child["value"] for child in parser.groups(found, "3 at 1.2.")[1]["group"]["children"]] == ["1", "2"]


@pytest.mark.parametrize("kind", [parsers.parse, parsers.cfparse])
def test_fields_of_a_format_have_places(kind):
    text = "3 of x, 3 of these at 1.5"
    assert groups(kind("{n:d} of {}, {n:d} of {what.kind} at {f[x]:f}"), text) == [
        simple(0, "3"),
        simple(5, "x"),
        simple(13, "these"),
        simple(22, "1.5"),
    ]


@pytest.mark.parametrize(
    "parser",
    [parsers.cucumber('"{word}" {int} {string}'), parsers.parse('"{}" {} {}'), parsers.re(r'"(\S+)" (\d+) (.*(\S))')],
)
def test_places_count_as_in_the_language_of_the_reports(parser):
    text = '"\U0001f600é" 7 "\U0001f600"'
    units = text.encode("utf-16-le")

    def check(group):
        start, value = group["start"], group["value"]
        assert units[2 * start :].startswith(value.encode("utf-16-le"))
        return [check(child) for child in group.get("children", []) if child.get("value")]

    told = groups(parser, text)
    assert [each["group"]["start"] for each in told] == [1, 6, 8]
    for each in told:
        check(each["group"])
    json.dumps(told)


PIECES = [
    "a",
    "(",
    ")",
    "(?:",
    "(?P<n{}>",
    "(?=",
    "(?<!",
    "(?#(x)",
    "[()]",
    "[^]()]",
    "[](]",
    r"\(",
    r"\)",
    "|",
    "(?i:",
]


def parsed_by_python(regex):
    """The groups as Python's own parser nests them."""

    def walk(tree):
        for operator, argument in tree:
            if str(operator) == "SUBPATTERN":
                inner = tuple(walk(argument[3]))
                yield from [(argument[0], inner)] if argument[0] is not None else inner
            elif str(operator) in {"ASSERT", "ASSERT_NOT"}:
                yield from walk(argument[1])
            elif str(operator) == "BRANCH":
                for branch in argument[1]:
                    yield from walk(branch)
            elif str(operator) == "GROUPREF_EXISTS":
                for branch in argument[1:]:
                    yield from walk(branch or ())
            elif str(operator) in {"MAX_REPEAT", "MIN_REPEAT"}:
                yield from walk(argument[2])

    return tuple(walk(re._parser.parse(regex.pattern, regex.flags)))


@settings(max_examples=400, deadline=None)
@fuzz(st.lists(st.sampled_from(PIECES), max_size=12))
def test_the_nesting_is_pythons_own(pieces):
    pattern = "".join(piece.format(place) for place, piece in enumerate(pieces))
    opened = sum(piece.startswith("(") and piece != "(?#(x)" for piece in pieces) - pieces.count(")")
    pattern += ")" * max(opened, 0)
    try:
        regex = re.compile(pattern)
    except re.error:
        return
    assert trees(regex) == parsed_by_python(regex)


@pytest.mark.parametrize(
    "regex",
    [
        re.compile("(a)?(?(1)b(c)|d)"),
        re.compile("(a) # not (a group\n [#(] (b (c)) \\# (?# (nor this)", re.VERBOSE),
        re.compile(r"(?x) (a) # (b"),
        re.compile(r"(?P<n>(a))(?P=n)\\(b)"),
    ],
)
def test_remarks_and_conditions_are_no_groups(regex):
    assert trees(regex) == parsed_by_python(regex)


def test_where_the_nesting_is_unclear_no_group_is_lost():
    assert trees(re.compile("(?x:(a) # (b\n) (c)")) == ((1, ()), (2, ()))


@pytest.mark.parametrize(
    ("parser", "word"),
    [
        (parsers.string("a"), "CUCUMBER_EXPRESSION"),
        (parsers.cucumber("{int}"), "CUCUMBER_EXPRESSION"),
        (parsers.parse("{n:d}"), "CUCUMBER_EXPRESSION"),
        (parsers.re("(a)"), "REGULAR_EXPRESSION"),
    ],
)
def test_a_definition_has_the_word_of_messages_for_its_pattern(parser, word):
    assert StepDefinition(None, parser.name, parser, print).pattern_type == word


def test_unknown_parameter_types_are_found_without_compiling():
    parser = parsers.cucumber(r"{airport} \{or} {port}/{int} {airport} {} {sh(i)p}")
    assert parser.undefined == ("airport", "port")
    assert "_compiled" not in vars(parser)
    parameter_type("airport", "[A-Z]{3}")
    assert parser.undefined == ("port",)


def test_what_an_unreadable_expression_may_mean():
    parameter_type("known", "x")
    parser = parsers.cucumber("{airport} is {known} for {int} day(s)")
    assert parser.may_mean("CDG is x for 3 days")
    assert not parser.may_mean("CDG is y for 3 days")
    assert not parser.may_mean("CDG is x for x days")
