"""What a project has told pytest: which names are tests, and who awaits async ones."""

from __future__ import annotations

import configparser
import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from os.path import commonpath
from pathlib import Path
from typing import Any, Final

_AWAITING_HOOK: Final = re.compile(
    r"def pytest_pyfunc_call\b|def pytest_collection_modifyitems\b.*\b(asyncio|anyio)\b", re.DOTALL
)
_YES: Final = frozenset({"true", "1", "yes", "on"})


@dataclass(frozen=True, slots=True)
class Conventions:
    """How one project is collected.

    Attributes:
        root: The folder with the settings of pytest, or the one in which to look for modules.
        files: Patterns of names of test files.
        classes: Prefixes or patterns of names of test classes.
        functions: Prefixes or patterns of names of test functions.
        awaits: Whether every async test is awaited without a mark: by a mode of a plugin, or a hook of a conftest.
        strict_xfail: Whether a test that was expected to fail and passed fails the run.
        fixtures: What every test uses, whatever it says.
    """

    root: Path
    files: tuple[str, ...] = ("test_*.py", "*_test.py")
    classes: tuple[str, ...] = ("Test",)
    functions: tuple[str, ...] = ("test",)
    awaits: bool = False
    strict_xfail: bool = False
    fixtures: tuple[str, ...] = ()

    def is_file(self, path: Path) -> bool:
        """Whether pytest collects a file of this name."""
        return any(fnmatch(path.name, pattern) for pattern in self.files)

    def is_class(self, name: str) -> bool:
        """Whether pytest collects a class of this name."""
        return _fits(name, self.classes)

    def is_function(self, name: str) -> bool:
        """Whether pytest collects a function of this name."""
        return _fits(name, self.functions)


def conventions(paths: Sequence[Path]) -> Conventions:
    """What holds for these paths: the nearest settings of pytest from their common folder upwards."""
    places = [path.absolute() if path.is_dir() else path.absolute().parent for path in paths]
    start = Path(commonpath(places)) if places else Path.cwd()
    for folder in (start, *start.parents):
        for name in (
            "pytest.toml",
            ".pytest.toml",
            "pytest.ini",
            ".pytest.ini",
            "pyproject.toml",
            "tox.ini",
            "setup.cfg",
        ):
            values = _values(folder / name)
            if values is not None:
                return _from(folder, values)
    return Conventions(start)


def hooks_await(conftests: Iterable[Path]) -> bool:
    """Whether a conftest has a hook that awaits async tests, or marks them so that a plugin does."""
    return any(_AWAITING_HOOK.search(path.read_text("utf-8", "replace")) for path in conftests)


def _values(path: Path) -> Mapping[str, Any] | None:
    """The settings of pytest in one file; None where it has none, or cannot be read."""
    if not path.is_file():
        return None
    try:
        source = path.read_text("utf-8")
        if path.suffix == ".toml":
            tables: Any = tomllib.loads(source)
            if path.name != "pyproject.toml":
                return dict(tables.get("pytest", {}))
            own = tables.get("tool", {}).get("pytest")
            return None if own is None else {**own, **own.get("ini_options", {})}
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.read_string(source)
    except (OSError, ValueError, AttributeError, TypeError, configparser.Error):
        return None
    section = "tool:pytest" if path.name == "setup.cfg" else "pytest"
    if parser.has_section(section):
        return dict(parser[section])
    return {} if path.name.endswith("pytest.ini") else None


def _from(root: Path, values: Mapping[str, Any]) -> Conventions:
    values = {**values, **_overridden(_words(values.get("addopts", "")))}
    plain = Conventions(root)
    return Conventions(
        root,
        _words(values.get("python_files", "")) or plain.files,
        _words(values.get("python_classes", "")) or plain.classes,
        _words(values.get("python_functions", "")) or plain.functions,
        "auto" in {values.get("asyncio_mode"), values.get("anyio_mode")} or _is_on(values.get("trio_mode")),
        any(_is_on(values.get(name)) for name in ("xfail_strict", "strict_xfail", "strict")),
        _words(values.get("usefixtures", "")),
    )


def _overridden(words: Sequence[str]) -> dict[str, str]:
    """What ``addopts`` says in the place of settings: ``-o name=value``, ``--asyncio-mode=auto``."""
    found = {}
    for word, following in zip(words, (*words[1:], ""), strict=False):
        name, _, value = word.partition("=")
        if word in {"-o", "--override-ini"}:
            name, _, value = following.partition("=")
            found[name] = value
        elif name == "--asyncio-mode":
            found["asyncio_mode"] = value or following
    return found


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        try:
            return tuple(shlex.split(value))
        except ValueError:
            return tuple(value.split())
    return tuple(str(each) for each in value) if isinstance(value, list | tuple) else ()


def _is_on(value: object) -> bool:
    return str(value).lower() in _YES


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(name.startswith(each) or (set("*?[") & set(each) and fnmatch(name, each)) for each in patterns)
