"""The words of a pattern stand in every text that it matches; otherwise a definition would not be found."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from goldenpath.bdd import literals, parsers


def built_from(parts):
    """Patterns built from parts, each with a text that has something for each part; not every such text matches."""
    part = st.sampled_from(sorted(parts)).flatmap(lambda one: st.tuples(st.just(one), st.sampled_from(parts[one])))
    return st.lists(part, max_size=9).map(lambda drawn: tuple(map("".join, zip(*drawn, strict=True))) or ("", ""))


LITERAL = {word: [word] for word in ("Ada", "has", "a", "5", " ")}
REGEX = LITERAL | {
    r"\d+": ["1", "23"], r"\w*": ["", "x"], "(x|y z)": ["x", "y z"], "(?:red |g )?": ["", "red "], "[abc ]": ["a", " "],
    "[]x]": ["]", "x"], "[^] ]": ["a"], "s?": ["", "s"], "s*": ["", "ss"], " ?": ["", " "], " +": [" ", "  "],
    "o{2}": ["oo"], "u{0,1}": ["", "u"], r"\.": ["."], r"\ ": [" "], r"\(": ["("], ".": ["x", " "], ".*": ["", "x y"],
    "(?P<n>.+)": ["a b"], "$": [""], "^": [""], "(?=5)": [""], "|": [""], r"\b": [""], "a++": ["aa"], "x??": ["", "x"],
    "(a(b c)?)": ["a", "ab c"], r"\\": ["\\"], "x+?": ["x"], r"[\] a]": [" ", "]"], "(?#a b)": [""],
}  # fmt: skip
CUCUMBER = LITERAL | {
    "{int}": ["1"], "{word}": ["x"], "{}": ["x y"], "(s)": ["", "s"], "( and on)": ["", " and on"],
    "red/green": ["red", "green"], r"\{x": ["{x"], r"\/": ["/"], r"(a\) b)": ["", "a) b"], ")": [")"], "}": ["}"],
}  # fmt: skip
PARSE = LITERAL | {
    "{n:d}": ["1"], "{name}": ["x", "x y"], "{}": ["x"], "{{": ["{"], "}}": ["}"], "{x:>}": ["  y"], "s": ["S"],
    "{a.b}": ["1"], "(": ["("], "{": ["{", ""], "}": ["}", ""], "2,3": ["2,3", ""],
}  # fmt: skip


def found(parser, text):
    try:
        return parser.match(text) is not None
    except Exception:  # noqa: BLE001 - a pattern that its library refuses has no texts
        return False


@settings(max_examples=400, deadline=None)
@given(built_from(REGEX))
@example(("a|b c", "a"))
@example(("Ada (x|y z)? has", "Ada  has"))
def test_of_a_regular_expression(both):
    pattern, text = both
    if found(parsers.re(pattern), text):
        assert literals.of_regex(pattern) <= set(text.split())


@settings(max_examples=400, deadline=None)
@given(built_from(CUCUMBER))
@example((r"Ada (a\) b) has", "Ada  has"))
@example(("a red/green {int}", "a red 1"))
def test_of_a_cucumber_expression(both):
    pattern, text = both
    if found(parsers.cucumber(pattern), text):
        assert literals.of_cucumber_expression(pattern) <= set(text.split())


@settings(max_examples=400, deadline=None)
@given(built_from(PARSE))
@example(("Ada {n:d} has", "Ada 1 has"))
def test_of_a_parse_format(both):
    pattern, text = both
    if found(parsers.parse(pattern, case_sensitive=True), text):
        assert literals.of_parse_format(pattern) <= set(text.split())


@pytest.mark.parametrize(
    ("read", "pattern", "words"),
    [
        (literals.of_regex, "area a017 holds (.*) parts", "area a017 holds parts"),
        (literals.of_regex, "^Ada has (?P<n>\\d+) cats?$", "Ada has"),
        (literals.of_regex, "costs 5\\.50 now", "costs 5.50 now"),
        (literals.of_regex, "one|two", ""),
        (literals.of_regex, "(?i)Ada is here", ""),
        (literals.of_regex, "[ab cd] end", "end"),
        (literals.of_cucumber_expression, "{person}'s list is: {names}", "list is:"),
        (literals.of_cucumber_expression, "three (blind) mice/rats run", "three run"),
        (literals.of_cucumber_expression, "a \\(small) thing", "a thing"),
        (literals.of_cucumber_expression, "an (open one", ""),
        (literals.of_parse_format, "user {name} adds {count:d} items to b001", "user adds items to b001"),
        (literals.of_parse_format, "x{{y}} {z:w} end", "end"),
        (literals.of_parse_format, "one x{2,3} two", ""),
    ],
)
def test_the_words_of_some_patterns(read, pattern, words):
    assert read(pattern) == frozenset(words.split())


def test_a_verbose_regular_expression_has_none():
    assert literals.of_regex("a b # c", re.VERBOSE) == frozenset()
