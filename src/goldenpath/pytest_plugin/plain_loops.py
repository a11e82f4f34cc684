"""Who runs an ``async`` test, and on which loop: pytest-asyncio, anyio, or nobody, and then we do.

Classes of ``unittest`` call their tests themselves; where such a class lets go of a coroutine, nobody ever awaits it.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Mapping
from typing import Any

import pytest


def is_ours_to_await(item: Any) -> bool:
    """Whether nobody else awaits what is asynchronous in a test and its fixtures: it may also be no coroutine."""
    return not (_is_of_pytest_asyncio(item) or _is_of_anyio(item))


def is_never_awaited(item: Any) -> bool:
    """Whether a test is a coroutine that its ``unittest`` class makes and drops.

    Classes that call their tests in a way of their own (``IsolatedAsyncioTestCase``, Django's, Twisted's) await them.
    """
    unittest: Any = sys.modules.get("unittest")
    if unittest is None or item.cls is None or not issubclass(item.cls, unittest.TestCase):
        return False
    calls_it_plainly = all(
        getattr(item.cls, name, None) is getattr(unittest.TestCase, name, None)
        for name in ("run", "__call__", "_callTestMethod")
    )
    test = getattr(item.cls, item.originalname or item.name, None)
    return calls_it_plainly and (inspect.iscoroutinefunction(test) or inspect.isasyncgenfunction(test))


def loop_of(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoop | None:
    """The loop on which another plugin is about to run a test; None where it is ours, or is not known yet.

    It lives for as long as the fixture that asks here.
    """
    item: Any = request.node
    if _is_of_pytest_asyncio(item):
        # Asked for from the fixture that needs it, so that the loop is closed after that fixture.
        try:
            runner = request.getfixturevalue(f"_{item._loop_scope}_scoped_runner")
        except (AttributeError, pytest.FixtureLookupError):
            return None  # another version: the loop is known when a port is first used on it
        return runner.get_loop()  # type: ignore[no-any-return]
    return _anyio_loop(request) if _is_of_anyio(item) else None


def _is_of_pytest_asyncio(item: Any) -> bool:
    plugin: Any = sys.modules.get("pytest_asyncio.plugin")
    return plugin is not None and isinstance(item, getattr(plugin, "PytestAsyncioFunction", ()))


def _is_of_anyio(item: Any) -> bool:
    return (
        "anyio.pytest_plugin" in sys.modules
        and "anyio_backend" in item.fixturenames
        and inspect.iscoroutinefunction(item.obj)
    )


def _anyio_loop(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoop | None:
    """The loop of anyio's runner, kept until the fixture that asks has ended; None on another backend than asyncio."""
    plugin: Any = sys.modules["anyio.pytest_plugin"]
    backend: str | tuple[str, Mapping[str, Any]] = request.getfixturevalue("anyio_backend")
    name, options = (backend, {}) if isinstance(backend, str) else backend
    if name != "asyncio":
        pytest.fail(
            f"the services speak asyncio, and this test runs on {name}\n"
            '  try: a fixture anyio_backend that returns "asyncio"',
            pytrace=False,
        )
    lease = plugin.get_runner(name, options)
    runner = lease.__enter__()
    request.addfinalizer(lambda: lease.__exit__(None, None, None))
    return runner.get_loop()  # type: ignore[no-any-return]
