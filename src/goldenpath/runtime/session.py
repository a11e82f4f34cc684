"""One run in one process: what answers, what happened, and where that is written."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from goldenpath.config import Settings
from goldenpath.domain.errors import UsageError
from goldenpath.domain.redaction import Redactor
from goldenpath.domain.route import variables
from goldenpath.domain.timeline import RejectedCandidate, RunFinished, RunStarted, ServiceResolved
from goldenpath.domain.values import Availability, Choice, Resolution, Tier
from goldenpath.ports.adapter import Address, StartContext
from goldenpath.reference import faults
from goldenpath.resolution import Registry, candidates, probe, resolve, resolve_for, without
from goldenpath.resolution.pulling import PULL
from goldenpath.resolution.sharing import shared_probe
from goldenpath.runtime.loop import Loop, ScenarioTask
from goldenpath.runtime.losing import gone, may_be_a_loss, named
from goldenpath.runtime.scenario import OpenedScenario, ScenarioInfo
from goldenpath.runtime.starting import RunsServers, StartedServices
from goldenpath.runtime.timeline import Bus, TimelineWriter, now
from goldenpath.store.joining import Record
from goldenpath.store.runs import MAIN, RunFolder, read
from goldenpath.store.streams import Kind, MessageParts

__all__ = ["OpenedScenario", "RunSession", "ScenarioInfo"]

INTERRUPTED: Final = 2
"""pytest's exit status of a run that was interrupted."""


