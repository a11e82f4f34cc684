"""The index finds what asking every definition would find, and says what is wrong when it finds none or several."""

import itertools
import textwrap

import pytest
from hypothesis import given as fuzz
from hypothesis import settings
from hypothesis import strategies as st

from goldenpath.authoring.matching import AmbiguousStep, Scope, StepIndex, UndefinedStep
from goldenpath.bdd import HookDefinition, StepDefinition, parameter_type, parsers
from goldenpath.bdd.parameter_types import _defined, _registry
from goldenpath.domain.errors import StepError


@pytest.fixture
def own_types():
    """Parameter types are the process's: put back what others defined."""
    before = dict(_defined)
    yield
    _defined.clear()
    _defined.update(before)
    _registry.clear()


LINES = itertools.count(1)


def definition(parser, kind=None, func=lambda *a: None, **more):
    parser = parsers.string(parser) if isinstance(parser, str) else parser
    return StepDefinition(kind, parser.name, parser, func, file="/steps/words.py", line=next(LINES), **more)


def index(*definitions):
    return StepIndex([Scope("steps", definitions)])


def scoped(*scopes):
    return StepIndex([Scope(str(place), definitions) for place, definitions in enumerate(scopes)])


def takes_two(first=None, second=None):
    """A step function for any expression of up to two parameters."""


WORDS = ["Ada", "ada", "has", "5", "cats", "a", "b", "x17", "\u0130", "\u212a", "k", "STRASSE", "straße"]
PATTERNS = st.lists(st.sampled_from([*WORDS, "PARAMETER", "GLUED"]), min_size=1, max_size=4)


def spelled(kind, words):
    """A pattern of these words in the spelling of one kind of parser."""
    parameters = {"re": "(.+)", "parse": "{}", "cucumber": "{word}", "string": "it"}
    names = itertools.cycle([parameters[kind]])
    text = " ".join(
        next(names) if word == "PARAMETER" else f"x{next(names)}" if word == "GLUED" else word for word in words
    )
    if kind == "re":
        return parsers.re(text, flags=len(words) % 2 * 2)  # every other one ignores case
    return getattr(parsers, kind)(text)


