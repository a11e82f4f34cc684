"""A project written for pytest-bdd: its step modules unchanged give the same outcomes without their stubs."""

from __future__ import annotations

import pytest

from goldenpath.pytest_plugin import bdd_hooks

FEATURES = {
    "features/shop/basket.feature": """
        @shop
        Feature: Basket
          A basket has fruit.

          Background:
            Given a basket

          Scenario: Nothing in it
            Then it has 0 fruits
            And the kind is shop

          Scenario: Fruit in it
            When I add 3 apples
            And I add 2 "ripe" pears
            Then it has 5 fruits
            But it has not 4 fruits

          Scenario: Too many
            When I add 3 apples
            Then it has 4 fruits
            And this is never reached

          Scenario Outline: Rows
            When I add <count> <fruit>s
            Then it has <count> fruits
            And the table says
              | fruit   | count   |
              | <fruit> | <count> |

            Examples:
              | count | fruit |
              | 1     | apple |
              | 2     | pear  |

          @skip
          Scenario: Skipped by its tag
            Then it has 9 fruits

          @todo
          Scenario: Skipped by a hook
            Then it has 9 fruits

          Rule: Colours count
            Background:
              Given the colour is "red"

            Scenario: In a rule
              Then the note says
                '''
                The colour
                  is red
                '''
    """,
    "features/shop/deep/near.feature": """
        Feature: Near
          Scenario: A nearer sentence and a nearer fixture
            Given a basket
            Then the kind is deep
            And the level is deep

          Scenario: A fixture is missing
            Given a printer

          Scenario: A step raises
            Given a step that raises

          Scenario: Scopes
            Given the counters
            Then the counters are 1 of the session, 1 of the module, 1 of the test

          Scenario: Scopes again
            Given the counters
            Then the counters are 1 of the session, 1 of the module, 2 of the test
    """,
}

CONFTEST = """
import re
from pathlib import Path

import pytest
from pytest_bdd import given, parsers, then, when

LOG = Path("hooks.log")

def log(*words):
    with LOG.open("a", encoding="utf-8") as file:
        file.write(" ".join(str(word) for word in words) + "\\n")

def pytest_bdd_before_scenario(request, feature, scenario):
    log("before_scenario", feature.name, scenario.name, sorted(feature.tags), sorted(scenario.tags))

def pytest_bdd_after_scenario(request, feature, scenario):
    log("after_scenario", scenario.name)

def pytest_bdd_before_step(request, feature, scenario, step, step_func):
    log("before_step", step.keyword.strip(), step.type, step.name, step.line_number, step_func.__name__)

def pytest_bdd_before_step_call(request, feature, scenario, step, step_func, step_func_args):
    log("before_step_call", step.name, sorted(step_func_args))

def pytest_bdd_after_step(request, feature, scenario, step, step_func, step_func_args):
    log("after_step", step.name, sorted(step_func_args))

def pytest_bdd_step_error(request, feature, scenario, step, step_func, step_func_args, exception):
    log("step_error", step.name, type(exception).__name__)

def pytest_bdd_apply_tag(tag, function):
    if tag == "todo":
        pytest.mark.skip(reason="later")(function)
        return True
    return None

@pytest.fixture
def kind():
    return "shop"

@pytest.fixture(scope="session")
def session_count():
    return {"n": 0}

@pytest.fixture(scope="session")
def of_session(session_count):
    session_count["n"] += 1
    return session_count["n"]

@given("a basket", target_fixture="basket")
def a_basket():
    basket = []
    yield basket
    log("teardown of the basket with", len(basket))

@when(parsers.parse("I add {count:d} {fruit:w}"), converters={"fruit": lambda name: name.rstrip("s")})
def add(basket, count, fruit):
    basket.extend([fruit] * count)

@when(parsers.re(r'I add (?P<count>\\d+) "(?P<state>.*)" (?P<fruit>\\w+)'), converters={"count": int})
def add_in_state(basket, count, state, fruit, request):
    basket.extend([f"{state} {fruit}"] * count)
    assert request.fixturename is None

@then(parsers.cfparse("it has {count:d} fruits"))
def has(basket, count):
    assert len(basket) == count

@then(parsers.parse("it has not {count:d} fruits"))
def has_not(basket, count, unused="a default"):
    assert len(basket) != count and unused == "a default"

@then("this is never reached")
def never():
    log("NEVER")

@then(parsers.parse("the kind is {expected}"))
def kind_is(kind, expected):
    assert kind == expected

@then("the table says")
def table(datatable, basket):
    assert datatable[0] == ["fruit", "count"]
    assert datatable[1] == [basket[0], str(len(basket))]

@given(parsers.parse('the colour is "{colour}"'), target_fixture="colour")
def colour_is(colour):
    return colour

@then("the note says")
def note(docstring, colour):
    assert docstring == f"The colour\\n  is {colour}"
"""

