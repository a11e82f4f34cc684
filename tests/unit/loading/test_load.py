"""Step modules are found by name or path, imported once, and their errors are told without ours."""

import itertools
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from goldenpath.authoring.loading import load
from goldenpath.domain.errors import StepModuleError

NUMBERS = itertools.count(1)


@dataclass
class Entry:
    module: str
    features: str | None = None


@pytest.fixture(autouse=True)
def modules_and_path():
    """Whatever a test imports is gone after it."""
    modules, path = set(sys.modules), list(sys.path)
    yield
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    assert sys.path == path


@pytest.fixture
def name():
    """A package name that nobody has used."""
    return f"words{next(NUMBERS)}"


def package(root, name, *modules):
    for module in ("__init__", *modules):
        path = root / name / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")


def names(loaded):
    return [each.module.__name__ for each in loaded]


def test_a_dotted_name_is_a_module_below_the_root(tmp_path, name):
    package(tmp_path, name, "login")
    [loaded] = load([Entry(f"{name}.login", "features/login")], tmp_path)
    assert loaded.module is sys.modules[f"{name}.login"]
    assert (loaded.features, loaded.entry) == ("features/login", f"{name}.login")


def test_a_package_brings_in_all_that_is_in_it_sorted(tmp_path, name):
    package(tmp_path, name, "b", "a", "conftest", "__main__")
    package(tmp_path / name, "inner", "z", "y")
    package(tmp_path / name / "inner", "most")
    tails = [loaded.removeprefix(name) for loaded in names(load([Entry(name)], tmp_path))]
    assert tails == ["", ".a", ".b", ".inner", ".inner.most", ".inner.y", ".inner.z"]


def test_entries_keep_their_order(tmp_path, name):
    package(tmp_path, name, "a", "b")
    loaded = load([Entry(f"{name}.b"), Entry(f"./{name}/a.py", "x"), Entry(f"{name}.b", "y")], tmp_path)
    assert [(each.module.__name__, each.features) for each in loaded] == [
        (f"{name}.b", None),
        (f"{name}.a", "x"),
        (f"{name}.b", "y"),
    ]
    assert loaded[0].module is loaded[2].module


