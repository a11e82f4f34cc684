"""Ports that a team has written: ``port = "module:factory"`` in the settings.

The factory, a class or a function, is called with those of ``url``, ``settings`` (the service's table) and ``context``
that it takes, by name. What it gives is the port; where that is an asynchronous context manager, what it enters.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, Final

from goldenpath.domain.errors import SettingsError
from goldenpath.domain.values import Availability
from goldenpath.ports.adapter import OpenContext

_TRY: Final = 'port = "package.module:name" of a class or a function'


@asynccontextmanager
async def open_port(service: str, url: str, table: Mapping[str, Any], context: OpenContext) -> AsyncIterator[Any]:
    """See ``goldenpath.wire.opening.open_port``."""
    made = called(factory(service, str(table["port"])), url=url, settings=table, context=context)
    if hasattr(made, "__aenter__"):
        async with made as port:
            yield port
    else:
        yield made


def capabilities(service: str, table: Mapping[str, Any]) -> frozenset[str]:
    """What the factory's attribute ``capabilities`` says; nothing without one."""
    return frozenset(getattr(factory(service, str(table["port"])), "capabilities", ()))


def check(service: str, table: Mapping[str, Any]) -> None:
    """See ``goldenpath.wire.opening.check``: whether the factory can be imported and called."""
    factory(service, str(table["port"]))


async def probe(service: str, url: str, table: Mapping[str, Any]) -> Availability:
    """Whether the document that ``health`` names is there, ``/`` of the address without it."""
    from goldenpath.resolution.probes import probe_http

    return await probe_http(url.rstrip("/") + str(table.get("health", "/")))


def factory(service: str, name: str, key: str = "port") -> Callable[..., Any]:
    """What a setting names as ``module:name``.

    Args:
        service: Whose setting it is, for what an error says.
        name: The module and what is looked for in it.
        key: The key of the setting below the service's table.

    Raises:
        SettingsError: The module cannot be imported, or has nothing of that name that can be called.
    """
    where = f"services.{service}.{key}"
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise SettingsError(f"{name!r} names no module and what is in it", where=where, try_next=_TRY)
    try:
        found: Any = import_module(module)
    except Exception as error:
        said = f"{name!r} cannot be imported: {type(error).__name__}: {error}"
        raise SettingsError(
            said, where=where, try_next="put the module into the project's root, or install it"
        ) from error
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise SettingsError(f"{module} has nothing that can be called {attribute!r}", where=where, try_next=_TRY)
    result: Callable[..., Any] = found
    return result


def called(make: Callable[..., Any], **offered: Any) -> Any:
    """What a factory gives, called with what it takes of what is offered."""
    takes = inspect.signature(make).parameters.values()
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in takes):
        return make(**offered)
    return make(**{each.name: offered[each.name] for each in takes if each.name in offered})
