"""What a process that runs scenarios starts for them: each service once, what it needs before it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldenpath.ports.adapter import Adapter, Address, StartContext
from goldenpath.stack.locks import FileLock

if TYPE_CHECKING:
    from goldenpath.domain.values import Resolution


class RunsServers:
    """The folder in which a run keeps what it starts, and a lock in it for each process that uses that.

    What was started ends when the last of these locks is free, however its process went.

    Args:
        folder: Made when the first service starts; gone when the run has ended.
        worker: This process: ``main``, or a worker's name.
    """

    def __init__(self, folder: Path, worker: str) -> None:
        self.folder = folder
        self.owner = folder / f"{worker}.lock"
        self._lock = FileLock(self.owner)
        self._is_held = False

    def live(self) -> None:
        """Say that this process lives, before anything is started for it."""
        if not self._is_held:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._is_held = self._lock.acquire()

    def leave(self) -> None:
        """Say that this process uses nothing any more."""
        self._lock.release()
        self._is_held = False

    def end(self) -> None:
        """Stop what was started for the run, and remove its folder (its main process, when all others have left)."""
        if self.folder.is_dir():
            if any(each.suffix != ".lock" for each in self.folder.iterdir()):
                from goldenpath.stack.client import Keeper

                if (keeper := Keeper.there(self.folder)) is not None:
                    keeper.stop()
            self.leave()
            shutil.rmtree(self.folder, ignore_errors=True)


class StartedServices:
    """Where the services of this process are: those that were started, and those that others run.

    Args:
        adapter: Gives the adapter of a name.
        context: Makes what an adapter is given to start: from its service, and the addresses of what it needs.
    """

    def __init__(
        self,
        adapter: Callable[[str], Adapter],
        context: Callable[[str, Mapping[str, Address]], StartContext],
    ) -> None:
        self._adapter = adapter
        self._context = context
        self._addresses: dict[tuple[str, str], Address] = {}

    async def address(self, service: str, resolution: Resolution) -> Address:
        """Where a service is; it is started if it was not. Nothing where its adapter starts nothing.

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
                needs = [need for need in adapter.needs if need not in adapter.services and need in resolution]
                addresses = {need: await self.address(need, resolution) for need in needs}
                known = await start(self._context(service, addresses))
            self._addresses[name, service] = known
        return known

    def known(self, adapter: str, service: str) -> Address | None:
        """Where a service is that was used so far; None for one that was not."""
        return self._addresses.get((adapter, service))
