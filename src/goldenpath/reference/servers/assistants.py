"""The assistant in a server: what breaks in a run is logged, and runs are told when the server ends."""

from __future__ import annotations

import asyncio

from goldenpath.domain.errors import Conflict
from goldenpath.reference.assistant import Assistant
from goldenpath.reference.narration import RunContext
from goldenpath.reference.servers.log import LOGGER


class ServedAssistant(Assistant):
    """An assistant that lives as long as its server."""

    async def wind_up(self) -> bool:
        """Take no more questions and interrupt every run: each ends with ``agent_failed``, code ``interrupted``.

        Returns:
            Whether any was at work.
        """
        self._down = True
        at_work = [work.run for work in self.at_work.values()]
        await self.halt()
        await asyncio.gather(*(self._interrupted(run) for run in at_work))
        return bool(at_work)

    async def come_back(self) -> None:
        """Take up after a crash of the server: end what the one before left at work.

        The crash is told here, too, where faults hear of it: the process that it ended could not.
        """
        await self.crash()
        await self.restart()

    def _ended(self, run_id: str, task: asyncio.Task[None]) -> None:
        self.at_work.pop(run_id, None)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            LOGGER.error("a run broke", exc_info=error)

    async def _interrupted(self, run: RunContext) -> None:
        try:
            await self.interrupt(run)
        except Conflict:
            pass  # it came to its end by itself
        except Exception:  # noqa: BLE001 - the others are to be told, whatever this one breaks on
            LOGGER.exception("a run could not be told of its interruption")