DEFINITIONS = st.lists(
    st.tuples(
        st.sampled_from(["re", "parse", "cucumber", "string"]),
        PATTERNS,
        st.sampled_from([None, "given", "when"]),
        st.integers(0, 2),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@fuzz(DEFINITIONS, st.lists(st.sampled_from([*WORDS, "it", "xit"]), min_size=1, max_size=4), st.integers(0, 12))
def test_it_agrees_with_asking_every_definition(drawn, words, which):
    scopes = [[], [], []]
    for kind, pattern, keyword, rank in drawn:
        scopes[rank].append(definition(spelled(kind, pattern), keyword, lambda a=0, b=0, c=0, d=0: None))
    text = " ".join(words)
    if which < len(drawn):  # a text that one of them means
        text = " ".join({"PARAMETER": "it", "GLUED": "xit"}.get(word, word) for word in drawn[which][1])
    answers = [
        [each for each in scope if each.kind in {None, "given"} and each.parser.match(text) is not None]
        for scope in scopes
    ]
    near_first = [found for found in reversed(answers) if found]
    chain = scoped(*scopes)
    if not near_first:
        with pytest.raises(UndefinedStep):
            chain.find("given", text)
    elif len(near_first[0]) > 1:
        with pytest.raises(AmbiguousStep) as caught:
            chain.find("given", text)
        assert list(caught.value.candidates) == near_first[0]
    else:
        match = chain.find("given", text)
        assert match.definition is near_first[0][0]
        assert set(match.shadowed) == {each for found in near_first[1:] for each in found}


def test_the_kind_counts():
    given, when, every = definition("a", "given"), definition("a", "when"), definition("b")
    chain = index(given, when, every)
    assert chain.find("given", "a").definition is given
    assert chain.find("when", "a").definition is when
    assert {chain.find(kind, "b").definition for kind in ("given", "when", "then")} == {every}


def test_a_nearer_scope_wins_and_tells_what_it_shadows():
    far, middle, near = definition("a"), definition(parsers.re("a|b")), definition("a", "given")
    match = scoped([far], [middle], [near]).find("given", "a")
    assert match.definition is near
    assert match.shadowed == (middle, far)
    assert scoped([far], [middle], [near]).find("given", "b").shadowed == ()


def test_two_in_one_scope_are_ambiguous_though_a_farther_one_exists():
    far, second, first = definition("a b"), definition(parsers.parse("a {x}")), definition(parsers.cucumber("a {word}"))
    with pytest.raises(AmbiguousStep) as caught:
        scoped([far], [first, second]).find("when", "a b")
    assert caught.value.candidates == (first, second)
    assert (caught.value.kind, caught.value.text) == ("when", "a b")
    lines = str(caught.value).splitlines()
    assert lines[0] == '2 step definitions answer When "a b"'
    assert lines[1].strip() == f'@step("a {{word}}") at {first.where}'
    assert lines[2].strip() == f'@step("a {{x}}") at {second.where}'


def test_an_ambiguous_step_keeps_what_each_candidate_found():
    first = definition(parsers.re("a (.*?) with (.*)"))
    second = definition(parsers.re("a step with (.*)"), None, lambda a, /: None)  # cannot be called, and is told too
    with pytest.raises(AmbiguousStep) as caught:
        index(first, second).find("when", "a step with two")
    assert [match.definition for match in caught.value.matches] == [first, second]
    assert [[each["group"]["value"] for each in match.groups] for match in caught.value.matches] == [
        ["step", "two"],
        ["two"],
    ]


@pytest.mark.parametrize("of_pytest_bdd", [True, False])
def test_who_comes_from_pytest_bdd_hears_of_the_setting_that_keeps_its_choice(of_pytest_bdd):
    with pytest.raises(AmbiguousStep) as caught:
        index(definition("a"), definition("a", of_pytest_bdd=of_pytest_bdd)).find("given", "a")
    assert ('ambiguous = "first"' in caught.value.try_next) is of_pytest_bdd


def test_the_first_is_taken_where_the_settings_say_so_and_tells_what_it_left_aside():
    far, one, two, three = (definition(parsers.parse(text)) for text in ("a {x}", "a b", "{x} b", "a {y}"))
    scopes = [Scope("far", [far]), Scope("near", [one, two, three])]
    match = StepIndex(scopes, "first").find("given", "a b")
    assert (match.definition, match.left_aside, match.shadowed) == (two, (one, three), (far,))
    assert match.arguments == {"x": "a"}
    assert StepIndex(scopes, "first").find("given", "a c").left_aside == ()
    with pytest.raises(AmbiguousStep):
        StepIndex(scopes).find("given", "a b")


def test_a_match_tells_what_it_found_and_where():
    chain = index(definition(parsers.cucumber("{word} eats {int}"), None, takes_two), definition("nothing"))
    assert chain.find("given", "Ada eats 12").groups == [
        {"group": {"start": 0, "value": "Ada"}, "parameterTypeName": "word"},
        {"group": {"start": 9, "value": "12"}, "parameterTypeName": "int"},
    ]
    assert chain.find("given", "nothing").groups == []


def test_hooks_come_from_far_to_near_each_once():
    def hook(number, when="before_scenario"):
        return HookDefinition(when, print, file="/steps/hooks.py", number=number)

    far, both, near, run = hook(1), hook(2), hook(3), hook(1, "before_run")
    again = hook(2)  # its file imported under another name
    scopes = [Scope("far", [], [far, both]), Scope("none", []), Scope("near", [], [run, near, again, both])]
    assert StepIndex(scopes).hooks == (far, both, run, near)


def test_two_in_a_farther_scope_do_not_matter():
    near = definition("a")
    assert scoped([definition("a"), definition("a")], [near]).find("given", "a").definition is near


def test_one_definition_seen_twice_is_one():
    once = definition("a")
    again = StepDefinition(once.kind, once.pattern, parsers.string("a"), print, file=once.file, line=once.line)
    match = scoped([once], [once], [again]).find("given", "a")
    assert (match.definition, match.shadowed) == (again, ())
    assert index(once, again).find("given", "a").definition is again
    assert scoped([again], [once]).definitions == (once,)


def test_a_word_that_is_there_twice_is_asked_once():
    assert index(definition(parsers.parse("a a {x}"))).find("given", "a a a").arguments == {"x": "a"}


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("keep it", "KEEP IT"),
        ("keep", "\u212aEEP"),  # the sign of kelvin
        ("it", "\u0130T"),  # a capital I with a dot
        ("it", "\u0131t"),  # an i without one
        ("so", "\u017fo"),  # a long s
        ("größe", "GRÖßE"),
        ("\u03c3", "\u03c2"),  # a sigma, and one at the end of a word
    ],
)
def test_case_is_ignored_as_regular_expressions_ignore_it(pattern, text):
    assert index(definition(parsers.parse(pattern))).find("given", text)


