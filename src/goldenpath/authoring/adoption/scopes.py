"""What a ``conftest.py`` needs, part by part: at its import, and in each fixture, for the tests that use that one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from goldenpath.authoring.adoption.conventions import Conventions
from goldenpath.authoring.adoption.modules import Module, Modules
from goldenpath.authoring.adoption.needs import is_read, needs_of, strangers
from goldenpath.authoring.adoption.syntax import FUNCTIONS, FunctionNode, definitions, dotted, parameters, text, walk
from goldenpath.authoring.adoption.values import Needs

_CONFTEST: Final = "conftest"
_FIXTURE: Final = "fixture"
_HOOK: Final = "pytest_"
_BY_NAME: Final = frozenset({"getfixturevalue", "lazy_fixture", "lf"})
_COMPOUND: Final = (ast.If, ast.With, ast.Try)
_LATER: Final = (*FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)
"""What needs nothing where it stands: whoever uses it does."""

Asked = tuple[Needs, Mapping[str, str]]
"""Needs, and by variable the address that is taken where the variable is not set."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """One fixture.

    Attributes:
        asked: What its body and what that calls need.
        wants: The fixtures that it asks for.
        autouse: Whether every test below has it unasked.
    """

    asked: Asked
    wants: tuple[str, ...]
    autouse: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """One file with fixtures.

    Attributes:
        at_import: What it needs to be imported, whoever uses it.
        fixtures: Its fixtures by name.
    """

    at_import: Asked
    fixtures: Mapping[str, Fixture]


def scope_of(module: Module) -> Scope:
    """The parts of a file. An import of a driver needs nothing yet, nor does a constant: who uses them needs it."""
    return _Parts(module).scope()


def asked_by(module: Module, modules: Modules, above: Sequence[Scope], project: Conventions) -> Asked:
    """What a test file needs of the conftests above it.

    Args:
        module: The test file.
        modules: Where the classes are found from which its own inherit.
        above: The conftests, the outermost first.
        project: Which functions are tests, and what each of them uses unasked.
    """
    if any(_CONFTEST in name.split(".") for name in module.imported.values()):
        return _together(part for scope in above for part in _all(scope))
    scopes = [*above, Scope((Needs(), {}), _Parts(module, bodies=False).fixtures())]
    found = [scope.at_import for scope in above]
    wanted = [(name, len(scopes)) for name in {*_wanted(module, modules, project), *project.fixtures}]
    wanted += [(name, level + 1) for level, scope in enumerate(scopes) for name in _unasked(scope)]
    seen: set[tuple[str, int]] = set()
    while wanted:
        name, below = wanted.pop()
        level = next((each for each in reversed(range(below)) if name in scopes[each].fixtures), None)
        if level is None or (name, level) in seen:
            continue
        seen.add((name, level))
        fixture = scopes[level].fixtures[name]
        found.append(fixture.asked)
        # A fixture that asks for its own name gets the one that it covers.
        wanted += [(each, level if each == name else len(scopes)) for each in fixture.wants]
    return _together(found)


def _all(scope: Scope) -> Iterator[Asked]:
    yield scope.at_import
    yield from (fixture.asked for fixture in scope.fixtures.values())


def _unasked(scope: Scope) -> Iterator[str]:
    return (name for name, fixture in scope.fixtures.items() if fixture.autouse)


def _together(parts: Iterable[Asked]) -> Asked:
    needs, defaults = Needs(), dict[str, str]()
    for own, addresses in parts:
        needs |= own
        defaults |= addresses
    return needs, defaults


def _wanted(module: Module, modules: Modules, project: Conventions) -> Iterator[str]:
    """The fixtures for which the tests of a file ask."""
    for function in _functions(module, modules):
        if project.is_function(function.name):
            yield from parameters(function)
    yield from _named(module.tree)


def _functions(module: Module, modules: Modules) -> Iterator[FunctionNode]:
    """The functions of a file and the methods of its classes, inherited ones too."""
    yield from module.functions.values()
    classes = [(each, module) for each in module.classes.values()]
    seen: set[int] = set()
    while classes:
        cls, home = classes.pop()
        if id(cls) in seen:
            continue
        seen.add(id(cls))
        for statement in cls.body:
            if isinstance(statement, FUNCTIONS):
                yield statement
            elif isinstance(statement, ast.ClassDef):
                classes.append((statement, home))
        found = (modules.class_of(dotted(base), home) for base in cls.bases)
        classes += [each for each in found if each is not None]


def _named(tree: ast.AST) -> set[str]:
    """Fixtures that are asked for by a text: with ``usefixtures``, or of the request."""
    calls = [node for node in walk(tree) if isinstance(node, ast.Call)]
    named = {text(each) for call in calls if dotted(call.func).endswith("usefixtures") for each in call.args}
    if any(dotted(call.func).rpartition(".")[2] in _BY_NAME for call in calls):
        named |= {text(node) for node in walk(tree) if isinstance(node, ast.Constant)}
    return {each for each in named if each}


def _fixture_call(function: FunctionNode) -> ast.expr | None:
    return next((each for each in function.decorator_list if dotted(each).rpartition(".")[2] == _FIXTURE), None)


class _Parts:
    """One file, taken apart: what happens at its import, and what in each fixture.

    Args:
        module: The file.
        bodies: Whether what the bodies of fixtures need is asked for.
    """

    def __init__(self, module: Module, *, bodies: bool = True) -> None:
        self._module = module
        self._bodies = bodies
        self._constants: dict[str, ast.stmt] = {}

    def scope(self) -> Scope:
        at_import = [each for each in self._outside() if not self._kept(each)]
        at_import += [each for name, each in self._module.functions.items() if name.startswith(_HOOK)]
        needs, defaults = self._asked(at_import)
        others = needs.others | strangers(self._module.imported.values())
        return Scope((replace(needs, others=others), defaults), self.fixtures())

    def fixtures(self) -> dict[str, Fixture]:
        found = {}
        for function in self._module.functions.values():
            if (decorator := _fixture_call(function)) is None:
                continue
            known = {each.arg: each.value for each in getattr(decorator, "keywords", ())}
            autouse = known.get("autouse")
            found[text(known.get("name")) or function.name] = Fixture(
                self._asked([function]) if self._bodies else (Needs(), {}),
                (*parameters(function), *_named(function)),
                autouse is not None and not (isinstance(autouse, ast.Constant) and not autouse.value),
            )
        return found

    def _outside(self) -> Iterator[ast.AST]:
        """What a file does when it is imported, functions and classes left out."""
        for body in definitions(self._module.tree.body):
            for statement in body:
                if isinstance(statement, _COMPOUND):
                    yield from ([statement.test] if isinstance(statement, ast.If) else getattr(statement, "items", ()))
                elif not isinstance(statement, _LATER):
                    yield statement

    def _kept(self, statement: ast.AST) -> bool:
        """Whether a statement only gives a name to a constant or a variable with a default; it is remembered."""
        targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or value is None or not self._is_plain(value):
            return False
        names = [each.id for each in targets if isinstance(each, ast.Name)]
        self._constants |= dict.fromkeys(names, statement)
        return len(names) == len(targets)

    def _is_plain(self, value: ast.AST) -> bool:
        for node in walk(value):
            if isinstance(node, ast.Subscript) and self._module.full(node.value) == "os.environ":
                return False
            if isinstance(node, ast.Call) and not is_read(self._module, node):
                return False
        return True

    def _asked(self, nodes: Sequence[ast.AST]) -> Asked:
        """What nodes need, and the functions, classes and constants of this file that they use."""
        module, found, left, names = self._module, list[ast.AST](), list(nodes), set[str]()
        while left:
            node = left.pop()
            found.append(node)
            fresh = {each.id for each in walk(node) if isinstance(each, ast.Name)} - names
            names |= fresh
            for known in (module.functions, module.classes, self._constants):
                left += [known[each] for each in fresh if each in known and not self._is_fixture(known[each])]
        return needs_of(module, found, [module.imported[each] for each in names if each in module.imported])

    def _is_fixture(self, node: ast.AST) -> bool:
        return isinstance(node, FUNCTIONS) and _fixture_call(node) is not None
