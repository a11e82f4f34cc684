"""What the decorators leave in a module."""

import subprocess
import sys
import types
from pathlib import Path

import pytest

from goldenpath.authoring.matching import definitions_in
from goldenpath.bdd import StepDefinition, given, parsers, step, then, when
from goldenpath.domain.errors import StepError


def left(source, **names):
    """The definitions that a piece of a module leaves behind, and its namespace."""
    module = types.ModuleType("steps_of_a_test")
    vars(module).update(names)
    exec(compile(source, "steps_of_a_test.py", "exec"), vars(module))
    return definitions_in(vars(module)), vars(module)


def test_a_decorator_leaves_its_definition_and_the_function_as_it_was():
    [definition], namespace = left(
        '\n\n@given("Ada is here", converters={"n": int}, target_fixture="ada", needs=("auth.lockout",))\n'
        "def here(): return 7\n",
        given=given,
    )
    assert namespace["here"]() == 7
    assert definition.func is namespace["here"]
    assert (definition.kind, definition.pattern, definition.target_fixture) == ("given", "Ada is here", "ada")
    assert (dict(definition.converters), definition.needs) == ({"n": int}, ("auth.lockout",))
    assert (Path(definition.file).name, definition.line, definition.of_pytest_bdd) == ("steps_of_a_test.py", 3, False)


@pytest.mark.parametrize(("decorator", "kind"), [(given, "given"), (when, "when"), (then, "then"), (step, None)])
def test_each_decorator_has_its_kind(decorator, kind):
    [definition], _ = left('@decorator("a")\ndef _(): ...\n', decorator=decorator)
    assert definition.kind == kind


def test_step_takes_a_kind_where_pytest_bdd_takes_it():
    [definition], _ = left('@step("a", "when", None, "x")\ndef _(): ...\n', step=step)
    assert (definition.kind, definition.target_fixture) == ("when", "x")


def test_functions_of_one_name_and_decorators_on_one_function_lose_nothing():
    definitions, _ = left(
        '@given("a")\n@when("b")\n@given("a")\ndef _(): ...\n@given("c")\ndef _(): ...\n', given=given, when=when
    )
    assert sorted(f"{definition.kind} {definition.pattern}" for definition in definitions) == [
        "given a",
        "given a",
        "given c",
        "when b",
    ]


def test_a_star_import_carries_all_sentences_of_all_modules(tmp_path, monkeypatch):
    for name in ("first_words", "second_words"):
        text = 'from goldenpath.bdd import given\n@given("the same sentence")\ndef _(): ...\n'
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("first_words", "second_words"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    definitions, _ = left("from first_words import *\nfrom second_words import *\n")
    assert {Path(definition.file).stem for definition in definitions} == {"first_words", "second_words"}


def test_stacklevel_says_whose_definition_it_is():
    definitions, namespace = left(
        "def make(text):\n"
        "    @given(text, stacklevel=2)\n"
        "    def _(): ...\n"
        "    return [name for name in locals() if name.startswith('goldenpath')]\n"
        "inside = make('outside')\n",
        given=given,
    )
    assert [definition.pattern for definition in definitions] == ["outside"]
    assert namespace["inside"] == []


def test_one_need_may_be_written_without_a_tuple():
    [definition], _ = left('@given("a", needs="agents.scripted")\ndef _(): ...\n', given=given)
    assert definition.needs == ("agents.scripted",)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a plain sentence", parsers.string),
        ("{int} apples", parsers.cucumber),
        ("apple(s)", parsers.cucumber),
        ("red/green", parsers.cucumber),
        (r"a \{ brace", parsers.cucumber),
        ("it costs 5 $ [net]. Really?", parsers.string),
    ],
)
def test_a_sentence_with_signs_of_an_expression_is_one(text, kind):
    [definition], _ = left("@given(text)\ndef _(): ...\n", given=given, text=text)
    assert type(definition.parser) is kind


def test_a_decorator_without_parentheses_says_so():
    with pytest.raises(StepError, match="neither a sentence nor a parser") as caught:
        left("\n@given\ndef here(): ...\n", given=given)
    assert caught.value.where == "steps_of_a_test.py:2"
    assert caught.value.try_next == 'write @given("the sentence")'


def test_an_unknown_kind_is_refused():
    with pytest.raises(StepError, match="no kind of step 'and'"):
        step("a", "and")


def test_the_line_of_a_wrapped_function_is_its_own():
    [definition], _ = left(
        "import functools\n"
        "def twice(f):\n"
        "    @functools.wraps(f)\n"
        "    def inner(*a): return f(*a), f(*a)\n"
        "    return inner\n"
        '@given("a")\n'
        "@twice\n"
        "def _(): ...\n",
        given=given,
    )
    assert definition.line == 6


def test_what_has_no_code_is_placed_where_it_was_decorated():
    [definition], _ = left('\nfrom functools import partial\ngiven("a")(partial(print, 1))\ngiven("b")\n', given=given)
    assert (definition.file.endswith("steps_of_a_test.py"), definition.line) == (True, 3)


def test_a_definition_is_told_with_its_place(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    definition = StepDefinition("when", "a", parsers.string("a"), print, file=str(tmp_path / "steps" / "x.py"), line=3)
    assert str(definition) == f'@when("a") at {Path("steps/x.py")}:3'
    elsewhere = StepDefinition(None, "a", parsers.string("a"), print, file=str(Path("/else/x.py")), line=3)
    assert str(elsewhere) == f'@step("a") at {Path("/else/x.py")}:3'


def test_importing_the_vocabulary_and_writing_steps_imports_no_library():
    source = (
        "import sys\n"
        "from goldenpath.bdd import given, parameter_type, parsers\n"
        "parameter_type('colour', 'red|green')\n"
        "given('{colour} apples')(print)\n"
        "given(parsers.parse('{n:d} apples'))(print)\n"
        "given(parsers.cfparse('{n:d} apples'))(print)\n"
        "given(parsers.re('(?P<n>.*) apples'))(print)\n"
        "heavy = {'pytest_bdd', 'pytest', 'cucumber_expressions', 'parse', 'parse_type', 'gherkin', 'pydantic'}\n"
        "print(sorted(heavy & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_where_a_definition_stands_can_be_told_when_the_current_folder_is_gone(monkeypatch):
    def gone():
        raise FileNotFoundError

    [definition], _ = left("\n@given('a')\ndef _(): ...\n", given=given)
    with monkeypatch.context() as patched:
        patched.setattr("os.getcwd", gone)
        told = definition.where
    assert told == f"{definition.file}:2"
