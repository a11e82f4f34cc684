"""Hooks are found where sentences are found, and seen from where sentences are seen."""

import pytest

from goldenpath.config import StepModules
from goldenpath.pytest_plugin.scopes import Sentences


def hooks(*names, when="before_scenario"):
    """A module with nothing but hooks of these names."""
    return f"from goldenpath.bdd import {when}\n" + "".join(f"@{when}(name={n!r})\ndef _(): ...\n" for n in names)


class Spy:
    """Asks for the hooks of two features when all is collected."""

    def __init__(self, modules):
        self._modules = modules

    def pytest_collection_finish(self, session):
        root = session.config.rootpath
        sentences = Sentences(session.config, self._modules)
        self.of = {
            name: [hook.name for hook in sentences.index_for(type("File", (), {"path": root / name})()).hooks]
            for name in ("a.feature", "shop/b.feature", "shop/c.feature")
        }
        self.of_run = [(hook.when, hook.name) for hook in sentences.run_hooks()]


@pytest.fixture
def seen(pytester):
    def run(files, *modules):
        pytester.syspathinsert()
        (pytester.path / "shop").mkdir()
        (pytester.path / "words").mkdir()
        for name, text in files.items():
            (pytester.path / f"{name}.py").write_text(text, encoding="utf-8")
        (pytester.path / "shop" / "test_it.py").write_text("def test_it(): ...\n", encoding="utf-8")
        spy = Spy([StepModules(*module) for module in modules])
        pytester.inline_run("--collect-only", "-p", "far_plugin", plugins=[spy])
        return spy

    return run


FILES = {
    "far_plugin": hooks("plugin"),
    "words/a": hooks("a1", "a2"),
    "words/b": hooks("b"),
    "conftest": hooks("root"),
    "shop/conftest": hooks("shop"),
    "near": hooks("kept"),
}


def test_they_come_from_far_to_near_in_the_order_of_their_definition(seen):
    spy = seen(FILES, ("./words",), ("near.py", "shop/b.feature"))
    far = ["plugin", "a1", "a2", "b", "root"]
    assert spy.of == {
        "a.feature": far,
        "shop/b.feature": [*far, "shop", "kept"],
        "shop/c.feature": [*far, "shop"],
    }


def test_one_that_is_seen_twice_runs_once(seen):
    stars = "from words.a import *\nfrom words.b import *\n"
    spy = seen(FILES | {"shop/conftest": stars + hooks("shop"), "words/__init__": ""}, ("words",))
    assert spy.of["shop/b.feature"] == ["plugin", "a1", "a2", "b", "root", "shop"]


def test_those_of_the_run_come_from_all_modules_wherever_they_are_seen(seen):
    files = {name: text + hooks(f"{name} starts", when="before_run") for name, text in FILES.items()}
    files["words/a"] += hooks("a ends", when="after_run")
    spy = seen(files, ("./words",), ("near.py", "shop/b.feature"))
    assert spy.of_run == [
        ("before_run", "far_plugin starts"),
        ("before_run", "words/a starts"),
        ("after_run", "a ends"),
        ("before_run", "words/b starts"),
        ("before_run", "near starts"),
        ("before_run", "conftest starts"),
        ("before_run", "shop/conftest starts"),
    ]
