"""What a process that runs scenarios starts for them: each service once, what it needs before it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.ports.adapter import Adapter, Address, StartContext
from goldenpath.stack.locks import FileLock

if TYPE_CHECKING:
    from goldenpath.domain.values import Resolution
    from goldenpath.stack.client import Keeper

SERVERS: Final = "servers"
"""Below the folder for timelines: what runs have started."""

UP: Final = "up"
"""Likewise: what ``goldenpath up`` has started."""


class RunsServers:
    """Where a process of a run finds who starts its servers, and the lock that says that it still uses them.

    That is a keeper of the run, which ends when the last of these locks is free, however its process went; or the one
    of ``goldenpath up``, where that is running, in which this process has a space of its own.

    Args:
        output: The folder for timelines and reports.
        run_id: The id of the run.
        worker: This process: ``main``, or a worker's name.
    """

    def __init__(self, output: Path, run_id: str, worker: str) -> None:
        self._own = output / SERVERS / run_id
        self._up = output / UP
        self._worker = worker
        self._run_id = run_id
        self.owner = self._own / f"{worker}.lock"
        self._lock = FileLock(self.owner)
        self._is_held = False

    @cached_property
    def folder(self) -> Path:
        """The folder of the keeper."""
        return self._up if self._is_up() else self._own

    @property
    def shared(self) -> Path:
        """Where the processes of the run share what they know; it goes with the run."""
        return self._own

    @property
    def space(self) -> str:
        """The name of what is started for this process alone."""
        return self._worker if self.folder is self._own else f"{self._run_id}-{self._worker}".lower()

    def live(self) -> None:
        """Say that this process lives, before anything is started for it."""
        if not self._is_held:
            self._own.mkdir(parents=True, exist_ok=True)
            self._is_held = self._lock.acquire()

    def end(self, *, is_last: bool) -> None:
        """Stop what was started for this process; for the run, with its last process."""
        if self._is_held and self.folder is self._up:
            _keeper(self._up, lambda keeper: keeper.release(self.space))
        if is_last and self._own.is_dir():
            if any(each.suffix != ".lock" for each in self._own.iterdir()):
                _keeper(self._own, lambda keeper: keeper.stop())
            self._leave()
            shutil.rmtree(self._own, ignore_errors=True)
        self._leave()

    def _leave(self) -> None:
        self._lock.release()
        self._is_held = False

    def _is_up(self) -> bool:
        if not self._up.is_dir():
            return False
        from goldenpath.stack.client import Keeper

        return Keeper.there(self._up) is not None


def _keeper(folder: Path, do: Callable[[Keeper], None]) -> None:
    """Ask a keeper for something, if it is there; one that ends meanwhile has nothing left to do."""
    from goldenpath.stack.client import Keeper

    if (keeper := Keeper.there(folder)) is not None:
        with suppress(ServiceUnavailable):
            do(keeper)


class StartedServices:
    """Where the services of this process are: those that were started, and those that others run.

    Args:
        adapter: Gives the adapter of a name.
        context: Makes what an adapter is given to start: from its service, the addresses of what it needs, and what
            will be started with it.
    """

    def __init__(
        self,
        adapter: Callable[[str], Adapter],
        context: Callable[[str, Mapping[str, Address], tuple[str, ...]], StartContext],
    ) -> None:
        self._adapter = adapter
        self._context = context
        self._addresses: dict[tuple[str, str], Address] = {}

    async def address(self, service: str, resolution: Resolution, along: tuple[str, ...] = ()) -> Address:
        """Where a service is; it is started if it was not. Nothing where its adapter starts nothing.

        Args:
            service: The service.
            resolution: What answers it, and what it needs.
            along: The services for which it is started; they will be, too.

        Raises:
            ServiceUnavailable: It does not start.
        """
        name = resolution[service].adapter
        known = self._addresses.get((name, service))
        if known is None:
            adapter: Any = self._adapter(name)
            start = getattr(adapter, "start", None)
            if start is None:
                known = {}
            else:
                needs = [need for need in adapter.needs if need not in adapter.services and resolution.answering(need)]
                along = tuple(dict.fromkeys((*along, service, *needs)))
                addresses = {need: await self.address(need, resolution, along) for need in needs}
                wanted = tuple(each for each in along if resolution[each].tier is adapter.tier)
                known = await start(self._context(service, addresses, wanted))
            self._addresses[name, service] = known
        return known

    def known(self, adapter: str, service: str) -> Address | None:
        """Where a service is that was used so far; None for one that was not."""
        return self._addresses.get((adapter, service))
