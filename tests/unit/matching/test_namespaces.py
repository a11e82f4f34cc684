"""Definitions of both vocabularies are read from a namespace."""

import types

import pytest
from pytest_bdd import given, parsers, step, then

from goldenpath import bdd
from goldenpath.authoring.matching import Scope, StepIndex, definitions_in
from goldenpath.authoring.namespaces import of_fixture_function


def module(source):
    made = types.ModuleType("words")
    vars(made).update(given=given, then=then, step=step, parsers=parsers, ours=bdd)
    exec(compile(source, "words.py", "exec"), vars(made))
    return vars(made)


def test_a_definition_of_pytest_bdd_keeps_all_that_its_decorator_said():
    namespace = module(
        '@given(parsers.parse("{n} cats"), converters={"n": int}, target_fixture="cats")\ndef here(n): return n\n'
    )
    [definition] = definitions_in(namespace)
    assert (definition.kind, definition.pattern, definition.target_fixture) == ("given", "{n} cats", "cats")
    assert definition.func is namespace["here"]
    assert (definition.line, definition.of_pytest_bdd, definition.needs) == (1, True, ())
    assert StepIndex([Scope("words", [definition])]).find("given", "3 cats").arguments == {"n": 3}


def test_a_plain_sentence_of_pytest_bdd_keeps_its_meaning():
    [definition] = definitions_in(module('@then("{x} is (not) a/an expression")\ndef _(): ...\n'))
    assert StepIndex([Scope("words", [definition])]).find("then", "{x} is (not) a/an expression").arguments == {}


def test_both_vocabularies_live_side_by_side_in_order():
    source = '@given("a")\ndef _(): ...\n@ours.given("b")\ndef _(): ...\n@step("c")\n@then("d")\ndef _(): ...\n'
    found = [(each.kind, each.pattern) for each in definitions_in(module(source))]
    assert found == [("given", "a"), ("given", "b"), ("then", "d"), (None, "c")]


def test_asked_twice_it_is_the_same_definition():
    namespace = module('@given("a")\ndef _(): ...\n')
    assert definitions_in(namespace) == definitions_in(dict(namespace))


def test_functions_of_one_sentence_are_all_found():
    namespace = module('@given("a")\ndef first(): ...\n@given("a")\ndef second(): ...\n')
    assert [each.func for each in definitions_in(namespace)] == [namespace["first"], namespace["second"]]


@pytest.mark.parametrize("value", [None, 3, "text", [], print, lambda: None])
def test_what_is_no_definition_is_left_alone(value):
    assert definitions_in({"pytestbdd_stepdef_given_a": value, "other": value}) == []
    assert of_fixture_function(value) is None