def test_only_what_may_match_is_compiled():
    one, other = parsers.re("one (.*)"), parsers.re("other (.*)")
    index(definition(one), definition(other)).find("given", "one thing")
    assert "regex" in vars(one)
    assert "regex" not in vars(other)


def test_a_look_up_asks_no_more_definitions_when_there_are_more():
    asked = []

    class Counting(parsers.parse):
        def match(self, text):
            asked.append(self.name)
            return super().match(text)

    kinds = ["area a{i:03d} holds {{n}}", "user {{n}} fills basket b{i:03d}", "{{n}} of till t{i:03d} is {{m}}"]
    definitions = [definition(Counting(kind.format(i=i))) for i in range(300) for kind in kinds]
    assert index(*definitions).find("when", "user Ada fills basket b123").arguments == {"n": "Ada"}
    assert len(asked) <= 3


def test_arguments_have_their_names_and_converters():
    def two(who, what, *, text): ...

    chain = index(
        definition(parsers.cucumber("{word} eats {int} apples"), None, two, converters={"what": lambda n: n + 1}),
        definition(parsers.parse("{a:d} and {b}"), None, two, converters={"a": str, "gone": int}),
        definition(parsers.re(r"(?P<a>\d)?(?P<b>x)"), None, two, converters={"b": str.upper}),
    )
    assert chain.find("given", "Ada eats 2 apples").arguments == {"who": "Ada", "what": 3}
    assert chain.find("given", "1 and 2").arguments == {"a": "1", "b": "2"}
    assert chain.find("given", "x").arguments == {"a": None, "b": "X"}


def test_an_error_of_a_converter_belongs_to_the_step_and_not_to_the_look_up():
    match = index(definition(parsers.parse("{a}"), converters={"a": int})).find("given", "x")
    with pytest.raises(ValueError, match="invalid literal"):
        _ = match.arguments


def test_the_call_comes_with_the_match():
    async def asks(who, question, people): ...

    match = index(definition(parsers.cucumber("{word} asks {string}"), "when", asks)).find("when", 'Ada asks "how"')
    assert match.call.definition is match.definition
    assert (match.call.arguments, match.call.fixtures) == (("who", "question"), ("people",))


def test_an_undefined_step_tells_what_is_near_and_what_to_write():
    near = definition("Ada is signed in", "given")
    chain = index(near, definition("something else entirely"), definition("Ada is signed out", "when"))
    with pytest.raises(UndefinedStep) as caught:
        chain.find("given", 'Ada is signed inn "here"', docstring=True)
    assert caught.value.nearest[0] is near
    assert len(caught.value.nearest) == 2
    assert '@given("Ada is signed inn {string}")' in caught.value.snippet
    assert caught.value.snippets == (caught.value.snippet,)
    _, _, shown = caught.value.try_next.partition(":\n\n")
    assert textwrap.dedent(shown) == caught.value.snippet.rstrip()
    said = str(caught.value)
    assert said.startswith('no step definition answers Given "Ada is signed inn "here""\n')
    assert f"near to it: {near}" in said
    assert "async def ada_is_signed_inn(text: str, docstring: str) -> None:" in said


def test_where_nothing_is_defined_the_settings_may_be_missing():
    with pytest.raises(UndefinedStep) as caught:
        index().find("given", "Ada is signed in")
    assert "goldenpath.toml" in caught.value.try_next


def test_a_name_that_no_row_filled_in_is_told():
    with pytest.raises(UndefinedStep, match="no Examples have a column for <euro>"):
        index(definition("Ada pays")).find("when", "Ada pays <euro> euros, 1 < 2")


