"""The observing proxy: every operation on a port leaves an observation, whoever calls it."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import lru_cache
from types import CoroutineType, TracebackType
from typing import Any, cast

from goldenpath.ports.events import Connection, Event


@dataclass(slots=True)  # not frozen: made for every operation, and freezing costs more than all else of it
class Seen:
    """One operation as the proxy saw it, before it becomes an observation of a scenario."""

    service: str
    caller: str
    operation: str
    outcome: str
    seconds: float
    given: Mapping[str, Any]
    answer: Any


Observer = Callable[[Seen], None]
"""Told when an operation ended, or an event arrived: the opened scenario."""

PortGetter = Callable[[], Awaitable[Any]]
"""Gives a port, opening its adapter first where that was not done yet."""


class ObservedPort:
    """A port's operations for one caller: opened when the first is awaited, observed each time.

    Args:
        service: Whose port it is.
        caller: Who calls: ``scenario``, or the service to whose adapter the port was handed.
        protocol: What the port promises; None where it is not known.
        promised_only: Whether nothing but what the protocol promises can be reached. A service may use all that
            an adapter gives.
        port: Gives the port itself, opening its adapter when that was not done yet.
        observer: Told of each operation.
        made: Told of each call of an operation, before anybody awaits it.
    """

    def __init__(
        self,
        service: str,
        caller: str,
        protocol: type | None,
        port: PortGetter,
        observer: Observer,
        *,
        promised_only: bool = True,
        made: Callable[[Operation], object] = lambda _: None,
    ) -> None:
        self._service = service
        self._caller = caller
        self._operations = operations(protocol) if protocol is not None else {}
        self._closed = protocol is not None and promised_only
        self._port = port
        self._observer = observer
        self._made = made

    def __getattr__(self, name: str) -> Callable[..., Operation]:
        if name.startswith("_") or (self._closed and name not in self._operations):
            has = f"; it has {', '.join(self._operations)}" if self._closed else ""
            raise AttributeError(f"the port of {self._service!r} has no operation {name!r}{has}")
        parameters = self._operations.get(name)

        def operation(*args: Any, **kwargs: Any) -> Operation:
            called = Operation(
                _Call(self._service, self._caller, name, self._port, self._observer, parameters, args, kwargs)
            )
            self._made(called)
            return called

        operation.__name__ = name
        return operation

    def __dir__(self) -> list[str]:
        return list(self._operations)

    def __repr__(self) -> str:
        return f"<the port of {self._service!r}, called by {self._caller!r}>"


@dataclass(slots=True)  # not frozen, as ``Seen``
class _Call:
    """One call of one operation, not yet made."""

    service: str
    caller: str
    name: str
    port: PortGetter
    observer: Observer
    parameters: tuple[str, ...] | None
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def on(self, port: Any) -> Any:
        return getattr(port, self.name)(*self.args, **self.kwargs)

    def tell(self, outcome: str, begun: float, port: Any, answer: Any) -> None:
        seconds = time.perf_counter() - begun
        self.observer(Seen(self.service, self.caller, self.name, outcome, seconds, self._given(port), answer))

    def tell_more(self, operation: str, given: Mapping[str, Any], answer: Any) -> None:
        self.observer(Seen(self.service, self.caller, operation, "ok", 0.0, given, answer))

    def _given(self, port: Any) -> Mapping[str, Any]:
        if not self.args:
            return self.kwargs
        names = self.parameters if self.parameters is not None else _parameters(getattr(port, self.name, None))
        unnamed = (f"argument {place + 1}" for place in range(len(names), len(self.args)))
        return dict(zip((*names, *unnamed), self.args, strict=False)) | self.kwargs


class Operation(Coroutine[Any, Any, Any]):
    """One call of an operation: to be awaited, or to be entered where the operation is a context manager."""

    def __init__(self, call: _Call) -> None:
        self._call = call
        self._entered: AbstractAsyncContextManager[Any] | None = None
        # The coroutine knows nothing of this object: in a cycle, one that nobody awaited would be told of late.
        self._coroutine = cast("CoroutineType[Any, Any, Any]", _observed(call, _await))
        self._coroutine.__qualname__ = self.name = f"{call.service}.{call.name}"

    @property
    def is_waiting(self) -> bool:
        """Whether nobody has awaited, entered or closed it so far."""
        return inspect.getcoroutinestate(self._coroutine) == inspect.CORO_CREATED

    def __await__(self) -> Generator[Any, None, Any]:
        return self._coroutine.__await__()

    async def __aenter__(self) -> Any:
        async def enter(call: _Call, port: Any) -> Any:
            self._entered = call.on(port)
            return await self._entered.__aenter__()

        self._coroutine.close()
        return await _observed(self._call, enter)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        if self._entered is None:
            return None
        return await self._entered.__aexit__(kind, error, traceback)

    def send(self, value: Any) -> Any:
        """Go on with ``value`` (as a coroutine does)."""
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """Raise inside (as a coroutine does)."""
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """Give up (as a coroutine does)."""
        self._coroutine.close()


async def _observed(call: _Call, act: Callable[[_Call, Any], Awaitable[Any]]) -> Any:
    """Make a call and tell how it ended; a connection that it gives is watched."""
    begun = time.perf_counter()
    port = None
    try:
        port = await call.port()
        begun = time.perf_counter()
        answer = await act(call, port)
    except BaseException as error:
        call.tell(type(error).__name__, begun, port, str(error))
        raise
    call.tell("ok", begun, port, answer)
    if isinstance(answer, Connection):
        answer.watch(_Window(call))
    return answer


async def _await(call: _Call, port: Any) -> Any:
    answer = call.on(port)
    return await answer if inspect.isawaitable(answer) else answer


class _Window:
    """The watcher of one open connection: what arrives and what is done over it are observations too."""

    __slots__ = ("_call",)

    def __init__(self, call: _Call) -> None:
        self._call = call

    def event(self, event: Event) -> None:
        self._call.tell_more("event", {}, event)

    def operation(self, name: str, **payload: object) -> None:
        self._call.tell_more(name, payload, None)


@lru_cache(maxsize=64)
def operations(protocol: type) -> dict[str, tuple[str, ...]]:
    """The operations that a port's protocol promises, in its order, each with the names of its parameters."""
    found: dict[str, tuple[str, ...]] = {}
    for base in reversed(protocol.__mro__):
        for name, member in vars(base).items():
            if not name.startswith("_") and inspect.isfunction(member):
                found[name] = tuple(inspect.signature(member).parameters)[1:]
    return found


def _parameters(member: Any) -> tuple[str, ...]:
    """The names of what a method takes by place; a wrapper that keeps ``__wrapped__`` is looked through."""
    code = getattr(inspect.unwrap(getattr(member, "__func__", member)), "__code__", None)
    if code is None:
        return ()
    names: tuple[str, ...] = code.co_varnames[: code.co_argcount]
    return names[1:] if names[:1] == ("self",) else names
