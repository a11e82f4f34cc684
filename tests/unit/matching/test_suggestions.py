"""Snippets are ready to paste: they compile, and match the step that they were made for."""

import pytest
from hypothesis import given as fuzz
from hypothesis import settings
from hypothesis import strategies as st

from goldenpath import bdd
from goldenpath.authoring.matching import Scope, StepIndex, definitions_in
from goldenpath.authoring.suggestions import snippet


def pasted(text):
    namespace = vars(bdd).copy()
    exec(text, namespace)
    return definitions_in(namespace)


@pytest.mark.parametrize(
    ("text", "sentence", "signature"),
    [
        ("Ada is signed in", '"Ada is signed in"', "ada_is_signed_in()"),
        ('Ada asks "How?"', '"Ada asks {string}"', "ada_asks(text: str)"),
        ("Ada's 'x' and Ben's", "\"Ada's {string} and Ben's\"", "ada_s_and_ben_s(text: str)"),
        ("3 of 4 pay 2.50 to -1", '"{int} of {int} pay {float} to {int}"', None),
        ("on 2026-01-02 at 10:30, v1.2.3", None, None),
        ("it/they (all) cost {x}", r"'it\\/they \\(all) cost \\{x}'", "it_they_all_cost_x()"),
        ("", '""', "step()"),
        ("if", '"if"', "step_if()"),
        ("Grüße von Ödön", '"Grüße von Ödön"', "grüsse_von_ödön()"),
    ],
)
def test_a_snippet_says_values_as_parameters(text, sentence, signature):
    written = snippet("when", text)
    if sentence is not None:
        assert written.splitlines()[0] == f"@when({sentence})"
    if signature is not None:
        assert written.splitlines()[1] == f"async def {signature} -> None:"
    assert pasted(written)[0].kind == "when"


def test_parameters_have_names_of_their_own():
    second = snippet("given", 'a "b" 1 "c" 2 1.5', docstring=True, datatable=True).splitlines()[1]
    assert second == (
        "async def a(text: str, count: int, text_2: str, count_2: int, amount: float, "
        "docstring: str, datatable: list[list[str]]) -> None:"
    )


@settings(max_examples=200, deadline=None)
@fuzz(
    st.text(st.sampled_from("aA1 .,-'\"(){}/\\ß5:"), min_size=1, max_size=14).map(lambda text: " ".join(text.split()))
)
def test_a_snippet_matches_the_step_that_it_was_made_for(text):
    [definition] = pasted(snippet("then", text))
    match = StepIndex([Scope("pasted", [definition])]).find("then", text)
    assert match.definition is definition
    assert len(match.arguments) == len(match.call.required)
