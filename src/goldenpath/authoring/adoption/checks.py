"""Whether a test can fail: what in its body, and in the helpers that it calls, can be found wrong."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from goldenpath.authoring.adoption.modules import Module, Modules
from goldenpath.authoring.adoption.syntax import (
    FUNCTIONS,
    FunctionNode,
    dotted,
    is_skip,
    parameters,
    reached,
    truth,
    walk,
)

_CALLS: Final = frozenset(
    [
        "fail",
        "failUnless",
        "raises",
        "warns",
        "deprecated_call",
        "raise_for_status",
        "expect",
        "fnmatch_lines",
        "re_match_lines",
        "no_fnmatch_line",
        "check_call",
        "check_output",
    ]
)
"""Calls that fail a test by themselves, by the last part of their names."""

_OUTCOMES: Final = frozenset({"pytest.fail", "pytest.raises", "pytest.warns", "pytest.deprecated_call"})
"""What fails by an error that ``except Exception`` does not take."""

_PROMISING: Final = re.compile(r"_*(verify|check|validate|ensure|expect|should|must|require|compare)")
"""Names of helpers that cannot be read, and that are believed to check something."""

_CATCHES: Final = {"BaseException": 2, "Exception": 1, "AssertionError": 1, "failureException": 1}
"""What an ``except`` takes: 1 for a failed assertion, 2 for pytest's own failures, too."""

Family = Sequence[tuple[ast.ClassDef, Module]]
"""A class and those from which it inherits, each with the module in which it is written."""


class Check(NamedTuple):
    """One thing that could fail a test.

    Attributes:
        line: Where it is.
        constant: Whether it is always true.
        swallowed: Whether an ``except`` around it takes its failure and goes on.
    """

    line: int
    constant: bool
    swallowed: bool

    @property
    def is_live(self) -> bool:
        """Whether it can fail the test."""
        return not (self.constant or self.swallowed)


