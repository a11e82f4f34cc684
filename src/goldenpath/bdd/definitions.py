"""Step definitions, as the decorators leave them behind."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import Any

from goldenpath.bdd import parsers


@dataclass(frozen=True, eq=False)
class StepDefinition:
    """A sentence, and the function that answers it. Two of them are equal only if they are the same object.

    Attributes:
        kind: ``given``, ``when`` or ``then``; None answers all kinds.
        pattern: The sentence as written in the decorator.
        parser: Says which texts are meant.
        func: The step function.
        converters: For a parameter of this name, what makes its value from what the parser found.
        target_fixture: The fixture that takes the value which the function returns or yields; None for none.
        needs: Capabilities, ``"service.capability"``, without which the scenario is skipped.
        file: The absolute path of the function's file.
        line: Of the function, its decorators included; from 1.
        of_pytest_bdd: Whether it was written with pytest-bdd's own decorators, whose habits it then keeps.
    """

    kind: str | None
    pattern: str
    parser: parsers.StepParser
    func: Callable[..., Any]
    converters: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    target_fixture: str | None = None
    needs: tuple[str, ...] = ()
    file: str = ""
    line: int = 0
    of_pytest_bdd: bool = False

    @cached_property
    def all_needs(self) -> tuple[str, ...]:
        """Its own needs, and those of what stands in its sentence."""
        return (*self.needs, *getattr(self.parser, "needs", ()))  # one of pytest-bdd's own has none

    @property
    def where(self) -> str:
        """``file:line``, the file relative to the current folder if it lies below it."""
        return told_place(self.file, self.line)

    @property
    def place(self) -> tuple[str | None, str, str, int]:
        """What two definitions have in common that come from one place of one file, imported twice or not."""
        return self.kind, self.pattern, os.path.normcase(self.file), self.line

    @property
    def pattern_type(self) -> str:
        """What Cucumber Messages call the pattern: ``CUCUMBER_EXPRESSION`` or ``REGULAR_EXPRESSION``.

        They have no word for a format of ``parse`` or for somebody's own parser. Such a pattern is called an
        expression: in its braces it reads like one, and a tool that compiles it stumbles over ``{count:d}`` and says
        so, where as a regular expression it would compile and match nothing.
        """
        return "REGULAR_EXPRESSION" if isinstance(self.parser, parsers.re) else "CUCUMBER_EXPRESSION"

    @property
    def undefined_parameter_types(self) -> tuple[str, ...]:
        """What stands in its braces and is no parameter type so far: as long as there is any, it answers no step."""
        return self.parser.undefined if isinstance(self.parser, parsers.cucumber) else ()

    def __str__(self) -> str:
        return f'@{self.kind or "step"}("{self.pattern}") at {self.where}'


def told_place(file: str, line: int) -> str:
    """``file:line``, the file relative to the current folder if it lies below it."""
    path = Path(file)
    try:
        here = Path.cwd()
    except OSError:  # a scenario has removed the folder that it was in
        return f"{path}:{line}"
    return f"{path.relative_to(here) if path.is_relative_to(here) else path}:{line}"


def place_of(func: Callable[..., Any]) -> tuple[str, int]:
    """The file and the line of a function, of what it wraps if it is a wrapper; ``("", 0)`` if it has no code."""
    inner = inspect.unwrap(func)
    code = getattr(getattr(inner, "func", inner), "__code__", None)
    return (str(Path(code.co_filename).absolute()), code.co_firstlineno) if isinstance(code, CodeType) else ("", 0)
