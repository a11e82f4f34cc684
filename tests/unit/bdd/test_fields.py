"""A format of ``parse`` finds what the library finds in it, values and places."""

import parse
import pytest
from hypothesis import given
from hypothesis import strategies as st
from parse_type.cfparse import Parser as CardinalityParser

from goldenpath.bdd.fields import reader_of

NUMBER = st.one_of(
    st.integers().map(str),
    st.sampled_from(["+7", "- 7", "007", "0x1F", "0b101", "-0o17", "0X", "٣", "7_000", "", "7 "]),
)


def both(parser, text):
    """What the library and the reader find: values and places, or nothing, or the kind of error."""
    found = []
    for each in (parser, reader_of(parser)):
        try:
            result = each.parse(text)
        except Exception as error:  # noqa: BLE001
            found.append(type(error))
        else:
            found.append(result and (dict(result.named), sorted(result.spans.values())))
    return found


@given(NUMBER, st.sampled_from(["n", "name with blanks", "", "12"]))
def test_numbers_and_words_are_what_the_library_makes_of_them(number, name):
    parser = parse.compile("{who} has {count:d} of {rest} and {who}")
    theirs, ours = both(parser, f"{name} has {number} of {name} and {name}")
    assert theirs == ours


@pytest.mark.parametrize("form", ["{a:d}", "{a:n}", "{a:x}", "{a:f}", "{a:w}", "{a:>5}", "{a.b:d}", "{a:3d}", "{a:ti}"])
@pytest.mark.parametrize("text", ["1", "1,000", "ff", "1.5", "a_b", "    a", "2026-11-23", "0012", "-5"])
def test_every_type_is_what_the_library_makes_of_it(form, text):
    theirs, ours = both(parse.compile(form), text)
    assert theirs == ours


def test_a_converter_of_a_user_is_called_once_and_what_it_raises_comes_out():
    seen = []

    def even(text):
        seen.append(text)
        if int(text) % 2:
            raise ValueError(text)
        return int(text)

    reader = reader_of(CardinalityParser("{n:Even+}", {"Even": even}))
    assert reader.parse("2, 4").named == {"n": [2, 4]}
    assert seen == ["2", "4"]
    with pytest.raises(ValueError, match="3"):
        reader.parse("2, 3")


@pytest.mark.parametrize("form", ["{} of {name}", "{a[b]}"])
def test_what_only_the_library_can_tell_is_left_to_it(form):
    assert reader_of(parse.compile(form)) is None


def test_a_parser_that_reads_otherwise_is_left_alone():
    class Own(parse.Parser):
        def evaluate_result(self, m):
            return None

    assert reader_of(Own("{a}")) is None
    assert reader_of(object()) is None