class Checks:
    """What can fail in functions of a project; each is read once, until ``forget``."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._known: dict[FunctionNode, tuple[Check, ...]] = {}

    def of(self, function: FunctionNode, module: Module, family: Family = ()) -> tuple[Check, ...]:
        """The checks of a function, in the order of its lines; one that calls itself is read once."""
        if function not in self._known:
            self._known[function] = ()
            self._known[function] = tuple(_Body(self, function, module, family).checks(function.body))
        return self._known[function]

    def forget(self) -> None:
        """Let go of what was read: the trees of all files of a project do not fit everywhere."""
        self._known.clear()

    def helper(self, call: ast.Call, module: Module, family: Family) -> tuple[FunctionNode, Module] | None:
        """The function that is called, where it can be read: one of the module, of the class, or an imported one."""
        name = dotted(call.func)
        if isinstance(call.func, ast.Name):
            return self._modules.function_of(name, module)
        owner, _, method = name.rpartition(".")
        if owner in {"self", "cls", "super"}:
            for cls, home in family:
                for statement in cls.body:
                    if isinstance(statement, FUNCTIONS) and statement.name == method:
                        return statement, home
            return None
        return self._modules.function_of(name, module) if owner in module.imported else None

    def fixtures(self, function: FunctionNode, module: Module) -> Iterator[Check]:
        """The checks of the fixtures of the same file that a test asks for."""
        for name in parameters(function):
            if (fixture := module.functions.get(name)) is not None and fixture is not function:
                yield from self.of(fixture, module)


class _Body:
    """The walk through one function."""

    def __init__(self, all_checks: Checks, function: FunctionNode, module: Module, family: Family) -> None:
        self._all = all_checks
        self._module = module
        self._family = family
        self._function = function

    def checks(self, body: Sequence[ast.stmt], caught: int = 0) -> Iterator[Check]:
        """The checks of statements that can be reached; ``caught`` is what an ``except`` around them takes."""
        for statement in reached(body):
            yield from self._statement(statement, caught)

    def _statement(self, statement: ast.stmt, caught: int) -> Iterator[Check]:
        if isinstance(statement, ast.Assert):
            yield Check(statement.lineno, truth(statement.test) is True, caught > 0)
        elif isinstance(statement, ast.Raise):
            if not is_skip(statement):
                yield Check(statement.lineno, False, caught > 0)
        elif isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            # What is only defined here is run by whoever it is handed to.
            if statement.name in self._named():
                yield from self.checks(statement.body, caught)
        elif isinstance(statement, ast.Try):
            yield from self._try(statement, caught)
        elif isinstance(statement, ast.With | ast.AsyncWith):
            yield from self._with(statement, caught)
        elif isinstance(statement, ast.If) and (known := truth(statement.test)) is not None:
            yield from self.checks(statement.body if known else statement.orelse, caught)
        elif isinstance(statement, ast.Expr) and self._is_forgotten(statement.value):
            return
        else:
            yield from self._parts(statement, caught)

    def _named(self) -> set[str]:
        return {each.id for each in walk(self._function) if isinstance(each, ast.Name)}

    def _parts(self, statement: ast.stmt, caught: int) -> Iterator[Check]:
        """The calls in a statement, and what lies in its own bodies."""
        for field in ast.iter_child_nodes(statement):
            if isinstance(field, ast.expr):
                yield from self._calls(field, caught)
            elif isinstance(field, ast.match_case):
                yield from self.checks(field.body, caught)
        for name in ("body", "orelse"):
            yield from self.checks(getattr(statement, name, ()), caught)

    def _try(self, statement: ast.Try, caught: int) -> Iterator[Check]:
        inner = caught
        for level in (1, 2):
            taker = next((each for each in statement.handlers if _catches(each.type) >= level), None)
            if taker is not None and not any(not check.constant for check in self.checks(taker.body)):
                inner = max(inner, level)
        yield from self.checks(statement.body, inner)
        for handler in statement.handlers:
            yield from self.checks(handler.body, caught)
        yield from self.checks(statement.orelse, caught)
        yield from self.checks(statement.finalbody, caught)

    def _with(self, statement: ast.With | ast.AsyncWith, caught: int) -> Iterator[Check]:
        inner = caught
        for item in statement.items:
            yield from self._calls(item.context_expr, caught)
            if isinstance(item.context_expr, ast.Call) and dotted(item.context_expr).endswith("suppress"):
                inner = max(inner, *(_catches(each) for each in item.context_expr.args), 0)
        yield from self.checks(statement.body, inner)

    def _is_forgotten(self, value: ast.expr) -> bool:
        """Whether a statement calls an async helper and does not await it: the helper never runs."""
        if not isinstance(value, ast.Call):
            return False
        helper = self._all.helper(value, self._module, self._family)
        return helper is not None and isinstance(helper[0], ast.AsyncFunctionDef) and not helper[0].decorator_list

    def _calls(self, expression: ast.expr, caught: int) -> Iterator[Check]:
        for node in walk(expression):
            if isinstance(node, ast.Call) and (check := self._call(node, caught)) is not None:
                yield check

    def _call(self, call: ast.Call, caught: int) -> Check | None:
        name = self._module.full(call.func)
        last = name.rpartition(".")[2]
        if last.lower().startswith("assert"):
            return Check(call.lineno, _is_constant(last, call.args), caught > 0)
        if (helper := self._all.helper(call, self._module, self._family)) is not None:
            found = self._all.of(helper[0], helper[1], self._family)
            live = any(check.is_live for check in found)
            return Check(call.lineno, not live and all(each.constant for each in found), caught > 0) if found else None
        if last in _CALLS or any(_is_check(each) for each in call.keywords):
            return Check(call.lineno, False, caught > (1 if name in _OUTCOMES else 0))
        is_named = isinstance(call.func, ast.Name) or dotted(call.func).startswith("self.")
        return Check(call.lineno, False, caught > 0) if is_named and _PROMISING.match(last) else None


def _catches(error: ast.expr | None) -> int:
    if error is None:
        return 2
    if isinstance(error, ast.Tuple):
        return max((_catches(each) for each in error.elts), default=0)
    return _CATCHES.get(dotted(error).rpartition(".")[2], 0)


def _is_check(keyword: ast.keyword) -> bool:
    return keyword.arg == "check" and truth(keyword.value) is True


def _is_constant(method: str, args: Sequence[ast.expr]) -> bool:
    """Whether an assertion of unittest is always true."""
    if method == "assertTrue" and args:
        return truth(args[0]) is True
    if method == "assertFalse" and args:
        return truth(args[0]) is False
    if method in {"assertEqual", "assertIs"} and len(args) > 1:
        return truth(ast.Compare(args[0], [ast.Eq()], [args[1]])) is True
    return False