DEEP = """
import pytest
from pytest_bdd import given, parsers, then

counts = {"module": 0, "test": 0}

@pytest.fixture
def kind(kind):
    assert kind == "shop"
    return "deep"

@pytest.fixture(scope="module")
def of_module():
    counts["module"] += 1
    return counts["module"]

@pytest.fixture
def of_test(of_module):
    counts["test"] += 1
    return counts["test"]

@pytest.fixture(autouse=True)
def level():
    return "deep"

@then(parsers.parse("the level is {expected}"))
def level_is(level, expected):
    assert level == expected

@given("a basket", target_fixture="basket")
def deep_basket():
    return ["deep"]

@given("a printer")
def printer(no_such_fixture):
    pass

@given("a step that raises")
def raises():
    raise LookupError("nothing there")

@given("the counters", target_fixture="counters")
def counters(of_session, of_module, of_test):
    return of_session, of_module, of_test

@then(parsers.parse("the counters are {s:d} of the session, {m:d} of the module, {t:d} of the test"))
def counted(counters, s, m, t):
    assert counters == (s, m, t)
"""


@pytest.fixture
def shop(project):
    project.ini("markers =\n    shop: theirs\n    todo: theirs\n")
    for path, text in FEATURES.items():
        project.file(path, text.replace("'''", '"""'))
    project.file("features/shop/conftest.py", CONFTEST)
    project.file("features/shop/deep/conftest.py", DEEP)
    return project


def ran(project, *args: str) -> tuple[dict[str, int], list[str]]:
    log = project.root / "hooks.log"
    log.unlink(missing_ok=True)
    result = project.run(*args)
    return result.parseoutcomes(), log.read_text(encoding="utf-8").splitlines()


def test_the_same_outcomes_and_hooks_as_with_stubs(shop):
    ours, our_log = ran(shop, "features")
    shop.file("features/shop/basket_test.py", 'from pytest_bdd import scenarios\nscenarios("basket.feature")\n')
    shop.file("features/shop/deep/test_deep.py", 'from pytest_bdd import scenarios\nscenarios("near.feature")\n')
    theirs, their_log = ran(shop, "-p", "no:goldenpath", "features")
    assert ours == theirs == {"passed": 8, "failed": 3, "skipped": 2}
    assert our_log == their_log


def test_reports_of_pytest_bdd_know_our_scenarios(shop):
    shop.run("--cucumber-json=report.json", "features")
    assert '"name": "Fruit in it"' in (shop.root / "report.json").read_text(encoding="utf-8")
    shop.run("--gherkin-terminal-reporter", "-v", "features").stdout.fnmatch_lines(["*Scenario: Fruit in it*"])


def test_without_listeners_nothing_of_pytest_bdds_is_built(purse):
    bdd_hooks._parsed.cache_clear()
    purse.run().assert_outcomes(passed=3, failed=1)
    assert bdd_hooks._parsed.cache_info().currsize == 0


BOUND = """
from pytest_bdd import given, scenarios, then

from beside import SAID

scenarios("../features/{name}.feature")

@given("a word", target_fixture="word")
def _():
    from beside import said_of

    return said_of("{name}")

@then("it is the word of this module")
def _(word):
    assert word == SAID + "{name}"
"""


@pytest.fixture
def modules(project):
    """Two features in one folder, and for each a test module that binds it and has its sentences."""

    project.file("steps/beside.py", "SAID = 'said by '\ndef said_of(name): return SAID + name\n")
    for name in ("one", "two"):
        steps = "Given a word\n    Then it is the word of this module\n"
        project.file(f"features/{name}.feature", f"Feature: {name}\n  Scenario: Said\n    {steps}")
        project.file(f"steps/test_{name}.py", BOUND.format(name=name))
    entries = (f'{{module = "steps/test_{name}.py", features = "features/{name}.feature"}}' for name in ("one", "two"))
    project.file("goldenpath.toml", f"steps = [{', '.join(entries)}]\n")
    return project