class RunSession:
    """One run in one process: what answers, what happened, and where that is written.

    Args:
        settings: What was asked for.
        registry: The adapters that there are.
        root: The project's folder; ``settings.output`` is relative to it.
        worker: This process: ``main``, or a worker's name.
        run_id: The id of the run, the same in all of its processes.
        command: The arguments of the command line, for the record.
        loop: The loop of the process.
        workers: How many processes run scenarios.
        tell: Shows a line to whoever waits for something that takes long.

    Attributes:
        scripts: Files with more scripts for the assistant, as absolute paths.
        started: What this process has started.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        *,
        root: Path,
        worker: str,
        run_id: str,
        command: tuple[str, ...],
        loop: Loop,
        workers: int = 1,
        tell: Callable[[str], None] = partial(print, file=sys.stderr, flush=True),  # noqa: B008
    ) -> None:
        self.settings = settings
        self.registry = registry.configured(settings.service_settings, root)
        self.root = root
        self.worker = worker
        self.run_id = run_id
        self.bus = Bus()
        self.redactor = Redactor("" if worker == MAIN else f"{worker}.")
        self._command = command
        self._tell = tell
        self._loop = loop
        self._resolution: Resolution | None = None
        self._availability: Mapping[str, Availability] = {}
        self._at_first: Mapping[str, Availability] = {}
        self._gone: dict[str, str] = {}
        self.workers = workers
        self._folder = RunFolder(root / settings.output, run_id, worker)
        self._writer = TimelineWriter(self._folder, self.redactor)
        self._messages = MessageParts(self._folder.parts, worker)
        self._servers = RunsServers(root / settings.output, run_id, worker)
        self.scripts = tuple(root / each for each in settings.scripts)
        self.started = StartedServices(self.registry.__getitem__, self._start_context)
        for variable in variables(settings.service_settings):
            if secret := os.environ.get(variable):
                self.redactor.mark(secret, "secret")
        self._begun = time.perf_counter()
        self.bus.listen(self._writer.write)

    @property
    def resolution(self) -> Resolution:
        """What answers each service; settled when it is first asked for, and anew when a service was lost.

        Raises:
            UsageError: What was asked for cannot be had, or there is no such fault.
        """
        if self._resolution is None:
            if self.settings.fault is not None:
                faults.find(self.settings.fault)
            self._availability = self._at_first = self._loop.run(self._look())
            self._resolution = resolve(self.settings, self.registry, self._availability)
            self._check_tags(self._resolution)
        return self._resolution

    async def _look(self) -> Mapping[str, Availability]:
        """What is seen of all candidates; the workers of a run share one look."""
        PULL.set(self.settings.pull)
        found = candidates(self.settings, self.registry)
        if self.worker == MAIN:
            return await probe(found, self.settings.probe_deadline)
        return await shared_probe(self._servers.shared, found, self.settings.probe_deadline)

    def resolution_for(self, tags: Sequence[str], path: str, needs: Collection[str] = ()) -> Resolution:
        """What answers each service in one test: what the run resolved, as far as the test demands nothing else.

        Args:
            tags: Its tags or markers.
            path: Its file, relative to the root of the project.
            needs: The capabilities that it needs, as ``service.capability``.
        """
        resolution = self.resolution
        if tags or self.settings.paths:
            resolution = resolve_for(self.settings, self.registry, self._availability, tags, path)
            if self._gone and self.resolution.fallback and not resolution.fallback:
                # Where all else may fall back, what may not keeps what the run began with: to lose it is an error.
                resolution = resolve_for(self.settings, self.registry, self._at_first, tags, path)
        if not resolution.fallback or all(resolution.can(need) for need in needs):
            return resolution
        return resolve_for(self.settings, self.registry, self._availability, tags, path, needs)

    def lose(self, error: BaseException, before: Resolution) -> dict[str, str]:
        """Which services were lost, if that may be why something went wrong; what is left answers from now on.

        Args:
            error: What ended a scenario.
            before: What answered in it.

        Returns:
            Each lost service with what was seen of it; nothing where the error says something else.
        """
        if not may_be_a_loss(error):
            return {}
        lost = self._loop.run(gone(before, self.registry.__getitem__, self.started.known))
        # What an adapter says is lost may be back by now: it is left alone all the same, if it could be lost at all.
        said = named(error)
        lost |= {each: said[each] for each in said if each in before and before[each].tier is not Tier.MOCK}
        if not lost:
            return {}
        earlier = self.resolution
        for service, reason in lost.items():
            said_of_it = f"it was lost in mid-run: {reason}"
            self._gone[before[service].adapter] = said_of_it
            self._availability = without(self._availability, before[service].adapter, said_of_it)
        self._resolution = resolve(self.settings, self.registry, self._availability)
        self._tell_choices(each for each in self._resolution.choices if each not in earlier.choices)
        return lost

    def gone(self, adapter: str) -> str | None:
        """What is known of an adapter whose service was lost in this run; None of any other."""
        return self._gone.get(adapter)

    def prepare(self) -> None:
        """Settle what must be settled before the first scenario of this process.

        Raises:
            UsageError: As for ``resolution``; or nothing can be written where it was asked for.
        """
        _ = self.resolution
        output = self.root / self.settings.output
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            said = f"the folder for timelines cannot be made: {error.strerror}"
            raise UsageError(said, where=str(output), try_next='output = ".goldenpath"') from None

    def open(self, scenario: ScenarioInfo, task: ScenarioTask) -> OpenedScenario:
        """Begin an attempt at a scenario; the first of a run makes the run's folder.

        Raises:
            UsageError: As for ``resolution``.
        """
        self._start()
        return OpenedScenario(self, scenario, task)

    def finish(self, exit_status: int | None, *, exception: BaseException | None = None) -> None:
        """End the run in this process; the main one joins what its workers wrote. Nothing is written if nothing ran.

        Args:
            exit_status: pytest's, if it had one.
            exception: What ended the run outside of steps and hooks.
        """
        self._writer.close()
        self._messages.close()
        self._servers.end(is_last=self.worker == MAIN)
        if self.worker != MAIN or not self._folder.timeline.exists():
            return
        interrupted = exit_status == INTERRUPTED
        finished = RunFinished(
            at=now(),
            run=self.run_id,
            status="interrupted" if interrupted else "finished",
            exit_status=exit_status,
            seconds=round(time.perf_counter() - self._begun, 3),
        )
        self._folder.join(finished, self._last_message(interrupted, exception))
        if self.settings.messages is not None and self._folder.messages.exists():
            target = self.root / self.settings.messages
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._folder.messages, target)

    def _start_context(self, service: str, addresses: Mapping[str, Address], wanted: tuple[str, ...]) -> StartContext:
        """What an adapter is given to start its service with."""
        self._servers.live()
        return StartContext(
            space=self._servers.space,
            folder=self._servers.folder,
            owner=self._servers.owner,
            addresses=addresses,
            settings=dict(self.settings.service_settings.get(service, {})),
            scripts=self.scripts,
            fault=self.settings.fault,
            wanted=wanted,
            pull=self.settings.pull,
            tell=self._tell,
        )

    def _last_message(self, interrupted: bool, exception: BaseException | None) -> dict[str, Any]:
        if exception is None:
            return {"success": False, "message": "interrupted"} if interrupted else {"success": True}
        said = self.redactor.text(f"{type(exception).__name__}: {exception}")
        told = {"type": type(exception).__name__, "message": self.redactor.text(str(exception)), "stackTrace": said}
        return {"success": False, "message": told["message"], "exception": told}

    @property
    def messages(self) -> Path:
        """The messages of the run, once it has ended."""
        return self._folder.messages

    def keep(self, kind: Kind, lines: bytes) -> None:
        """Keep envelopes of Cucumber Messages for the next flush."""
        self._start()
        self._messages.write(kind, lines)

    def spoil(self) -> None:
        """Remember that the messages of this run say of something that it failed."""
        self._start()
        self._messages.spoil()

    def records(self, *events: str) -> Iterator[Record]:
        """What is written of this run, all of it once the main process has finished it; or only these events."""
        return read(self._folder.timeline, *events)

    def flush(self) -> None:
        """Write out what was emitted so far, with every secret of the scenario masked."""
        self._writer.flush()
        self._messages.flush(self.redactor.fresh if self.redactor.has_fresh else None)

    def _check_tags(self, resolution: Resolution) -> None:
        """Let no tag belong to a service that is not there: its scenarios would be skipped, or prove nothing."""
        known = {*resolution.services, *(each.service for each in resolution.unanswered), *self.settings.services}
        for tag, service in self.settings.service_tags.items():
            if service not in known:
                raise UsageError(
                    f"the tag @{tag} belongs to the service {service!r}, and there is none of that name",
                    where=str(self.settings.source or "tags"),
                    try_next=f'one of: {", ".join(sorted(known))}; or [services] {service} = "none"',
                )

    def _start(self) -> None:
        if self._writer.is_open:
            return
        resolution = self.resolution
        if self._writer.open():
            self._write_start()
        self._tell_choices(resolution.choices)
        self._writer.flush()

    def _tell_choices(self, choices: Iterable[Choice]) -> None:
        for choice in choices:
            self.bus.emit(
                ServiceResolved(
                    at=now(),
                    worker=self.worker,
                    service=choice.service,
                    adapter=choice.adapter,
                    tier=choice.tier.value,
                    stand_in=choice.stand_in,
                    reason=choice.reason,
                    rejected=tuple(
                        RejectedCandidate(tier=each.tier.value, reason=each.reason) for each in choice.rejected
                    ),
                )
            )

    def _write_start(self) -> None:
        started = RunStarted(
            at=now(),
            worker=self.worker,
            run=self.run_id,
            mode=self.settings.mode.value,
            command=tuple(self.redactor.text(each) for each in self._command),
            version=version("goldenpath"),
            python=platform.python_version(),
            platform=platform.platform(terse=True),
            workers=self.workers,
            fault=self.settings.fault,
            profile=self.settings.profile,
        )
        self._folder.begin(started)
