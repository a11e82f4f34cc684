"""What we do faster than gherkin-official, we do as it does: whatever the text, the same tree or the same errors."""

import pytest
from gherkin.ast_builder import AstBuilder
from gherkin.errors import CompositeParserException, ParserException
from gherkin.parser import Parser
from gherkin.token_matcher import TokenMatcher
from gherkin.token_matcher_markdown import GherkinInMarkdownTokenMatcher
from hypothesis import given, settings
from hypothesis import strategies as st

from goldenpath.gherkin.official import LiteralCompiler, NodeIds, QuickMatcher, QuickParser, Tree

PLAIN = r'''

Feature: F
  Rule: R
  Background:
  Scenario: S <a>
  Scenario Outline: O
  Example: E
  Examples:
  Scenarios: named
    Given a <a>
    When b
    Then c
    And d
    But e
    * f
    Givenchy
    | a | b |
    | 1 | 2 |
    | 1 |
    | a \| b | c\n |
    """
    """json
    ```
      \"\"\" in it
  @a @b
  @a #no tag
  @a b
  # comment
# language: de
# language: xx
  words
  Given
	Given a tab
Funktion: F
  Szenario: S
    Angenommen x
    Und y
'''.splitlines()

MARKDOWN = r'''
# Feature: F
## Rule: R
## Background:
### Scenario: S
### Scenario Outline: O
#### Examples:
* Given a
- When b
+ Then c
* And d
* * e
* words
words
  | a |
  | - |
  | 1 |
| 1 |
  ```ts
  ```
  """
`@a` `@b`
# a heading
> quote
  ````
'''.splitlines()


def outcome(parser, text, matcher):
    try:
        return parser.parse(text, matcher)
    except CompositeParserException as error:
        return [str(each) for each in error.errors]
    except ParserException as error:
        return [str(error)]


@settings(deadline=None, max_examples=300)
@given(st.booleans(), st.lists(st.sampled_from([*PLAIN, "   "]), max_size=14))
def test_plain_gherkin_is_parsed_as_the_library_parses_it(is_begun, lines):
    text = "\n".join([*(["Feature: F", "Scenario Outline: S"] if is_begun else []), *lines])
    ours = outcome(QuickParser(AstBuilder(), first_signs_tell=True), text, QuickMatcher())
    assert ours == outcome(Parser(), text, TokenMatcher())


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(MARKDOWN), max_size=14))
def test_markdown_is_parsed_as_the_library_parses_it(lines):
    text = "\n".join(lines)
    ours = outcome(QuickParser(AstBuilder(), first_signs_tell=False), text, GherkinInMarkdownTokenMatcher())
    assert ours == outcome(Parser(), text, GherkinInMarkdownTokenMatcher())


@pytest.mark.parametrize(
    ("written", "kept"),
    [("  a\n\n  b\n   \n \n", "  a\n\n  b"), ("  a  \n", "  a  "), ("\t \n", ""), ("  a\n", "  a")],
)
def test_a_description_ends_with_its_last_word_and_keeps_what_is_in_it(written, kept):
    parser = QuickParser(Tree(NodeIds("x")), first_signs_tell=True)
    document = parser.parse(f"Feature: F\n{written}  Scenario: S\n    Given a\n", QuickMatcher())
    assert document["feature"]["description"] == kept
    scenario = document["feature"]["children"][0]["scenario"]
    assert (scenario["id"], scenario["steps"][0]["id"]) == ("x-1", "x-0")


def test_a_row_without_a_column_leaves_the_text_alone():
    compiler = LiteralCompiler()
    cells = [{"value": "a"}, {"value": "b.c"}]
    values = [{"value": "\\1"}, {"value": "<a>"}]
    assert compiler._interpolate("<a> <b.c> <bxc> <x>", cells, values) == "\\1 <a> <bxc> <x>"
    assert compiler._interpolate(None, cells, values) is None
