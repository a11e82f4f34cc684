"""Hooks: what runs before and after a scenario, a step, or the whole run.

::

    @before_scenario
    async def _(gp_database: Database) -> None: ...

    @after_step("@slow and not @draft", name="take a picture")
    def _(step: Step) -> None: ...

    @before_run
    def _() -> None: ...

Before hooks run in the order in which they are defined, those of farther scopes first; after hooks the other way round.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, Protocol, TypeVar, cast, overload

from goldenpath.bdd.definitions import place_of, told_place
from goldenpath.domain.errors import StepError, TagExpressionError

F = TypeVar("F", bound=Callable[..., Any])
When = Literal["before_scenario", "after_scenario", "before_step", "after_step", "before_run", "after_run"]

_OF_MESSAGES: Final[dict[When, str]] = {
    "before_scenario": "BEFORE_TEST_CASE",
    "after_scenario": "AFTER_TEST_CASE",
    "before_step": "BEFORE_TEST_STEP",
    "after_step": "AFTER_TEST_STEP",
    "before_run": "BEFORE_TEST_RUN",
    "after_run": "AFTER_TEST_RUN",
}


class _TagExpression(Protocol):
    def evaluate(self, values: Iterable[str]) -> bool: ...


@dataclass(frozen=True, eq=False)
class HookDefinition:
    """A hook, as its decorator left it behind. Two of them are equal only if they are the same object.

    Attributes:
        when: When it runs.
        func: Its function.
        tags: The tag expression that a scenario must fit; empty for every scenario.
        name: What reports call it; None for none.
        file: The absolute path of the function's file.
        line: Of the function, its decorators included; from 1.
        number: Which one it is of the hooks of its module that run at this time; from 1.
    """

    when: When
    func: Callable[..., Any]
    tags: str = ""
    name: str | None = None
    file: str = ""
    line: int = 0
    number: int = field(default=1, repr=False)

    @property
    def where(self) -> str:
        """``file:line``, the file relative to the current folder if it lies below it."""
        return told_place(self.file, self.line)

    @property
    def place(self) -> tuple[str, str, int]:
        """What two definitions have in common that come from one place of one file, imported twice or not."""
        return self.when, os.path.normcase(self.file), self.number

    @property
    def message_type(self) -> str:
        """What Cucumber Messages call its time, e.g. ``BEFORE_TEST_CASE``."""
        return _OF_MESSAGES[self.when]

    def fits(self, tags: Iterable[str]) -> bool:
        """Whether it runs for a scenario with these tags, each with its ``@``."""
        return not self.tags or self._expression.evaluate(tags)

    @cached_property
    def _expression(self) -> _TagExpression:
        return _parsed(self.tags, self.where)

    def __str__(self) -> str:
        said = ", ".join([f'"{self.tags}"'] * bool(self.tags) + [f'name="{self.name}"'] * bool(self.name))
        return f"@{self.when}{f'({said})' if said else ''} at {self.where}"


@overload
def before_scenario(tags: F, /) -> F: ...
@overload
def before_scenario(tags: str = "", /, *, name: str | None = None) -> Callable[[F], F]: ...
def before_scenario(tags: Any = "", /, *, name: str | None = None) -> Any:
    """Run a function before the steps of each scenario; if it fails, the steps are skipped.

    Args:
        tags: A Cucumber tag expression that the scenario's tags must fit; without one it runs for every scenario.
        name: What reports call it.

    Raises:
        StepError: The function does not stand at the top level of its module, or the argument is no text.
        TagExpressionError: The tag expression does not parse.
    """
    return _hook("before_scenario", tags, name)


@overload
def after_scenario(tags: F, /) -> F: ...
@overload
def after_scenario(tags: str = "", /, *, name: str | None = None) -> Callable[[F], F]: ...
def after_scenario(tags: Any = "", /, *, name: str | None = None) -> Any:
    """Run a function after each scenario, however it ended; for the arguments see ``before_scenario``."""
    return _hook("after_scenario", tags, name)


@overload
def before_step(tags: F, /) -> F: ...
@overload
def before_step(tags: str = "", /, *, name: str | None = None) -> Callable[[F], F]: ...
def before_step(tags: Any = "", /, *, name: str | None = None) -> Any:
    """Run a function before each step, which it can take as ``step``; for the arguments see ``before_scenario``."""
    return _hook("before_step", tags, name)


@overload
def after_step(tags: F, /) -> F: ...
@overload
def after_step(tags: str = "", /, *, name: str | None = None) -> Callable[[F], F]: ...
def after_step(tags: Any = "", /, *, name: str | None = None) -> Any:
    """Run a function after each step that ran, which it can take as ``step``; see ``before_scenario``."""
    return _hook("after_step", tags, name)


@overload
def before_run(func: F, /) -> F: ...
@overload
def before_run(*, name: str | None = None) -> Callable[[F], F]: ...
def before_run(func: Any = "", /, *, name: str | None = None) -> Any:
    """Run a function before the first scenario. It takes no fixtures: there is no scenario yet.

    Args:
        func: The function, where the decorator has no parentheses.
        name: What reports call it.

    Raises:
        StepError: The function does not stand at the top level of its module, or there is a tag expression.
    """
    return _hook("before_run", func, name)


@overload
def after_run(func: F, /) -> F: ...
@overload
def after_run(*, name: str | None = None) -> Callable[[F], F]: ...
def after_run(func: Any = "", /, *, name: str | None = None) -> Any:
    """Run a function after the last scenario; for the arguments see ``before_run``."""
    return _hook("after_run", func, name)


def _hook(when: When, tags: Any, name: str | None) -> Any:
    frame = sys._getframe(2)  # noqa: SLF001 - the only way to know where the decorator stands
    where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    if callable(tags):
        _leave(when, tags, "", name, depth=3)
        return tags
    if not isinstance(tags, str):
        raise StepError(f"{tags!r} is no tag expression", where=where, try_next=f'write @{when}("@a and not @b")')
    if tags and when in {"before_run", "after_run"}:
        raise StepError(
            f"@{when} takes no tags: a run has none", where=where, try_next=f'write @{when} or @{when}(name="...")'
        )
    if tags:
        _parsed(tags, where)

    def decorate(func: F) -> F:
        _leave(when, func, tags, name, depth=2)
        return func

    return decorate


def _leave(when: When, func: Callable[..., Any], tags: str, name: str | None, *, depth: int) -> None:
    """Put a hook into the module that it stands in; public and with the module in its name, as sentences are.

    Within a function or a class nobody would find it, and what it should do would never be done.
    """
    frame = sys._getframe(depth)  # noqa: SLF001
    where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    if frame.f_locals is not frame.f_globals:
        raise StepError(
            f"@{when} stands within a function or a class, where nobody finds it",
            where=where,
            try_next="write the hook at the top level of its module",
        )
    namespace = frame.f_globals
    base = f"goldenpath_hook:{namespace.get('__name__', '')}:{when}:"
    number = 1 + sum(key.startswith(base) for key in namespace)
    file, line = place_of(func)
    namespace[f"{base}{number}"] = HookDefinition(
        when=when,
        func=func,
        tags=tags,
        name=name,
        file=file or frame.f_code.co_filename,
        line=line or frame.f_lineno,
        number=number,
    )


def _parsed(tags: str, where: str) -> _TagExpression:
    from cucumber_tag_expressions import TagExpressionError as NotParsed
    from cucumber_tag_expressions import parse

    try:
        parsed = cast("_TagExpression", parse(tags))  # type: ignore[no-untyped-call]
        parsed.evaluate(())  # as deep as it will ever go
    except NotParsed as error:
        problem = str(error).partition(" (expressions=")[0]
        raise TagExpressionError(f"this tag expression does not parse:\n{problem}", where=where) from None
    except RecursionError:
        raise TagExpressionError("this tag expression is nested too deeply", where=where) from None
    return parsed
