"""Parameter types of Cucumber Expressions."""

import re
import sys
import types

import pytest
from cucumber_expressions.expression import CucumberExpression

from goldenpath.bdd import parameter_type, parameter_types, parsers
from goldenpath.bdd.parameter_types import _defined, registry
from goldenpath.domain.errors import StepError


@pytest.fixture(autouse=True)
def only_here():
    """The types are the process's: put back what others defined."""
    before = dict(_defined)
    yield
    _defined.clear()
    _defined.update(before)
    registry_is_stale()


def registry_is_stale():
    from goldenpath.bdd import parameter_types as module

    sys.modules[module.__module__]._registry.clear()


def value(pattern, text):
    parser = parsers.cucumber(pattern)
    found = parser.match(text)
    return None if found is None else parser.arguments(found)


def module(name, monkeypatch):
    made = types.ModuleType(name)
    monkeypatch.setitem(sys.modules, name, made)
    return made


def define(namespace, file, line=1, regexp="x"):
    source = "\n" * (line - 1) + f"parameter_type('shared', {regexp!r})"
    vars(namespace)["parameter_type"] = parameter_type
    exec(compile(source, file, "exec"), vars(namespace))


def test_without_a_transformer_the_step_gets_the_text():
    parameter_type("sign", r"(\+)|(-)")
    assert value("{sign} {sign}", "- +") == ["-", "+"]


def test_a_transformer_gets_the_groups_or_the_whole():
    parameter_type("point", r"(\d+),(\d+)(?:;(x(y)?))?", lambda *groups: groups)
    parameter_type("loud", "[A-Z]+", str.lower)
    assert value("{loud} {point} {loud}", "A 1,2;xy B") == ["a", ("1", "2", "xy"), "b"]
    library = CucumberExpression("{loud} {point} {loud}", registry()).match("A 1,2;xy B")
    assert [argument.value for argument in library] == ["a", ("1", "2", "xy"), "b"]


def test_several_regexps_are_alternatives():
    parameter_type("colour", ["red", re.compile("gr(e|a)y")], lambda shade: shade)
    assert value("{colour} hat", "red hat") == [None]
    assert value("{colour} hat", "gray hat") == ["a"]
    assert value("{colour} hat", "blue hat") is None


def test_a_type_may_come_after_the_sentence_that_uses_it():
    parser = parsers.cucumber("a {late} one")
    with pytest.raises(Exception, match="late"):
        parser.match("a y one")
    parameter_type("late", "y")
    assert parser.arguments(parser.match("a y one")) == ["y"]


def test_it_is_listed_with_its_place():
    parameter_type("listed", "x", use_for_snippets=False)
    listed = parameter_types()[-1]
    assert (listed.name, listed.regexps, listed.use_for_snippets) == ("listed", ("x",), False)
    assert listed.file == __file__
    assert listed.line > 0


@pytest.mark.parametrize("name", ["int", "string", ""])
def test_cucumbers_own_names_are_taken(name):
    with pytest.raises(StepError, match="one of Cucumber's own") as caught:
        parameter_type(name, "x")
    assert caught.value.where.startswith(__file__)


def test_a_name_may_not_have_signs_of_an_expression():
    with pytest.raises(StepError, match=r"has \( \) in it"):
        parameter_type("a(b)", "x")


def test_a_bad_regexp_is_refused_at_once():
    with pytest.raises(StepError, match="bad regexp"):
        parameter_type("bad", "(")


def test_two_modules_in_use_may_not_mean_two_things_by_one_name(monkeypatch):
    define(module("one_words", monkeypatch), "one_words.py", line=3)
    with pytest.raises(StepError, match=r"already defined at one_words\.py:3") as caught:
        define(module("two_words", monkeypatch), "two_words.py", line=5, regexp="y")
    assert caught.value.where == "two_words.py:5"
    assert value("{shared}", "x") == ["x"]


def test_a_module_imported_again_defines_its_types_anew(monkeypatch):
    define(module("one_words", monkeypatch), "one_words.py", line=3)
    define(module("other_name_of_it", monkeypatch), "one_words.py", line=4, regexp="y")
    assert value("{shared}", "y") == ["y"]


def test_a_module_that_is_gone_leaves_its_names_to_others(monkeypatch):
    define(module("one_words", monkeypatch), "one_words.py")
    monkeypatch.delitem(sys.modules, "one_words")
    define(module("two_words", monkeypatch), "two_words.py", regexp="y")
    assert value("{shared}", "y") == ["y"]
