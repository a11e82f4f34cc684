"""The house keeps its floors and its doors."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import goldenpath

ROOT = Path(__file__).parents[2]
STEPS = sorted((ROOT / "steps").glob("*.py"))
HEAVY = [
    "pydantic",
    "sqlalchemy",
    "fakeredis",
    "redis",
    "jwt",
    "cryptography",
    "httpx",
    "gherkin",
    "jinja2",
    "websockets",
]


def loaded_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded once ``code`` has run."""
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def test_importing_the_package_imports_nothing_else() -> None:
    ours = {name for name in loaded_after("import goldenpath") if name.startswith("goldenpath.")}
    assert ours == set()


@pytest.mark.parametrize(
    "door", ["goldenpath.pytest_plugin", "goldenpath.bdd", "goldenpath.ports.adapter", "goldenpath.config"]
)
def test_the_doors_are_light(door: str) -> None:
    assert loaded_after(f"import {door}").isdisjoint(HEAVY)


def test_every_adapter_is_listed_without_loading_what_is_heavy() -> None:
    code = "from importlib.metadata import entry_points\n[e.load() for e in entry_points(group='goldenpath.adapters')]"
    assert loaded_after(code).isdisjoint(HEAVY)


def test_a_run_whose_steps_use_no_service_loads_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "import atexit, sys\n"
        "from goldenpath.bdd import given\n\n"
        '@given("it runs")\n'
        "def _(): pass\n\n"
        "atexit.register(lambda: print(*sys.modules, sep='\\n'))\n"
    )
    (tmp_path / "one.feature").write_text("Feature: One\n  Scenario: It\n    Given it runs\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:anyio",
        "-p",
        "no:valkey",
        "--mode",
        "mock",
        "one.feature",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert "goldenpath.runtime.session" in loaded
    # pytest-bdd itself loads gherkin
    assert loaded.isdisjoint({*HEAVY} - {"gherkin"})


def test_our_own_adapters_come_in_by_the_common_door() -> None:
    names = {entry.name for entry in entry_points(group="goldenpath.adapters")}
    assert names >= {f"{service}.mock" for service in ("auth", "events", "agents", "database", "cache")}


def test_every_public_name_is_there() -> None:
    assert goldenpath.__all__ == sorted(goldenpath.__all__)
    for name in goldenpath.__all__:
        assert getattr(goldenpath, name) is not None
    assert set(goldenpath.__all__) <= set(dir(goldenpath))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        goldenpath.nothing  # noqa: B018


@pytest.mark.parametrize("module", STEPS, ids=lambda path: path.stem)
def test_a_step_knows_no_tier_and_no_mode(module: Path) -> None:
    words = {"tier", "mode", "stand_in", "Tier", "Mode", "is_mock", "sleep"}
    tree = ast.parse(module.read_text("utf-8"))
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    named |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert named.isdisjoint(words)


@pytest.mark.parametrize(
    "module",
    [m for m in STEPS if m.stem not in {"__init__", "words", "people", "forgery", "time"}],
    ids=lambda p: p.stem,
)
def test_every_then_can_fail(module: Path) -> None:
    """The body of each Then asserts, or calls one of ours that does."""
    tree = ast.parse(module.read_text("utf-8"))
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)):
        decorators = [
            d.func.id for d in function.decorator_list if isinstance(d, ast.Call) and isinstance(d.func, ast.Name)
        ]
        if "then" not in decorators:
            continue
        asserts = any(isinstance(node, ast.Assert | ast.Raise) for node in ast.walk(function))
        calls = any(isinstance(node, ast.Call) and isinstance(node.func, ast.Name) for node in ast.walk(function))
        assert asserts or calls, f"{module.name}:{function.lineno}"


def test_no_class_is_a_cupboard() -> None:
    names = [
        node.name
        for path in (ROOT / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Manager", "Helper", "Utils"))
    ]
    # The strategy paper's own name.
    assert names == ["HybridExecutionManager"]
