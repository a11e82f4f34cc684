"""How step functions are called."""

import functools

import pytest

from goldenpath.authoring.matching import prepare
from goldenpath.bdd import StepDefinition, parsers
from goldenpath.domain.errors import StepError


def definition(func, parser=None, **more):
    parser = parser or parsers.string("a")
    return StepDefinition("given", parser.name, parser, func, file="/words.py", line=3, **more)


def plain(): ...


def generator():
    yield


async def coroutine(): ...


async def async_generator():
    yield


class Called:
    async def __call__(self): ...


@pytest.mark.parametrize(
    ("func", "style"),
    [
        (plain, ""),
        (generator, "is_generator"),
        (coroutine, "is_coroutine"),
        (async_generator, "is_async_generator"),
        (functools.partial(coroutine), "is_coroutine"),
        (functools.partial(generator), "is_generator"),
        (Called(), "is_coroutine"),
        (print, ""),
    ],
)
def test_what_kind_of_function_it_is(func, style):
    call = prepare(definition(func))
    styles = ("is_coroutine", "is_async_generator", "is_generator")
    assert [name for name in styles if getattr(call, name)] == [style] * bool(style)


def test_it_is_inspected_once():
    once = definition(plain)
    assert prepare(once) is prepare(once)
    assert prepare(definition(plain)) is not prepare(once)


def test_what_neither_the_sentence_nor_the_step_gives_is_a_fixture():
    def step(who, what, docstring, people, *rest, kind, often=2, **more): ...

    call = prepare(definition(step, parsers.cucumber("{word} says {int}")))
    assert call.arguments == ("who", "what")
    assert call.required == ("who", "what", "docstring", "people", "kind")
    assert call.fixtures == ("people", "kind")
    assert call.parameters == {"who", "what", "docstring", "people", "kind", "often"}


def test_names_of_other_parsers_are_known_beforehand():
    def step(a, b, people): ...

    assert prepare(definition(step, parsers.parse("{a} {b:d}"))).fixtures == ("people",)
    assert prepare(definition(step, parsers.re("(?P<b>.)(.)"))).fixtures == ("a", "people")


def test_bind_gives_arguments_and_what_is_missing():
    def step(a, people, docstring, datatable): ...

    call = prepare(definition(step, parsers.parse("{a} {unused}")))
    table = (("x", "y"),)
    kwargs, missing = call.bind({"a": 1, "unused": 2}, docstring="d", datatable=table)
    assert kwargs == {"a": 1, "docstring": "d", "datatable": [["x", "y"]]}
    assert missing == ("people",)


def test_bind_makes_lists_that_are_the_functions_own():
    call = prepare(definition(lambda datatable: None))
    first, second = (call.bind({}, datatable=[["x"]])[0]["datatable"] for _ in range(2))
    first[0].append("y")
    assert second == [["x"]]


def test_what_the_function_does_not_take_is_left_out():
    assert prepare(definition(plain)).bind({"a": 1}, docstring="d", datatable=[["x"]]) == ({}, ())


@pytest.mark.parametrize(("name", "what"), [("docstring", "doc string"), ("datatable", "data table")])
def test_a_doc_string_or_table_that_is_asked_for_must_be_there(name, what):
    namespace = {}
    exec(f"def step({name}): ...\ndef relaxed({name}=None): ...", namespace)
    with pytest.raises(StepError, match=f"asks for a {what}, and the step has none") as caught:
        prepare(definition(namespace["step"])).bind({})
    assert caught.value.where.endswith("words.py:3")
    assert prepare(definition(namespace["relaxed"])).bind({}) == ({}, ())
    # Under pytest-bdd it may also be a fixture.
    assert prepare(definition(namespace["step"], of_pytest_bdd=True)).bind({}) == ({}, (name,))


def test_doc_strings_lose_their_common_indent_for_pytest_bdd_alone():
    def step(docstring): ...

    text = "  a\n   b"
    assert prepare(definition(step)).bind({}, docstring=text)[0] == {"docstring": text}
    theirs = definition(step, of_pytest_bdd=True)
    assert prepare(theirs).bind({}, docstring=text)[0] == {"docstring": "a\n b"}


def test_pytest_bdd_takes_keyword_only_parameters_for_no_fixtures():
    def step(*, people): ...

    assert prepare(definition(step)).fixtures == ("people",)
    assert prepare(definition(step, of_pytest_bdd=True)).fixtures == ()


def too_few(who): ...


def table_among_them(who, datatable): ...


def docstring_first(docstring, who, what): ...


@pytest.mark.parametrize("func", [plain, too_few, table_among_them, docstring_first])
def test_a_function_must_take_what_the_sentence_gives(func):
    with pytest.raises(StepError, match=r"has 2 parameters \(\{word\}, \{int\}\), and the function takes") as caught:
        prepare(definition(func, parsers.cucumber("{word} has {int}")))
    assert caught.value.where.endswith("words.py:3")


def test_a_function_by_position_only_is_refused():
    def step(a, /): ...

    with pytest.raises(StepError, match="takes a by position only"):
        prepare(definition(step))


@pytest.mark.parametrize("parser", [parsers.parse("{docstring}"), parsers.re("(?P<datatable>.)")])
def test_a_sentence_may_not_use_reserved_names(parser):
    with pytest.raises(StepError, match="reserved for what stands below a step"):
        prepare(definition(plain, parser))


def test_a_wrong_pattern_is_told_with_its_place():
    with pytest.raises(StepError, match=r"the pattern \"\(\" is wrong") as caught:
        prepare(definition(plain, parsers.re("(")))
    assert caught.value.where.endswith("words.py:3")


def test_what_does_not_say_how_it_is_called_is_refused():
    with pytest.raises(StepError, match="does not say how it is called"):
        prepare(definition(dict))
