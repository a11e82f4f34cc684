"""Snippets are ready to paste: they compile, and match the step that they were made for."""

import asyncio

import pytest
from hypothesis import given as fuzz
from hypothesis import settings
from hypothesis import strategies as st

from goldenpath.authoring.matching import Scope, StepIndex, definitions_in
from goldenpath.authoring.suggestions import LIMIT, snippets
from goldenpath.bdd import parameter_type
from goldenpath.bdd.parameter_types import _defined, _registry
from goldenpath.domain.errors import Pending


@pytest.fixture(autouse=True)
def no_types_of_others():
    """Parameter types are the process's, and snippets propose them: put back what others defined."""
    before = dict(_defined)
    _defined.clear()
    _registry.clear()
    yield
    _defined.clear()
    _defined.update(before)
    _registry.clear()


def snippet(kind, text, **below):
    return snippets(kind, text, **below)[0]


def pasted(text):
    namespace = {"__name__": "pasted"}
    exec(compile(text, "pasted.py", "exec"), namespace)
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
        assert written.splitlines()[2] == f"@when({sentence})"
    if signature is not None:
        assert written.splitlines()[3] == f"async def {signature} -> None:"
    assert pasted(written)[0].kind == "when"


def test_parameters_have_names_of_their_own():
    second = snippet("given", 'a "b" 1 "c" 2 1.5', docstring=True, datatable=True).splitlines()[3]
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


def test_a_snippet_is_one_block_that_runs_as_pending_in_an_empty_module():
    written = snippet("given", "Ada has 3 cats")
    assert written == (
        "from goldenpath.bdd import given, pending\n"
        "\n"
        '@given("Ada has {int} cats")\n'
        "async def ada_has_cats(count: int) -> None:\n"
        "    pending()\n"
    )
    [definition] = pasted(written)
    with pytest.raises(Pending):
        asyncio.run(definition.func(count=3))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("a list of 8 things", ["a list of {int} things", "a list of {float} things"]),
        ("a list of 8.5 things", ["a list of {float} things"]),
        ("1 and 2", ["{int} and {int}", "{int} and {float}", "{float} and {int}", "{float} and {float}"]),
    ],
)
def test_a_whole_number_may_be_either_as_in_cucumber(text, sentences):
    assert [pasted(each)[0].pattern for each in snippets("given", text)] == sentences


def test_nobody_reads_hundreds_of_snippets():
    assert len(snippets("given", " ".join("1" * 12))) == LIMIT


def test_parameter_types_of_the_project_are_proposed():
    parameter_type("person", "Ada|Ben")
    parameter_type("amount", r"(\d+) EUR", int)
    parameter_type("shade", "red", lambda text: text)
    parameter_type("anything", ".*")
    parameter_type("hidden", "pays", use_for_snippets=False)
    [written] = snippets("when", "Ada pays Ben 12 EUR for red BenX")
    assert written.splitlines()[2:4] == [
        '@when("{person} pays {person} {amount} for {shade} BenX")',
        "async def pays_for_benx(person: str, person_2: str, amount: int, shade) -> None:",
    ]
    assert StepIndex([Scope("pasted", pasted(written))]).find("when", "Ada pays Ben 12 EUR for red BenX")


def test_what_two_types_match_is_proposed_as_either():
    parameter_type("cook", "Ada")
    parameter_type("boss", "Ada")
    patterns = [pasted(each)[0].pattern for each in snippets("when", "now Ada comes")]
    assert patterns == ["now {boss} comes", "now {cook} comes"]


@pytest.mark.parametrize("text", ["pending", "given 3", "then when"])
def test_a_function_hides_nothing_that_the_snippet_needs(text):
    [definition] = pasted(snippet("given", text))
    with pytest.raises(Pending):
        asyncio.run(definition.func(*([1] * text.count("3"))))


def test_a_parameter_is_named_apart_from_what_stands_below_the_step():
    parameter_type("docstring", "red")
    assert "(docstring_2: str, docstring: str)" in snippet("given", "it is red", docstring=True)
