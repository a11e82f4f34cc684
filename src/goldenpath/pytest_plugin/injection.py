"""Values and fixtures of one scenario that pytest itself would not give: ``target_fixture`` and async fixtures."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest
from _pytest.scope import Scope

if TYPE_CHECKING:
    from goldenpath.pytest_plugin.run import Run
    from goldenpath.runtime.loop import ScenarioTask

T = TypeVar("T")


class Injected:
    """A value under a fixture's name, for the rest of one scenario: as much of a fixture definition as pytest asks for.

    pytest-bdd registers a fixture for each value (https://github.com/pytest-dev/pytest-bdd, ``compat.inject_fixture``);
    a definition that only one request knows costs a fortieth of that and leaves nothing behind.
    """

    scope = "function"
    _scope = Scope.Function
    argnames = ()
    params = None

    def __init__(self, name: str, value: object) -> None:
        self.argname = name
        self.cached_result = (value, None, None)

    def func(self) -> object:
        """The value, as the fixture's function would give it."""
        return self.cached_result[0]

    def addfinalizer(self, finalizer: Callable[[], object]) -> None:
        """Nothing depends on the end of a value."""


def inject(request: pytest.FixtureRequest, name: str, value: object) -> None:
    """Let ``name`` mean ``value`` for the steps and fixtures that are still to come in this scenario."""
    request._fixture_defs[name] = cast("Any", Injected(name, value))


@pytest.hookimpl(wrapper=True, trylast=True)
def run_async_fixture(run: Run, fixturedef: Any, request: Any) -> Generator[None, T, T]:
    """Set an async fixture up on our loop, for a scenario, where no other plugin has taken it.

    Plugins that run async fixtures put a function that is not async in their place; what is still async here
    is nobody's. A fixture of function scope runs in the scenario's task; a wider one has a task of its own, so
    that it ends where it began.
    """
    func = fixturedef.func
    if not (inspect.iscoroutinefunction(func) or inspect.isasyncgenfunction(func)):
        return (yield)
    task = getattr(request._pyfuncitem, "task", None)
    if task is None:
        return (yield)
    if fixturedef.scope != "function":
        task = run.loop.scenario(f"fixture {fixturedef.argname}")
        fixturedef.addfinalizer(task.close)
    fixturedef.func = _on_task(func, task)
    try:
        return (yield)
    finally:
        fixturedef.func = func


def _on_task(func: Callable[..., Any], task: ScenarioTask) -> Callable[..., Any]:
    """The same fixture as pytest knows it: a function, or a generator with its end after the ``yield``."""
    if inspect.iscoroutinefunction(func):

        def value(**arguments: Any) -> Any:
            return task.run(func(**arguments))

        return value

    def values(**arguments: Any) -> Generator[Any, None, None]:
        generator = func(**arguments)
        yield task.run(first(generator))
        task.run(rest(generator))

    return values


async def first(generator: AsyncGenerator[T, None]) -> T:
    """What an async generator yields first.

    Raises:
        ValueError: It yields nothing.
    """
    try:
        return await anext(generator)
    except StopAsyncIteration:
        raise no_value(generator) from None


async def rest(generator: AsyncGenerator[Any, None]) -> None:
    """What an async generator does after its one ``yield``.

    Raises:
        ValueError: It yields again.
    """
    async for _ in generator:
        await generator.aclose()
        raise second_value(generator)


def no_value(generator: object) -> ValueError:
    """The error for a generator that ends without a ``yield``."""
    return ValueError(f"{getattr(generator, '__name__', 'it')} did not yield a value")


def second_value(generator: object) -> ValueError:
    """The error for a generator that goes on after its ``yield`` to another one."""
    return ValueError(f"{getattr(generator, '__name__', 'it')} has more than one 'yield'")
