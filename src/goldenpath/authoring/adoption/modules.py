"""Modules by their names, without importing one: what a test inherits or calls may be written in another file."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from goldenpath.authoring.adoption.files import NotRead, parsed
from goldenpath.authoring.adoption.syntax import FUNCTIONS, FunctionNode, definitions, dotted

_DEEPEST: Final = 8
"""How many modules a name is followed through."""


@dataclass(slots=True)
class Module:
    """One file: its tree, and what its names stand for.

    Attributes:
        path: The file.
        tree: Its syntax tree.
        classes: Its classes by name, the last of each.
        functions: Its functions by name, likewise.
        imported: What an imported name stands for, with dots.
    """

    path: Path
    tree: ast.Module
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    functions: dict[str, FunctionNode] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path, tree: ast.Module, root: Path) -> Module:
        """A module with the names of its own scope."""
        module = cls(path, tree)
        for body in definitions(tree.body):
            for statement in body:
                if isinstance(statement, ast.ClassDef):
                    module.classes[statement.name] = statement
                elif isinstance(statement, FUNCTIONS):
                    module.functions[statement.name] = statement
                elif isinstance(statement, ast.Import):
                    module.imported |= {
                        each.asname or each.name.partition(".")[0]: each.name
                        if each.asname
                        else each.name.partition(".")[0]
                        for each in statement.names
                    }
                elif isinstance(statement, ast.ImportFrom):
                    package = _package(statement, path, root)
                    module.imported |= {each.asname or each.name: f"{package}.{each.name}" for each in statement.names}
        return module

    def full(self, node: ast.AST) -> str:
        """The dotted name of an expression, with what its first name was imported as."""
        first, dot, rest = dotted(node).partition(".")
        return f"{self.imported.get(first, first)}{dot}{rest}"


def _package(statement: ast.ImportFrom, path: Path, root: Path) -> str:
    """Where an import takes its names from; a relative one is told from the root."""
    if not statement.level:
        return statement.module or ""
    folder = path.absolute().parents[statement.level - 1] if statement.level <= len(path.absolute().parents) else root
    parts = folder.relative_to(root).parts if folder.is_relative_to(root) else ()
    return ".".join([*parts, *([statement.module] if statement.module else [])])


class Modules:
    """The modules of a project, each read once, when somebody asks."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._read: dict[Path, Module | None] = {}
        self._places: dict[tuple[str, Path], Path | None] = {}

    def at(self, path: Path) -> Module | None:
        """The module of a file; None where it cannot be read."""
        if path not in self._read:
            try:
                self._read[path] = Module.of(path, parsed(path), self.root)
            except NotRead:
                self._read[path] = None
        return self._read[path]

    def named(self, name: str, near: Path) -> Module | None:
        """The module of a dotted name, looked for from the root and from the folder of who asks."""
        folder = near.absolute().parent
        if (name, folder) not in self._places:
            self._places[name, folder] = self._place(name, folder)
        place = self._places[name, folder]
        return self.at(place) if place else None

    def _place(self, name: str, folder: Path) -> Path | None:
        parts = name.split(".")
        for start in dict.fromkeys((self.root, self.root / "src", folder)) if name else ():
            path = start.joinpath(*parts)
            for file in (path.with_name(f"{path.name}.py"), path / "__init__.py"):
                if file.is_file():
                    return file
        return None

    def class_of(self, name: str, module: Module, depth: int = 0) -> tuple[ast.ClassDef, Module] | None:
        """The class that a name of a module stands for, and where it is written."""
        if name in module.classes:
            return module.classes[name], module
        found = self._where(name, module, depth)
        return self.class_of(found[0], found[1], depth + 1) if found else None

    def function_of(self, name: str, module: Module, depth: int = 0) -> tuple[FunctionNode, Module] | None:
        """The function that a name of a module stands for, and where it is written."""
        if name in module.functions:
            return module.functions[name], module
        found = self._where(name, module, depth)
        return self.function_of(found[0], found[1], depth + 1) if found else None

    def _where(self, name: str, module: Module, depth: int) -> tuple[str, Module] | None:
        """The module from which a name comes, and its name there."""
        first, _, rest = name.partition(".")
        target = module.imported.get(first)
        if target is None or depth > _DEEPEST:
            return None
        package, _, last = (f"{target}.{rest}" if rest else target).rpartition(".")
        other = self.named(package, module.path)
        return (last, other) if other is not None and other is not module else None
