"""Small questions to a syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Final

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)

_OPPOSITE: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Is: ast.IsNot,
    ast.Eq: ast.NotEq,
    ast.In: ast.NotIn,
    ast.Lt: ast.GtE,
    ast.Gt: ast.LtE,
}
_NO_NODES: Final = frozenset(
    [
        "ctx",
        "op",
        "ops",
        "id",
        "attr",
        "arg",
        "name",
        "names",
        "kind",
        "level",
        "module",
        "type_comment",
        "is_async",
        "simple",
    ]
)
_BELOW: Final[dict[type[ast.AST], tuple[str, ...]]] = {ast.Constant: ()}
_SKIPS: Final = ("skip", "skipTest")


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, what is outside before what is inside; a third of the time of ``ast.walk``.

    Operators, contexts and the aliases of imports are left out: nobody here asks for them.
    """
    found = [node]
    while found:
        node = found.pop()
        yield node
        kind = node.__class__
        names = _BELOW.get(kind)
        if names is None:
            names = _BELOW[kind] = tuple(name for name in node._fields if name not in _NO_NODES)
        for name in names:
            child = getattr(node, name, None)
            if child.__class__ is list:
                found += [each for each in child if isinstance(each, ast.AST)]
            elif isinstance(child, ast.AST):
                found.append(child)


def dotted(node: ast.AST) -> str:
    """The names of an expression from the left, calls and brackets passed over: ``pytest.mark.skip``."""
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript | ast.Await):
            node = node.value
        else:
            break
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


def text(node: ast.AST | None) -> str | None:
    """The text of a constant; None for everything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def truth(node: ast.AST) -> bool | None:
    """Whether an expression is always true or always false; None where that depends."""
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return None if any(isinstance(each, ast.Starred) for each in node.elts) else bool(node.elts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = truth(node.operand)
        return None if inner is None else not inner
    if isinstance(node, ast.BoolOp):
        return _joined(node)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _compared(node)
    return None


def _joined(node: ast.BoolOp) -> bool | None:
    decides = isinstance(node.op, ast.Or)
    found = [truth(each) for each in node.values]
    if decides in found:
        return decides
    if None not in found:
        return not decides
    pairs = zip(node.values, node.values[1:], strict=False)
    return decides if any(_opposite(one, other) for one, other in pairs) else None


def _opposite(one: ast.expr, other: ast.expr) -> bool:
    """Whether exactly one of two expressions is true."""
    for left, right in ((one, other), (other, one)):
        if isinstance(right, ast.UnaryOp) and isinstance(right.op, ast.Not) and _same(left, right.operand):
            return True
        if isinstance(left, ast.Compare) and isinstance(right, ast.Compare) and len(left.ops) == len(right.ops) == 1:
            sides = _same(left.left, right.left) and _same(left.comparators[0], right.comparators[0])
            if sides and isinstance(right.ops[0], _OPPOSITE.get(type(left.ops[0]), ())):
                return True
    return False


def _compared(node: ast.Compare) -> bool | None:
    left, op, right = node.left, node.ops[0], node.comparators[0]
    if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
        same = left.value == right.value
        return same if isinstance(op, ast.Eq | ast.Is) else not same if isinstance(op, ast.NotEq | ast.IsNot) else None
    if isinstance(op, ast.GtE) and dotted(left) == "len" and isinstance(right, ast.Constant) and right.value == 0:
        return True
    if (
        isinstance(op, ast.Eq | ast.Is)
        and _same(left, right)
        and not any(isinstance(each, ast.Call | ast.Await) for each in walk(left))
    ):
        return True
    return None


def _same(one: ast.AST, other: ast.AST) -> bool:
    return ast.dump(one) == ast.dump(other)


def reached(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body up to the first that ends it in any case."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.Return | ast.Raise | ast.Continue | ast.Break) or is_skip(statement):
            return


def is_skip(statement: ast.stmt) -> bool:
    """Whether a statement skips the test, whatever holds."""
    if isinstance(statement, ast.Raise) and statement.exc is not None:
        return dotted(statement.exc).endswith("SkipTest")
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    name = dotted(statement.value.func)
    return name in {"pytest.skip", "skip"} or name.rpartition(".")[2] == _SKIPS[1]


def is_words(statement: ast.stmt) -> bool:
    """Whether a statement does nothing: a docstring, ``pass``, ``...``."""
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def definitions(body: Sequence[ast.stmt]) -> Iterator[Sequence[ast.stmt]]:
    """A body, and the bodies of its ``if``, ``try`` and ``with``: the same scope, each a list of statements."""
    yield body
    for statement in body:
        if isinstance(statement, ast.If | ast.With | ast.Try):
            parts = [statement.body, getattr(statement, "orelse", []), getattr(statement, "finalbody", [])]
            parts += [handler.body for handler in getattr(statement, "handlers", [])]
            if isinstance(statement, ast.If) and (known := truth(statement.test)) is not None:
                parts = [statement.body if known else statement.orelse]
            for part in parts:
                yield from definitions(part)


def parameters(function: FunctionNode) -> list[str]:
    """The names that a function takes."""
    arguments = function.args
    return [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
