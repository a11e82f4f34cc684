"""Which tests of a file can never fail, and why."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import Final, NamedTuple

from goldenpath.authoring.adoption.checks import Checks, Family
from goldenpath.authoring.adoption.conventions import Conventions
from goldenpath.authoring.adoption.modules import Module, Modules
from goldenpath.authoring.adoption.syntax import (
    FUNCTIONS,
    FunctionNode,
    definitions,
    dotted,
    is_skip,
    is_words,
    parameters,
    reached,
    text,
    truth,
)
from goldenpath.authoring.adoption.values import Finding, Kind

_UNITTEST: Final = frozenset({"unittest.TestCase", "unittest.case.TestCase", "unittest.FunctionTestCase"})
_AWAITED: Final = re.compile(
    r"(unittest(\.\w+)?\.IsolatedAsyncioTestCase|django\..*TestCase|aiohttp\.test_utils\.AioHTTPTestCase"
    r"|asynctest\..*TestCase|twisted\.trial\..*TestCase|goldenpath(\..*)?\.ServiceIndependentIntegrationTest"
    r"|.*Async\w*TestCase)"
)
"""Classes whose async tests are awaited; an unknown one is believed by its name."""

_NOTHING: Final = frozenset({"object", "ABC", "Protocol", "Generic", "abc.ABC", "typing.Protocol", "typing.Generic"})
_MARK: Final = "pytest.mark."
_AWAITING: Final = frozenset({"asyncio", "anyio", "trio", "twisted", "asyncio_cooperative"})
_NOT_AWAITING: Final = re.compile(
    r"pytest\.mark\.|unittest\.|mock\.|patch|hypothesis\.|pytest\.|freezegun|responses\.|staticmethod|classmethod"
)
"""Decorators that are known not to await; one that is not known may."""

_OURS: Final = re.compile(r"services$|gp_\w+$")
_SET_UPS: Final = frozenset(
    ["setUp", "asyncSetUp", "setUpClass", "setup_method", "setup_class", "setUpModule", "setup_module"]
)
_TEAR_DOWNS: Final = frozenset(["tearDown", "asyncTearDown", "teardown_method"])
_MEANT: Final = re.compile(r"(?i)test(_|[A-Z])|(tset|tets|tes|tst|ttest|etst)_")
_SHARED: Final = re.compile(r"Base|Mixin|Abstract|Contract")
_DEEPEST: Final = 12


class _Class(Enum):
    """How the tests of a class are run."""

    PLAIN = auto()
    UNITTEST = auto()
    AWAITED = auto()
    UNKNOWN = auto()


class _Mark(NamedTuple):
    """A decorator or an element of ``pytestmark``: its full name and how it is written."""

    name: str
    node: ast.expr


class Hollow:
    """The tests of one project that can never fail."""

    def __init__(self, project: Conventions, modules: Modules) -> None:
        self._project = project
        self._modules = modules
        self._checks = Checks(modules)

    def of(self, module: Module, *, awaits: bool) -> tuple[int, list[Finding]]:
        """How many tests a file has, and those that can never fail.

        Args:
            module: The file.
            awaits: Whether a hook of a conftest awaits async tests, or marks them.
        """
        reading = _Reading(self._project, self._modules, self._checks, module, awaits or self._project.awaits)
        self._checks.forget()
        findings = sorted(reading.findings(), key=lambda each: each.line)
        if reading.tests and not self._project.is_file(module.path):
            why = "pytest collects no file of this name"
            return reading.tests, [Finding(1, module.path.name, Kind.NOT_COLLECTED, why, reading.tests)]
        return reading.tests, findings


class _Reading:
    """The reading of one file."""

    def __init__(self, project: Conventions, modules: Modules, checks: Checks, module: Module, awaits: bool) -> None:
        self._project = project
        self._modules = modules
        self._checks = checks
        self._module = module
        self._awaits = awaits
        self._marks = self._marks_of((), module.tree.body)
        self._skips = any(_skips_module(each) for each in module.tree.body)
        self._inherited = {dotted(base) for each in module.classes.values() for base in each.bases}
        self.tests = 0

    def findings(self) -> Iterator[Finding]:
        """What was found, scope by scope."""
        for body in definitions(self._module.tree.body):
            last = {each.name: each for each in body if isinstance(each, (*FUNCTIONS, ast.ClassDef))}
            for node in body:
                if isinstance(node, ast.ClassDef):
                    yield from self._class(node, last[node.name])
                elif isinstance(node, FUNCTIONS):
                    yield from self._named(node, last[node.name], "", (), _Class.PLAIN, self._marks)

    def _class(self, cls: ast.ClassDef, last: ast.AST, prefix: str = "") -> Iterator[Finding]:
        family = self._family(cls, self._module)
        kind = self._kind(cls, self._module)
        is_unittest = kind in {_Class.UNITTEST, _Class.AWAITED}
        tests = [each for each in cls.body if isinstance(each, FUNCTIONS) and self._is_test(each, is_unittest)]
        name = f"{prefix}{cls.name}"
        if tests and not is_unittest and (refused := self._refused(cls, family, kind)) is not None:
            self.tests += len(tests)
            yield Finding(cls.lineno, name, *refused, len(tests), cls.name)
            return
        if tests and last is not cls:
            self.tests += len(tests)
            yield Finding(cls.lineno, name, Kind.DUPLICATE, _again(last), len(tests))
            return
        if _says(cls, "__test__") is False or (not tests and cls.name in self._inherited):
            return
        marks = [*self._marks, *self._marks_of(cls.decorator_list, cls.body)]
        if any(_is_set_up_to_skip(each) for each in cls.body):
            marks.append(_Mark(f"{_MARK}skip", ast.Constant("its setUp skips")))
        for body in definitions(cls.body):
            own = {each.name: each for each in body if isinstance(each, FUNCTIONS)}
            for node in body:
                if isinstance(node, FUNCTIONS):
                    yield from self._named(node, own[node.name], f"{name}.", family, kind, marks)
                elif isinstance(node, ast.ClassDef) and not is_unittest and self._project.is_class(cls.name):
                    yield from self._class(node, node, f"{name}.")

    def _refused(self, cls: ast.ClassDef, family: Family, kind: _Class) -> tuple[Kind, str] | None:
        """Why pytest does not collect a class that has tests; None where it does, or where others inherit them."""
        if not self._project.is_class(cls.name):
            is_meant = kind is _Class.UNKNOWN or cls.name in self._inherited or _SHARED.search(cls.name)
            why = f"pytest collects classes named {' '.join(self._project.classes)}..."
            return None if is_meant else (Kind.NOT_COLLECTED, why)
        for each, _ in family:
            for method in each.body:
                if isinstance(method, FUNCTIONS) and method.name in {"__init__", "__new__"}:
                    return Kind.WITH_INIT, f"it has {method.name} ({each.name}, line {method.lineno})"
        return None

    def _is_test(self, function: FunctionNode, is_unittest: bool) -> bool:
        fits = function.name.startswith("test") if is_unittest else self._project.is_function(function.name)
        return fits and not any(_is_no_test(self._module.full(each)) for each in function.decorator_list)

    def _named(
        self,
        function: FunctionNode,
        last: ast.AST,
        prefix: str,
        family: Family,
        kind: _Class,
        marks: Sequence[_Mark],
    ) -> Iterator[Finding]:
        name = f"{prefix}{function.name}"
        is_collected = (
            not prefix
            or kind is not _Class.PLAIN
            or self._project.is_class(prefix.rpartition(".")[0].rpartition(".")[2])
        )
        if not self._is_test(function, kind in {_Class.UNITTEST, _Class.AWAITED}):
            if is_collected and self._is_meant(function, marks):
                self.tests += 1
                why = f"pytest collects functions named {' '.join(self._project.functions)}..."
                yield Finding(function.lineno, name, Kind.NOT_COLLECTED, why)
            return
        if not is_collected:
            return
        self.tests += 1
        if last is not function:
            yield Finding(function.lineno, name, Kind.DUPLICATE, _again(last))
        elif (
            found := self._why(function, family, kind, [*marks, *self._marks_of(function.decorator_list, ())])
        ) is not None:
            yield Finding(function.lineno, name, *found)

    def _is_meant(self, function: FunctionNode, marks: Sequence[_Mark]) -> bool:
        """Whether a function that is not collected was meant to be a test."""
        names = [self._module.full(each) for each in function.decorator_list]
        if any(_is_no_test(name) for name in names) or function.name.startswith("_"):
            return False
        return any(name.startswith(_MARK) for name in names) or bool(_MEANT.match(function.name))

    def _why(
        self, function: FunctionNode, family: Family, kind: _Class, marks: Sequence[_Mark]
    ) -> tuple[Kind, str] | None:
        if self._skips or (reason := _skipped(marks)) is not None:
            return Kind.SKIPPED, "the whole file is" if self._skips else reason or ""
        body = list(reached(function.body))
        if is_skip(body[-1]) and not any(each.is_live for each in self._checks.of(function, self._module, family)):
            return Kind.SKIPPED, f"line {body[-1].lineno} skips it"
        if isinstance(function, ast.AsyncFunctionDef):
            if kind is _Class.UNITTEST:
                return Kind.UNITTEST_ASYNC, "unittest.IsolatedAsyncioTestCase would"
            if kind is _Class.PLAIN and not self._is_awaited(function, marks):
                return Kind.NEVER_AWAITED, "no mark, no mode; newer pytests refuse to run it"
        if any(each.name.endswith("scenario") for each in marks):
            return None
        if all(is_words(each) or (isinstance(each, ast.Return) and each.value is None) for each in body):
            return Kind.EMPTY, "its body does nothing"
        return self._unchecked(function, family) or self._expected(marks)

    def _unchecked(self, function: FunctionNode, family: Family) -> tuple[Kind, str] | None:
        checks = [*self._checks.of(function, self._module, family), *self._checks.fixtures(function, self._module)]
        for cls, home in family:
            for each in cls.body:
                if isinstance(each, FUNCTIONS) and each.name in _TEAR_DOWNS:
                    checks += self._checks.of(each, home, family)
        if any(each.is_live for each in checks):
            return None
        if (swallowed := next((each for each in checks if each.swallowed), None)) is not None:
            return Kind.SWALLOWED, f"what fails in line {swallowed.line} is caught, and it goes on"
        if checks:
            return Kind.CONSTANT, f"line {checks[0].line} is true whatever happens"
        return Kind.ASSERTS_NOTHING, ""

    def _expected(self, marks: Sequence[_Mark]) -> tuple[Kind, str] | None:
        for mark in marks:
            if mark.name == f"{_MARK}xfail" and not self._project.strict_xfail and not _is_bounded(mark.node):
                return Kind.EXPECTED, "xfail without strict=True, raises= or a condition"
        return None

    def _is_awaited(self, function: FunctionNode, marks: Sequence[_Mark]) -> bool:
        names = [each.name for each in marks]
        return (
            self._awaits
            or any(name.removeprefix(_MARK) in _AWAITING for name in names)
            or any(not _NOT_AWAITING.search(name) for name in names)
            or any(_OURS.match(name) or name == "anyio_backend" for name in parameters(function))
        )

    def _marks_of(self, decorators: Sequence[ast.expr], body: Sequence[ast.stmt]) -> list[_Mark]:
        nodes = [*decorators]
        for statement in body:
            if isinstance(statement, ast.Assign) and any(dotted(each) == "pytestmark" for each in statement.targets):
                value = statement.value
                nodes += value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
        return [_Mark(self._module.full(each), each) for each in nodes]

    def _kind(self, cls: ast.ClassDef, module: Module, depth: int = 0) -> _Class:
        kinds = {self._kind_of_base(each, module, depth) for each in cls.bases}
        for kind in (_Class.AWAITED, _Class.UNITTEST, _Class.UNKNOWN):
            if kind in kinds:
                return kind
        return _Class.PLAIN

    def _kind_of_base(self, base: ast.expr, module: Module, depth: int) -> _Class:
        name = module.full(base)
        if name in _UNITTEST:
            return _Class.UNITTEST
        found = self._modules.class_of(dotted(base), module) if depth < _DEEPEST else None
        if found is not None:
            return self._kind(found[0], found[1], depth + 1)
        if _AWAITED.fullmatch(name):
            return _Class.AWAITED
        return _Class.PLAIN if name in _NOTHING else _Class.UNKNOWN

    def _family(self, cls: ast.ClassDef, module: Module, depth: int = 0) -> Family:
        found = [(cls, module)]
        for base in cls.bases if depth < _DEEPEST else ():
            inherited = self._modules.class_of(dotted(base), module)
            if inherited is not None and inherited[0] is not cls:
                found += self._family(inherited[0], inherited[1], depth + 1)
        return found


def _is_no_test(decorator: str) -> bool:
    return decorator.rpartition(".")[2] in {"fixture", "overload", "register", "setter", "property"}


def _again(last: ast.AST) -> str:
    return f"line {getattr(last, 'lineno', 0)} takes its name; only that one runs"


def _says(cls: ast.ClassDef, name: str) -> bool | None:
    for statement in cls.body:
        if isinstance(statement, ast.Assign) and any(dotted(each) == name for each in statement.targets):
            return truth(statement.value)
    return None


def _is_set_up_to_skip(node: ast.stmt) -> bool:
    return isinstance(node, FUNCTIONS) and node.name in _SET_UPS and is_skip(list(reached(node.body))[-1])


def _skips_module(statement: ast.stmt) -> bool:
    return is_skip(statement) or _is_set_up_to_skip(statement)


def _skipped(marks: Sequence[_Mark]) -> str | None:
    """The reason for which marks skip a test whatever holds; None where they do not."""
    for mark in marks:
        call = mark.node if isinstance(mark.node, ast.Call) else None
        args = call.args if call else []
        if mark.name in {f"{_MARK}skip", "unittest.skip"}:
            return _reason(mark.node, args[0] if args else None)
        holds = truth(_condition(args[0])) if args and "skip" in mark.name.lower() else None
        if (mark.name in {f"{_MARK}skipif", "unittest.skipIf"} and holds) or (
            mark.name == "unittest.skipUnless" and holds is False
        ):
            return _reason(mark.node, args[1] if len(args) > 1 else None)
        if mark.name == f"{_MARK}parametrize" and len(args) > 1 and truth(args[1]) is False:
            return "it has no parameters to run with"
    return None


def _condition(node: ast.expr) -> ast.expr:
    """A condition, which pytest also takes as a text."""
    written = text(node)
    try:
        return node if written is None else ast.parse(written, mode="eval").body
    except SyntaxError:
        return node


def _reason(mark: ast.expr, first: ast.expr | None) -> str:
    keywords = mark.keywords if isinstance(mark, ast.Call) else []
    named = next((each.value for each in keywords if each.arg == "reason"), first)
    return text(named) or text(mark) or "no reason given"


def _is_bounded(mark: ast.expr) -> bool:
    """Whether something fails a test that is expected to fail."""
    if not isinstance(mark, ast.Call):
        return False
    named = {each.arg: each.value for each in mark.keywords}
    strict = truth(named["strict"]) is not False if "strict" in named else False
    return strict or "raises" in named or (bool(mark.args) and truth(_condition(mark.args[0])) is not True)
