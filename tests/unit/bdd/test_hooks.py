"""What the decorators of hooks leave in a module."""

import types
from pathlib import Path

import pytest

from goldenpath import bdd
from goldenpath.authoring.matching import definitions_in, hooks_in
from goldenpath.bdd import HookDefinition
from goldenpath.domain.errors import StepError, TagExpressionError

ALL = ["before_scenario", "after_scenario", "before_step", "after_step", "before_run", "after_run"]


def left(source, name="hooks_of_a_test"):
    """The hooks that a module leaves behind, and its namespace."""
    module = types.ModuleType(name)
    text = f"from goldenpath.bdd import {', '.join(ALL)}\n{source}"
    exec(compile(text, f"{name}.py", "exec"), vars(module))
    return hooks_in(vars(module)), vars(module)


@pytest.mark.parametrize("when", ALL)
def test_a_bare_decorator_leaves_its_hook_and_the_function_as_it_was(when):
    [hook], namespace = left(f"@{when}\ndef here(): return 7\n")
    assert namespace["here"]() == 7
    assert hook.func is namespace["here"]
    assert (hook.when, hook.tags, hook.name, hook.line) == (when, "", None, 2)
    assert Path(hook.file).name == "hooks_of_a_test.py"
    assert definitions_in(namespace) == []


@pytest.mark.parametrize("when", ALL[:4])
def test_a_hook_has_tags_and_a_name(when):
    [hook], _ = left(f'@{when}("@a and not @b", name="clean")\nasync def _(): ...\n')
    assert (hook.tags, hook.name) == ("@a and not @b", "clean")
    assert [hook.fits(tags) for tags in (["@a"], ["@a", "@b"], ["@c"], [])] == [True, False, False, False]
    assert str(hook) == f'@{when}("@a and not @b", name="clean") at {hook.where}'


@pytest.mark.parametrize("when", ALL)
def test_a_name_alone_or_empty_parentheses_do(when):
    first, second = left(f'@{when}(name="clean")\ndef _(): ...\n@{when}()\ndef _(): ...\n')[0]
    assert (first.name, second.name, first.tags) == ("clean", None, "")
    assert second.fits([])
    assert str(second) == f"@{when} at {second.where}"


def test_hooks_keep_the_order_in_which_they_were_defined():
    hooks, _ = left("@after_step\ndef _(): ...\n@before_step\ndef _(): ...\n@after_step\ndef _(): ...\n")
    assert [(hook.when, hook.line) for hook in hooks] == [("after_step", 2), ("before_step", 4), ("after_step", 6)]
    assert len({hook.place for hook in hooks}) == 3


def test_hooks_made_in_a_loop_are_all_there():
    hooks, _ = left('for tag in ("@a", "@b"):\n    @before_scenario(tag)\n    def _(): ...\n')
    assert [hook.tags for hook in hooks] == ["@a", "@b"]
    assert len({hook.place for hook in hooks}) == 2


def test_a_star_import_carries_hooks_of_all_modules(tmp_path, monkeypatch):
    for name in ("first_hooks", "second_hooks"):
        text = "from goldenpath.bdd import before_scenario\n@before_scenario\ndef _(): ...\n"
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("first_hooks", "second_hooks"):
        monkeypatch.delitem(__import__("sys").modules, name, raising=False)
    hooks, _ = left("from first_hooks import *\nfrom second_hooks import *\n@before_scenario\ndef _(): ...\n")
    assert [Path(hook.file).stem for hook in hooks] == ["first_hooks", "second_hooks", "hooks_of_a_test"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def make():\n    @before_scenario\n    def _(): ...\nmake()\n", "stands within a function or a class"),
        ('def make():\n    @before_scenario("@a")\n    def _(): ...\nmake()\n', "stands within a function or a class"),
        ("class Hooks:\n    @after_run\n    def _(): ...\n", "stands within a function or a class"),
        ("\n@before_scenario(3)\ndef _(): ...\n", "3 is no tag expression"),
        ('\n@before_run("@a")\ndef _(): ...\n', "takes no tags"),
    ],
)
def test_a_hook_that_nobody_would_run_is_refused_with_its_place(source, said):
    with pytest.raises(StepError, match=said) as caught:
        left(source)
    assert caught.value.where == "hooks_of_a_test.py:3"
    assert caught.value.try_next


@pytest.mark.parametrize("tags", ["@a and", "(@a", "not " * 5000 + "@a"])
def test_a_tag_expression_that_does_not_parse_is_refused_where_it_stands(tags):
    with pytest.raises(TagExpressionError) as caught:
        left(f"\n@after_scenario({tags!r})\ndef _(): ...\n")
    assert caught.value.where == "hooks_of_a_test.py:3"
    assert "(expressions=" not in str(caught.value)


WORDS = ["CASE", "STEP", "RUN"]


@pytest.mark.parametrize(("when", "word"), [(when, WORDS[place // 2]) for place, when in enumerate(ALL)])
def test_a_hook_has_the_word_of_messages(when, word):
    from cucumber_messages import HookType

    told = HookDefinition(when, print).message_type
    assert told == f"{when.partition('_')[0].upper()}_TEST_{word}"
    assert told == HookType(told).value
    assert callable(getattr(bdd, when))
