"""The definitions and hooks of plugins and conftests, and from where they are seen."""

from pathlib import Path

import pytest

from goldenpath.pytest_plugin.definitions import registered_definitions

OURS = "from goldenpath.bdd import given\n@given({0!r})\ndef _(): ...\n"
THEIRS = "from pytest_bdd import given\n@given({0!r})\ndef _(): ...\n"


class Spy:
    """Asks when all is collected."""

    def pytest_collection_finish(self, session):
        self.found = [
            (each, [definition.pattern for definition in each.definitions])
            for each in registered_definitions(session._fixturemanager)
        ]


@pytest.fixture
def found(pytester):
    def run(*more, root="."):
        spy = Spy()
        pytester.inline_run("--collect-only", "--rootdir", root, *more, plugins=[spy])
        return [hit for hit in spy.found if not set(hit[1]) & {"trace"}]

    return run


def test_they_come_from_far_to_near_with_their_folders(pytester, found):
    for folder, text in {".": OURS, "shop": THEIRS, "shop/till": OURS, "other": THEIRS}.items():
        path = pytester.path / folder
        path.mkdir(exist_ok=True)
        (path / "conftest.py").write_text(text.format(f"in {folder}"), encoding="utf-8")
        (path / f"test_{len(folder)}.py").write_text("def test_it(): ...\n", encoding="utf-8")
    (pytester.path / "words.py").write_text(THEIRS.format("in a plugin"), encoding="utf-8")
    pytester.syspathinsert()
    hits = found("-p", "words")
    assert [patterns for _, patterns in hits][:2] == [["in a plugin"], ["in ."]]
    folders = {patterns[0]: registered.folder for registered, patterns in hits}
    assert folders == {
        "in a plugin": None,
        "in .": None,
        "in shop": pytester.path / "shop",
        "in shop/till": pytester.path / "shop" / "till",
        "in other": pytester.path / "other",
    }
    order = [patterns[0] for _, patterns in hits]
    assert order.index("in shop") < order.index("in shop/till")
    seen = [patterns[0] for registered, patterns in hits if registered.covers(pytester.path / "shop" / "a.feature")]
    assert seen == ["in a plugin", "in .", "in shop"]
    assert hits[1][0].name == str(pytester.path / "conftest.py")


def test_a_conftest_above_the_rootdir_is_seen_from_everywhere(pytester, found):
    pytester.makeconftest(OURS.format("above"))
    pytester.mkdir("project")
    pytester.makepyfile(**{"project/test_it": "def test_it(): ..."})
    [(registered, patterns)] = found("--confcutdir=.", "project", root="project")
    assert (registered.folder, patterns) == (None, ["above"])
    assert registered.covers(Path("/anywhere/a.feature"))


def test_those_of_a_test_module_are_its_own(pytester, found):
    pytester.makepyfile(test_it=THEIRS.format("in a module") + "def test_it(): ...\n")
    assert found() == []


def test_fixtures_that_somebody_registered_by_hand_count(pytester, found):
    pytester.makepyfile(words=THEIRS.format("by hand"))
    pytester.makeconftest(
        """
        def pytest_collection_finish(session):
            import words
            session._fixturemanager.parsefactories(holder=words, node=session)
        """
    )
    pytester.makepyfile(test_it="def test_it(): ...")
    pytester.syspathinsert()
    [(registered, patterns)] = found()
    assert (registered.folder, registered.name, patterns) == (None, "fixtures", ["by hand"])


def test_hooks_are_found_beside_them_also_where_there_are_none(pytester, found):
    hook = "from goldenpath.bdd import before_scenario\n@before_scenario({0!r})\ndef _(): ...\n"
    pytester.makeconftest(OURS.format("in .") + hook.format("@far"))
    (pytester.mkdir("shop") / "conftest.py").write_text(hook.format("@near"), encoding="utf-8")
    pytester.makepyfile(**{"shop/test_it": "def test_it(): ..."})
    hits = found()
    assert [(patterns, [each.tags for each in registered.hooks]) for registered, patterns in hits] == [
        (["in ."], ["@far"]),
        ([], ["@near"]),
    ]
    assert [registered.is_conftest for registered, _ in hits] == [True, True]
