"""Opening a scenario's adapters: each when it is first used, what it needs before it, all closed at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

from goldenpath.domain.errors import GoldenPathError, MissingCapability, ServiceUnavailable
from goldenpath.domain.values import Resolution
from goldenpath.ports.adapter import Adapter, Address, OpenContext

OPENING: Final = 30.0
"""Seconds that one adapter gets to open."""

CLOSING: Final = 5.0
"""Seconds that all adapters of a scenario get to close."""


@dataclass(frozen=True, slots=True)
class _Request:
    service: str
    answer: asyncio.Future[Any]


class OpenAdapters:
    """The adapters of one scenario.

    They are opened and closed in one task of their own: a step may use a service first in a task that ends
    long before the scenario does, and what was entered in one task cannot be left in another.

    Args:
        resolution: What answers each service.
        adapter: Gives the adapter of a name.
        context: Makes what an adapter is given: from the service that it answers first, what it needs, and where it is.
        address: Where a service is; it starts what is to be started.
    """

    def __init__(
        self,
        resolution: Resolution,
        adapter: Callable[[str], Adapter],
        context: Callable[[str, tuple[str, ...], Address], OpenContext],
        address: Callable[[str], Awaitable[Address]],
    ) -> None:
        self._resolution = resolution
        self._adapter = adapter
        self._context = context
        self._address = address
        self._ports: dict[str, Any] = {}
        self._requests: asyncio.Queue[_Request | None] = asyncio.Queue()
        self._keeper: asyncio.Task[BaseException | None] | None = None
        self._closing = False

    @property
    def opened_any(self) -> bool:
        """Whether an adapter was opened, or tried to be."""
        return self._keeper is not None

    def refuse(self) -> None:
        """Open nothing from now on: the scenario is over."""
        self._closing = True

    async def port(self, service: str) -> Any:
        """The port of a service; its adapter is opened if it was not.

        Raises:
            MissingCapability: Nothing answers this service in this run.
            ServiceUnavailable: The service is lost.
            GoldenPathError: The scenario is over.
        """
        if service in self._ports:
            return self._ports[service]
        if self._closing:
            raise GoldenPathError(f"{service} was used after its scenario was over", where=service)
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep(), name="the scenario's adapters")
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._requests.put_nowait(_Request(service, answer))
        await asyncio.wait({answer, self._keeper}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            raise ServiceUnavailable(service, "the adapters of this scenario were closed while it was asked for")
        return answer.result()

    async def close(self) -> None:
        """Close what was opened, in the opposite order. What one of them still needs while it closes stays open.

        Raises:
            TimeoutError: Something did not close in time; it is left behind, cancelled.
            BaseException: Whatever an adapter raised while it was closed.
        """
        self._closing = True
        if self._keeper is None:
            return
        self._requests.put_nowait(None)
        # Not wait_for: that waits for ever for what holds on to its cancellation.
        done, late = await asyncio.wait({self._keeper}, timeout=CLOSING)
        self._ports.clear()
        for keeper in late:
            keeper.cancel()
            raise TimeoutError(f"it was still closing after {CLOSING:g} s")
        for keeper in done:
            if (error := keeper.result()) is not None:
                raise error

    async def _keep(self) -> BaseException | None:
        """Open and close; give what was raised meanwhile, since a task that raises SystemExit would end the loop."""
        try:
            async with AsyncExitStack() as stack:
                while (request := await self._requests.get()) is not None:
                    await self._answer(request, stack)
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise
        except BaseException as error:  # noqa: BLE001  # an adapter is anybody's code
            return error
        return None

    async def _answer(self, request: _Request, stack: AsyncExitStack) -> None:
        try:
            port = await self._open(request.service, stack)
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise
        except BaseException as error:  # noqa: BLE001  # whoever asked gets it
            if not request.answer.done():
                request.answer.set_exception(error)
        else:
            if not request.answer.done():
                request.answer.set_result(port)

    async def _open(self, service: str, stack: AsyncExitStack) -> Any:
        if service in self._ports:
            return self._ports[service]
        if self._resolution.answering(service) is None:
            raise MissingCapability(self._why_not(service), where=service)
        adapter = self._adapter(self._resolution[service].adapter)
        # What others run may stand over something that nothing answers here: it sees its own.
        answered = self._resolution.answering
        needs = tuple(need for need in adapter.needs if need not in adapter.services and answered(need))
        for need in needs:
            await self._open(need, stack)
        address = await self._address(service)
        ports = await self._enter(service, adapter.open(self._context(service, needs, address)), stack)
        # Of an adapter's services only those that it was chosen for: another may answer the others.
        for each, port in ports.items():
            answering = answered(each)
            if answering is not None and answering.adapter == self._resolution[service].adapter:
                self._ports[each] = port
        return self._ports[service]

    async def _enter(
        self, service: str, opening: AbstractAsyncContextManager[Mapping[str, Any]], stack: AsyncExitStack
    ) -> Mapping[str, Any]:
        """The ports of an adapter.

        Raises:
            ServiceUnavailable: It did not open in time.
            GoldenPathError: It opened, and gives no port for the service.
        """
        deadline = asyncio.timeout(OPENING)
        try:
            async with deadline:
                ports: object = await stack.enter_async_context(opening)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise ServiceUnavailable(service, f"it did not open within {OPENING:g} s") from None
        if not isinstance(ports, Mapping) or service not in ports:
            name = self._resolution[service].adapter
            raise GoldenPathError(f"the adapter {name!r} opened, but gave no port for {service!r}", where=service)
        return ports

    def _why_not(self, service: str) -> str:
        for each in self._resolution.unanswered:
            if each.service == service:
                return f"nothing answers {service}: {each.reason}"
        return f"this project has no service {service!r}"
