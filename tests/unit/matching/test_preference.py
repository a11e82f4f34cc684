"""Where the settings ask for pytest-bdd's choice among several sentences, it is pytest-bdd's own: both are asked."""

from pathlib import Path

import pytest

from goldenpath.authoring.matching import StepIndex
from goldenpath.config import StepModules
from goldenpath.pytest_plugin.scopes import Sentences

EXACT, PARSE, REGEX, OTHER = '"a b"', 'parsers.parse("a {x}")', 'parsers.re("a .*")', 'parsers.parse("{x} b")'


def words(*patterns, mark="", decorator="given"):
    """A module with a step for each pattern, which says which one it is."""
    steps = [
        f'@{decorator}({pattern})\ndef took_{number}(): print("TOOK {mark}{number}")\n'
        for number, pattern in enumerate(patterns)
    ]
    return "from pytest_bdd import given, parsers, scenarios, step\n" + "".join(steps)


STARS = "from a_words import *\nfrom b_words import *\n"
PLUGINS = 'pytest_plugins = ["a_words", "b_words"]\n'
CASES = {
    "exact before parse": {"conftest": words(EXACT, PARSE)},
    "parse before exact": {"conftest": words(PARSE, EXACT)},
    "expression before parse": {"conftest": words(REGEX, PARSE, EXACT)},
    "by name, not by place": {"conftest": words(OTHER, PARSE)},
    "one sentence twice": {"conftest": words(EXACT, EXACT)},
    "one sentence twice, and another": {"conftest": words(EXACT, REGEX, EXACT)},
    "one sentence twelve times": {"conftest": words(*[EXACT] * 12)},
    "a step for every kind": {"conftest": words(EXACT) + words(PARSE, mark="every ", decorator="step")},
    "two modules in one": {"conftest": STARS, "a_words": words(PARSE, mark="a"), "b_words": words(REGEX, mark="b")},
    "two plugins": {"conftest": PLUGINS, "a_words": words(PARSE, mark="a"), "b_words": words(REGEX, mark="b")},
    "two plugins, one sentence": {"conftest": PLUGINS, "a_words": words(EXACT, mark="a"), "b_words": words(EXACT)},
    "two plugins, several": {
        "conftest": PLUGINS,
        "a_words": words(EXACT, PARSE, mark="a"),
        "b_words": words(REGEX, EXACT, mark="b"),
    },
    "a name that was there before": {"conftest": words(PARSE, mark="far "), "sub/conftest": words(REGEX, PARSE)},
    "three scopes": {
        "conftest": PLUGINS + words(EXACT),
        "a_words": words(PARSE),
        "b_words": words(REGEX),
        "sub/conftest": words(REGEX, EXACT, OTHER, mark="near "),
    },
}


@pytest.fixture
def project(pytester):
    def write(files):
        pytester.syspathinsert()
        (pytester.path / "sub").mkdir()
        for name, text in files.items():
            (pytester.path / f"{name}.py").write_text(text, encoding="utf-8")
        scenario = "Feature: F\n  Scenario: S\n    Given a b\n"
        (pytester.path / "sub" / "it.feature").write_text(scenario, encoding="utf-8")
        bound = 'from pytest_bdd import scenarios\nscenarios("it.feature")\n'
        (pytester.path / "sub" / "test_it.py").write_text(bound, encoding="utf-8")
        return pytester.path / "sub" / "it.feature"

    return write


class Spy:
    """Asks our index when pytest has collected what pytest-bdd is going to run."""

    def __init__(self, feature: Path):
        self._file = type("File", (), {"path": feature})()

    def pytest_collection_finish(self, session):
        self.index: StepIndex = Sentences(session.config, (), "first").index_for(self._file)
        self.match = self.index.find("given", "a b")


@pytest.mark.parametrize("files", CASES.values(), ids=CASES)
def test_it_is_what_pytest_bdd_takes(project, pytester, capsys, files):
    spy = Spy(project(files))
    result = pytester.inline_run("-s", "-p", "no:cacheprovider", "sub/test_it.py", plugins=[spy])
    result.assertoutcome(passed=1)
    [theirs] = [line for line in capsys.readouterr().out.splitlines() if "TOOK" in line]
    spy.match.call.definition.func()
    assert capsys.readouterr().out.strip() == theirs[theirs.index("TOOK") :]
    # All others that answer, and all do but pytest-bdd's own, are told.
    told = [spy.match.definition, *spy.match.left_aside, *spy.match.shadowed]
    assert len(told) == len(set(told))
    assert set(told) == {each for each in spy.index.definitions if each.pattern != "trace"}


def test_step_modules_count_as_the_plugins_that_they_are(pytester):
    """A folder of step modules is one scope of several modules, as the plugins of a pytest-bdd project are."""
    folder = pytester.mkdir("words")
    (folder / "a.py").write_text(words(EXACT, mark="a"), encoding="utf-8")
    (folder / "b.py").write_text(words(REGEX, PARSE, mark="b"), encoding="utf-8")
    found = {}

    class Spy:
        def pytest_collection_finish(self, session):
            file = type("File", (), {"path": session.config.rootpath / "it.feature"})()
            sentences = Sentences(session.config, (StepModules("./words"),), "first")
            found["match"] = sentences.index_for(file).find("given", "a b")

    pytester.inline_run("--collect-only", plugins=[Spy()])
    match = found["match"]
    assert match.definition.pattern == "a {x}"
    assert [each.pattern for each in match.left_aside] == ["a b", "a .*"]