def test_test_modules_serve_as_step_modules_of_the_features_that_they_bind(modules):
    modules.run("-p", "no:goldenpath").assert_outcomes(passed=2)
    assert modules.ids("features") == ["features/one.feature::Said", "features/two.feature::Said"]
    modules.run("features").assert_outcomes(passed=2)


def test_features_whose_modules_are_collected_are_still_left_to_them(modules):
    assert modules.ids() == ["steps/test_one.py::test_said", "steps/test_two.py::test_said"]
    assert modules.ids("steps/test_one.py", "features") == [
        "steps/test_one.py::test_said",
        "features/two.feature::Said",
    ]


def test_a_module_that_is_kept_to_one_feature_is_nearer_than_a_conftest(modules):
    modules.file(
        "features/conftest.py",
        "from pytest_bdd import given\n@given('a word', target_fixture='word')\ndef _(): return 'far'\n",
    )
    modules.run("features").assert_outcomes(passed=2)


MARKS = {
    "one": "import pytest\npytestmark = pytest.mark.skip(reason='one is closed')\n",
    "two": """
import pytest
pytestmark = [pytest.mark.usefixtures("closed"), pytest.mark.filterwarnings("error")]

@pytest.fixture
def closed():
    pytest.skip("two is closed")
""",
}


@pytest.mark.parametrize("name", MARKS)
def test_the_marks_of_a_module_hold_for_the_feature_that_it_is_kept_to_and_no_other(modules, name):
    modules.file(f"steps/test_{name}.py", BOUND.format(name=name) + MARKS[name])
    for arguments in (("-p", "no:goldenpath"), ("features",)):
        result = modules.run(*arguments, "-rs")
        result.assert_outcomes(passed=1, skipped=1)
        result.stdout.fnmatch_lines([f"*{name} is closed*"])


def test_the_marks_of_a_module_select_its_feature(modules):
    text = BOUND.format(name="one") + "import pytest\npytestmark = pytest.mark.filterwarnings('error')\n"
    modules.file("steps/test_one.py", text)
    assert modules.ids("features", "-m", "filterwarnings") == ["features/one.feature::Said"]


PARAMETERS = """
import pytest
from pytest_bdd import given, then

@pytest.fixture(params=["euro", "yen"], autouse=True, scope="module")
def currency(request):
    return request.param

@pytest.fixture(autouse=True)
def size(request):
    return request.param

@pytest.fixture
def audited(audits):
    audits.append("audited")

@pytest.fixture
def audits():
    return []

def pytest_generate_tests(metafunc):
    if "size" in metafunc.fixturenames:
        metafunc.parametrize("size", [1, pytest.param(2, id="two", marks=pytest.mark.xfail)], indirect=True)

def pytest_bdd_apply_tag(tag, function):
    pytest.mark.usefixtures(tag)(function)
    return True

@given("a purse", target_fixture="purse")
def _(currency, size, audits):
    return currency, size, audits

@then("it is a small one in euro")
def _(purse):
    assert purse == ("euro", 1, [])

@then("it was audited")
def _(purse):
    assert purse[2] == ["audited"]
"""


def test_fixtures_with_parameters_multiply_scenarios_as_they_multiply_tests(project):
    project.file("conftest.py", PARAMETERS)
    project.file(
        "features/one.feature",
        """
        Feature: Purses
          Scenario: Small
            Given a purse
            Then it is a small one in euro

          @audited
          Scenario Outline: Audited
            Given <what>
            Then it was audited

            Examples:
              | what    |
              | a purse |
        """,
    )
    names = [line.partition("::")[2] for line in project.ids("features")]
    assert names == [
        "Small[euro-1]",
        "Small[euro-two]",
        "Audited[a purse][euro-1]",
        "Audited[a purse][euro-two]",
        "Small[yen-1]",
        "Small[yen-two]",
        "Audited[a purse][yen-1]",
        "Audited[a purse][yen-two]",
    ]
    ours = project.run("features").parseoutcomes()
    project.run("features/one.feature::Audited[a purse][yen-1]").assert_outcomes(passed=1)
    project.file("test_one.py", 'from pytest_bdd import scenarios\nscenarios("features")\n')
    theirs = project.run("-p", "no:goldenpath").parseoutcomes()
    assert ours == theirs == {"passed": 3, "failed": 1, "xfailed": 2, "xpassed": 2}