def test_a_path_is_a_file_or_all_files_of_a_folder(tmp_path, name):
    folder = tmp_path / name
    for file in ("b.py", "a.py", "deep/er.py", "conftest.py", "test_x.py", "x_test.py", "a.txt"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("", encoding="utf-8")
    assert names(load([Entry(f"{name}/")], tmp_path)) == [f"{name}.a", f"{name}.b", f"{name}.deep.er"]
    assert names(load([Entry(f"{name}/test_x.py")], tmp_path)) == [f"{name}.test_x"]
    assert [Path(each.module.__file__).name for each in load([Entry(".")], folder)][:2] == ["a.py", "b.py"]


def test_a_file_of_a_package_may_import_its_siblings(tmp_path, name):
    package(tmp_path, name, "words")
    (tmp_path / name / "words.py").write_text("from .other import here\n", encoding="utf-8")
    (tmp_path / name / "other.py").write_text("here = 1\n", encoding="utf-8")
    [loaded] = load([Entry(f"{name}/words.py")], tmp_path)
    assert (loaded.module.__name__, loaded.module.here) == (f"{name}.words", 1)


def test_a_package_outside_of_the_root_is_found_too(tmp_path, name):
    package(tmp_path / "shared", name, "words")
    (tmp_path / "shared" / name / "words.py").write_text("from . import __name__ as its_name\n", encoding="utf-8")
    (tmp_path / "project").mkdir()
    [loaded] = load([Entry(f"../shared/{name}/words.py")], tmp_path / "project")
    assert (loaded.module.__name__, loaded.module.its_name) == (f"{name}.words", name)


def test_a_module_may_import_from_the_root_as_with_pythonpath(tmp_path, name):
    package(tmp_path, name)
    (tmp_path / "words_that_import.py").write_text(f"import {name}\n", encoding="utf-8")
    load([Entry("words_that_import")], tmp_path)
    assert str(tmp_path) not in sys.path


@pytest.mark.parametrize("file", ["not-a-name.py", "json.py"])
def test_a_file_that_no_import_finds_gets_a_name_of_its_own(tmp_path, file):
    (tmp_path / file).write_text("mark = 1\n", encoding="utf-8")
    [first] = load([Entry(f"./{file}")], tmp_path)
    [second] = load([Entry(f"./{file}")], tmp_path)
    assert first.module is second.module
    assert first.module is sys.modules[first.module.__name__]
    assert (first.module.mark, Path(first.module.__file__)) == (1, tmp_path / file)
    assert "mark" not in vars(sys.modules["json"])


def test_a_module_is_not_imported_again_under_a_second_name(tmp_path, name):
    package(tmp_path, name, "words")
    [by_name] = load([Entry(f"{name}.words")], tmp_path)
    [by_path] = load([Entry(f"{name}/words.py")], tmp_path)
    [from_inside] = load([Entry("words")], tmp_path / name)
    assert by_name.module is by_path.module is from_inside.module


def test_a_link_to_a_package_is_that_package(tmp_path, name):
    package(tmp_path, name, "words")
    package(tmp_path, f"{name}_project")
    try:
        (tmp_path / f"{name}_project" / "linked").symlink_to(tmp_path / name, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    first = load([Entry(f"{name}_project.linked")], tmp_path)
    assert [each.module for each in load([Entry(name)], tmp_path)] == [each.module for each in first]


def test_the_asserts_of_step_modules_are_rewritten(pytester):
    pytester.makepyfile(
        **{
            "steps/words": "def check(n):\n    assert n == 5, 'in words'\n",
            "odd/json": "def check(n):\n    assert n == 6, 'in a file called json'\n",
        }
    )
    pytester.makepyfile(
        test_it="""
        from pathlib import Path
        from types import SimpleNamespace
        from goldenpath.authoring.loading import load

        entries = [SimpleNamespace(module=name, features=None) for name in ("../steps/words.py", "./json.py")]
        MODULES = [each.module for each in load(entries, Path(__file__).parent / "odd")]

        def test_words(): MODULES[0].check(4)
        def test_json(): MODULES[1].check(4)
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["*AssertionError: in words", "*assert 4 == 5"])
    result.stdout.fnmatch_lines(["*AssertionError: in a file called json", "*assert 4 == 6"])
    result.assert_outcomes(failed=2)


@pytest.mark.parametrize("entry", ["nothing_of_this_name", "nothing_of_this_name.below", "./nothing.py", "nothing/"])
def test_what_is_not_there_is_named_with_what_to_do(tmp_path, entry):
    with pytest.raises(StepModuleError, match="there is no step module") as caught:
        load([Entry(entry)], tmp_path)
    assert f'"{entry}"' in caught.value.message
    assert str(tmp_path) in caught.value.where
    assert str(tmp_path) in caught.value.try_next


@pytest.mark.parametrize(
    ("source", "said", "line"),
    [
        ("\nimport nothing_of_this_name\n", "ModuleNotFoundError: No module named 'nothing_of_this_name'", 2),
        ("def broken(:\n", "SyntaxError", 1),
        ("x = 1\n\nx / 0\n", "ZeroDivisionError: division by zero", 3),
        ("\nimport json\njson.loads('{')\n", "JSONDecodeError", 3),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3", 2),
        ("import pytest\npytest.skip('no', allow_module_level=True)\n", "Skipped: no", 2),
        ("raise ValueError('one\\ntwo')\n", "two", 1),
    ],
)
@pytest.mark.parametrize("by", ["name", "path", "odd"])
def test_an_error_at_import_is_told_with_its_line_and_last_line(tmp_path, name, source, said, line, by):
    package(tmp_path, name)
    file = tmp_path / name / ("odd-words.py" if by == "odd" else "words.py")
    file.write_text(source, encoding="utf-8")
    entry = f"{name}.words" if by == "name" else f"{name}/{file.name}"
    with pytest.raises(StepModuleError) as caught:
        load([Entry(entry)], tmp_path)
    assert caught.value.message.startswith(f'the step module "{entry}" cannot be imported: ')
    assert said in caught.value.message
    assert caught.value.where == f"{file}:{line}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert not any(Path(getattr(module, "__file__", None) or "x") == file for module in list(sys.modules.values()))


def test_an_error_in_a_package_on_the_way_is_told_there(tmp_path, name):
    package(tmp_path, name, "words")
    (tmp_path / name / "__init__.py").write_text("\n\nfrom nowhere_at_all import x\n", encoding="utf-8")
    for entry in (f"{name}.words", f"{name}/words.py"):
        with pytest.raises(StepModuleError, match="No module named 'nowhere_at_all'") as caught:
            load([Entry(entry)], tmp_path)
        assert caught.value.where == f"{tmp_path / name / '__init__.py'}:3"


def test_an_error_in_what_a_step_module_imports_is_told_there(tmp_path, name):
    package(tmp_path, name, "words", "helpers")
    (tmp_path / name / "words.py").write_text("from . import helpers\n", encoding="utf-8")
    (tmp_path / name / "helpers.py").write_text("\nnot_there\n", encoding="utf-8")
    with pytest.raises(StepModuleError, match="NameError") as caught:
        load([Entry(f"{name}.words")], tmp_path)
    assert caught.value.where == f"{tmp_path / name / 'helpers.py'}:2"


def test_ctrl_c_goes_through(tmp_path, name):
    (tmp_path / f"{name}.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        load([Entry(name)], tmp_path)
