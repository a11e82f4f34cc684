"""The parsers match what pytest-bdd's and Cucumber's match, and compile when they are needed."""

import re

import pytest
from cucumber_expressions.expression import CucumberExpression
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_bdd import parsers as theirs

from goldenpath.bdd import adapting, parsers
from goldenpath.bdd.parameter_types import registry

PATTERNS = [
    ("string", "I have 5 apples"),
    ("re", r"I have (?P<n>\d+) apples?"),
    ("re", r"(?:I|You) have (?P<n>\d+)?.*"),
    ("parse", "I have {n:d} apples"),
    ("parse", "I HAVE {n} Apples"),
    ("parse", "{who} have {} {what:w}"),
    ("cfparse", "I have {n:d} apples"),
]
TEXTS = [
    "I have 5 apples",
    "i have 5 APPLES",
    "I have 5 apple",
    "You have ",
    "I have x apples",
    "I have 5 apples\n",
    "",
]


def answer(parser, text):
    found = parser.match(text)
    return None if found is None else dict(parser.arguments(found))


def their_answer(parser, text):
    return dict(parser.parse_arguments(text)) if parser.is_matching(text) else None


@pytest.mark.parametrize(("kind", "pattern"), PATTERNS)
def test_a_parser_answers_as_pytest_bdds_of_its_name(kind, pattern):
    own, their = getattr(parsers, kind)(pattern), getattr(theirs, kind)(pattern)
    adapted = adapting.adapt(their)
    assert type(adapted).__name__ in {kind, "parse"}
    for text in TEXTS:
        assert answer(own, text) == answer(adapted, text) == their_answer(their, text)


@settings(deadline=None)
@given(st.text(alphabet="aB1 {}x"), st.text(alphabet="aB1 {}x"))
def test_an_exact_sentence_is_matched_as_it_is(pattern, text):
    assert (parsers.string(pattern).match(text) is True) == (pattern == text)


def test_the_arguments_of_the_libraries_pass_through():
    assert answer(parsers.re("(?P<a>B)", re.IGNORECASE), "b") == {"a": "b"}
    assert answer(parsers.re("(?P<a>B)", flags=re.I), "b") == {"a": "b"}
    assert answer(parsers.parse("{n:Double}", {"Double": lambda s: 2 * int(s)}), "4") == {"n": 8}
    assert answer(parsers.parse("ab {n}", case_sensitive=True), "AB c") is None
    words = parsers.cfparse("{names:Name+}", extra_types={"Name": lambda s: s.strip().upper()})
    assert answer(words, "a, b") == {"names": ["A", "B"]}


def test_a_parse_converter_that_raises_value_error_does_not_match():
    def even(text):
        if int(text) % 2:
            raise ValueError(text)
        return int(text)

    parser = parsers.parse("{n:Even} apples", {"Even": even})
    assert answer(parser, "2 apples") == {"n": 2}
    assert answer(parser, "3 apples") is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: parsers.re("("),
        lambda: parsers.parse("{n:Nothing}"),
        lambda: parsers.cucumber("{nobody}"),
        lambda: parsers.cucumber("(open"),
    ],
)
def test_a_wrong_pattern_is_found_when_a_text_comes(make):
    parser = make()
    with pytest.raises(Exception):  # noqa: B017, PT011 - each library has an error of its own
        parser.match("x")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("{int} apple(s)", "1 apple"),
        ("{int} apple(s)", "-3 apples"),
        ("{float} and {double}", "1.5 and -.25"),
        ("{word} says {string}", "Ada says 'it\\'s'"),
        ("{string} and {string}", '"a \\"b\\"" and ""'),
        ("red/green {}", "green anything at all"),
        (r"a \{ b \( c", "a { b ( c"),
        ("{biginteger} {bigdecimal} {byte} {short} {long}", "1 2.5 3 4 5"),
        ("{int} apples", "no apples"),
    ],
)
def test_a_cucumber_expression_gives_what_the_library_gives(pattern, text):
    arguments = CucumberExpression(pattern, registry()).match(text)
    parser = parsers.cucumber(pattern)
    found = parser.match(text)
    if arguments is None:
        assert found is None
    else:
        assert list(parser.arguments(found)) == [argument.value for argument in arguments]


def test_a_cucumber_expression_tells_its_parameters():
    assert parsers.cucumber("{int} {word}s of {}").parameters == ("{int}", "{word}", "{}")


def test_names_are_told_where_they_are_known():
    assert parsers.re(r"(?P<a>.)(.)(?P<b>.)").names() == ("a", "b")
    assert parsers.parse("{a} {} {b:d}").names() == ("a", "b")
    assert parsers.string("a").names() == parsers.cucumber("{int}").names() == ()


class Shout(theirs.StepParser):
    """Somebody's own parser for pytest-bdd."""

    def is_matching(self, name):
        return name.isupper()

    def parse_arguments(self, name):
        return {"said": name}


def test_a_parser_of_somebody_elses_is_taken_as_it_is():
    parser = adapting.get_parser(Shout("shouting"))
    assert (parser.name, parser.words(), parser.names()) == ("shouting", frozenset(), ())
    assert answer(parser, "HO") == {"said": "HO"}
    assert answer(parser, "ho") is None


def test_what_is_compiled_already_is_kept():
    their_re, their_parse = theirs.re("a"), theirs.parse("a")
    assert adapting.adapt(their_re).regex is their_re.regex
    assert adapting.adapt(their_parse).parser is their_parse.parser


def test_what_is_no_parser_is_refused():
    with pytest.raises(TypeError, match="neither a sentence nor a parser"):
        adapting.get_parser(42)


def test_a_parser_shows_its_pattern():
    assert repr(parsers.cucumber("{int}")) == "cucumber('{int}')"