def test_an_undefined_step_tells_that_the_sentence_is_there_as_another_kind():
    there = definition(parsers.parse("Ada is {how}"), "given")
    with pytest.raises(UndefinedStep) as caught:
        index(there).find("then", "Ada is well")
    assert caught.value.other_kinds == (there,)
    assert there not in caught.value.nearest
    assert f"it is there as another kind: {there}" in str(caught.value)


def test_without_any_definition_a_step_is_undefined():
    with pytest.raises(UndefinedStep) as caught:
        StepIndex([]).find("then", "a")
    assert (caught.value.nearest, caught.value.other_kinds) == ((), ())


def test_a_parameter_type_that_nobody_defined_leaves_the_step_undefined_and_says_so(own_types):
    unreadable = definition(parsers.cucumber("{airport} is closed for {int} {thing}"), "given", takes_two)
    chain = index(unreadable, definition(parsers.cucumber("{int} cats"), None, takes_two))
    with pytest.raises(UndefinedStep) as caught:
        chain.find("given", "CDG is closed for 3 days")
    error = caught.value
    assert (error.unreadable, error.nearest, error.other_kinds) == ((unreadable,), (), ())
    assert f"it may be {unreadable}, but nobody defined the parameter type {{airport}}, {{thing}}" in str(error)
    assert error.try_next.splitlines()[0] == 'parameter_type("airport", r"...") in a step module'
    assert 'parameter_type("thing", r"...")' in error.try_next
    assert "@given" in error.snippet
    assert chain.undefined_parameter_types == {unreadable.place: ("airport", unreadable.pattern)}
    parameter_type("airport", "[A-Z]{3}")
    parameter_type("thing", ".*")
    assert chain.undefined_parameter_types == {}


def test_an_unreadable_definition_fails_no_step_that_it_cannot_mean():
    unreadable = definition(parsers.cucumber("a {nobody} is here"), "given")
    answers = definition(parsers.parse("a {x} is there"), "given")
    assert index(unreadable, answers).find("given", "a cat is there").definition is answers
    with pytest.raises(UndefinedStep) as caught:
        index(unreadable, answers).find("given", "a cat is")
    assert caught.value.unreadable == ()
    with pytest.raises(UndefinedStep) as caught:
        index(unreadable, answers).find("then", "a cat is here")
    assert (caught.value.unreadable, caught.value.other_kinds) == ((), ())


def test_whether_an_unreadable_definition_is_meant_is_a_matter_of_scopes():
    unreadable, answers = definition(parsers.cucumber("a {nobody}"), "given"), definition("a cat", "given")
    match = scoped([unreadable], [answers]).find("given", "a cat")
    assert (match.definition, match.shadowed) == (answers, ())
    for chain in (index(unreadable, answers), scoped([answers], [unreadable])):
        with pytest.raises(UndefinedStep) as caught:
            chain.find("given", "a cat")
        assert caught.value.unreadable == (unreadable,)


def test_what_is_wrong_besides_an_unknown_parameter_type_is_told():
    wrong = definition(parsers.cucumber("a {nobody} (b"), "given")
    with pytest.raises(StepError, match="does not have a matching") as caught:
        index(wrong).find("given", "a cat b")
    assert not isinstance(caught.value, UndefinedStep)


@pytest.mark.parametrize(
    ("parser", "said", "try_next"),
    [
        (parsers.cucumber("a (b"), "does not have a matching ')'", "escape the"),
        (parsers.re("a ("), "missing ), unterminated subpattern", ""),
        (parsers.parse("a {b:Thing}"), "format spec 'Thing' not recognised", ""),
    ],
)
def test_an_ill_made_definition_that_may_be_meant_is_told_with_its_place(parser, said, try_next):
    wrong = definition(parser, "given")
    with pytest.raises(StepError) as caught:
        index(wrong).find("given", "a thing")
    assert caught.value.message.startswith(f'the pattern "{parser.name}" is wrong: ')
    assert said in caught.value.message
    assert caught.value.where == wrong.where
    assert try_next in caught.value.try_next
    with pytest.raises(UndefinedStep):
        index(wrong).find("then", "a thing")
