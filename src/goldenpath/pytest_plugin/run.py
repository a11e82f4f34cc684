"""What one process of a run has of ours: made little by little, so that a suite without features pays for nothing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from goldenpath.domain.errors import FeatureError, UsageError
from goldenpath.domain.values import Mode, Tier
from goldenpath.pytest_plugin.guest import Deferred
from goldenpath.pytest_plugin.options import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from goldenpath.gherkin import Feature
    from goldenpath.pytest_plugin.attempt import Attempt
    from goldenpath.pytest_plugin.collection import FeatureFile
    from goldenpath.pytest_plugin.forgotten import Unawaited
    from goldenpath.pytest_plugin.item import FeatureItem
    from goldenpath.pytest_plugin.scopes import Sentences
    from goldenpath.pytest_plugin.stepping import Found
    from goldenpath.pytest_plugin.stream import Stream
    from goldenpath.pytest_plugin.tags import Markers, TagExpression
    from goldenpath.resolution import Registry
    from goldenpath.runtime.loop import Loop
    from goldenpath.runtime.session import RunSession, ScenarioInfo

_RUNNERS: Final = ("runner", "goldenpath")
"""Who runs a test: pytest itself, and we."""

MOST_LOSSES: Final = 5
"""How often one scenario starts again because it has lost a service."""

_KEY: Final = pytest.StashKey["Run"]()
WORKER_INPUT: Final = "goldenpath_run"
"""Under which key the controller tells its workers the id of the run."""


class Run:
    """Our part in one pytest process.

    Attributes:
        settings: Of the project.
        deferred: The features that wait until all modules are known.
        broken_features: How many feature files could not be read.
        rootdir: pytest's.
        cache: The folder of features that were read before.
        features: What became of each feature file that was collected; both have its messages.
        files: Those of them that could be read.
        broken: What is wrong with a hook before the run; then no scenario runs.
        choices: Steps that several definitions answer, of which the settings let one be taken; and what was taken.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.settings = settings_of(config)
        self.deferred = Deferred(config.rootpath, explicit=self.settings.explicit)
        self.rootdir = config.rootpath
        self.cache = config.rootpath / self.settings.output / "cache"
        self.broken_features = 0
        self.features: dict[Path, Feature | FeatureError] = {}
        self.files: list[FeatureFile] = []
        self.broken: str | None = None
        self.choices: dict[str, str] = {}
        config.stash[_KEY] = self

    @classmethod
    def of(cls, config: pytest.Config) -> Run:
        """The run that ``pytest_sessionstart`` made."""
        return config.stash[_KEY]

    @property
    def worker(self) -> str:
        """This process: ``main``, or xdist's name of a worker."""
        return cast("str", self._worker_input.get("workerid", "main"))

    @property
    def is_controller(self) -> bool:
        """Whether the scenarios run in workers of this process."""
        return self._config.pluginmanager.hasplugin("dsession")

    @cached_property
    def run_id(self) -> str:
        """The id of the run, the same in all of its processes."""
        from goldenpath.store.runs import new_run_id

        return str(self._worker_input.get(WORKER_INPUT) or new_run_id())

    @property
    def _worker_input(self) -> dict[str, Any]:
        return getattr(self._config, "workerinput", {})

    @cached_property
    def tags(self) -> TagExpression | None:
        """The tag expression of the run, parsed."""
        from goldenpath.pytest_plugin.tags import parse

        return parse(self.settings.tags) if self.settings.tags else None

    @cached_property
    def lends(self) -> bool:
        """Whether the settings name accounts that are lent to the persons of scenarios."""
        table = self.settings.service_settings.get("auth", {})
        return any("accounts" in each for each in (table, *table.values()) if isinstance(each, Mapping))

    @cached_property
    def markers(self) -> Markers:
        """Tags as marks."""
        from goldenpath.pytest_plugin.tags import Markers

        return Markers(self._config)

    @cached_property
    def sentences(self) -> Sentences:
        """What steps can say."""
        from goldenpath.pytest_plugin.scopes import Sentences

        return Sentences(self._config, self.settings.steps, self.settings.ambiguous)

    @cached_property
    def bdd_listeners(self) -> bool:
        """Whether anybody hears pytest-bdd's hooks; asked when the first scenario runs, with all conftests known."""
        from goldenpath.pytest_plugin.bdd_hooks import listened_to

        return listened_to(self._config)

    @cached_property
    def stream(self) -> Stream:
        """The messages of this process; begun when it is first asked for."""
        from goldenpath.pytest_plugin.stream import Known, Stream

        indexes = list(dict.fromkeys(self.sentences.index_for(file) for file in self.files))
        stream = Stream(self.session, self._config.rootpath)
        stream.begin((each.envelopes for each in self.features.values()), Known(indexes, self.sentences.run_hooks()))
        if self.broken_features:
            self.session.spoil()
        return stream

    @cached_property
    def retry_tags(self) -> TagExpression | None:
        """Which scenarios may be tried again, parsed; None for all."""
        from goldenpath.pytest_plugin.tags import parse

        return parse(self.settings.retry_tags, "--retry-tags") if self.settings.retry_tags else None

    def tries_again(self, item: FeatureItem) -> bool:
        """Whether a scenario whose attempt is over is to be tried again: it has failed, and nothing else."""
        attempt = item.attempt
        if attempt is None or attempt.status != "failed":
            return False
        if attempt.lost is not None and attempt.opened.resolution.fallback:
            left = self.session.resolution_for(item.tags, item.feature.uri)
            return len(item.lost) < MOST_LOSSES and all(service in left for service in attempt.opened.lost)
        if attempt.number - len(item.lost) > self.settings.retry:
            return False
        return self.retry_tags is None or self.retry_tags.evaluate(item.tags)

    @property
    def may_lose(self) -> bool:
        """Whether a scenario may have to start again on what is left.

        Where another plugin runs tests in its own way (it repeats what fails, say), that way is left to it.
        """
        if any(
            not each.plugin_name.startswith(_RUNNERS)
            for each in self._config.hook.pytest_runtest_protocol.get_hookimpls()
            if not (each.wrapper or each.hookwrapper)
        ):
            return False
        choices = self.session.resolution.choices
        return self.settings.mode is Mode.HYBRID and any(each.tier is not Tier.MOCK for each in choices)

    def note_choices(self, item: FeatureItem, found: Iterable[Found]) -> None:
        """Remember where the settings chose among several definitions, to tell of every use."""
        for step, each in zip(item.scenario.steps, found, strict=True):
            if aside := getattr(each, "left_aside", ()):
                taken: Any = each
                others = ", ".join(definition.where for definition in aside)
                place = f"{item.feature.uri}:{step.line}"
                self.choices[place] = f"{place} took {taken.definition.where}, not {others}"

    @cached_property
    def unawaited(self) -> Unawaited:
        """Hears of coroutines that nobody awaits, from when it is first asked for to the end of pytest."""
        from goldenpath.pytest_plugin.forgotten import Unawaited

        unawaited = Unawaited()
        self._config.add_cleanup(unawaited.restore)
        return unawaited

    @cached_property
    def loop(self) -> Loop:
        """The loop of the process."""
        from goldenpath.runtime.loop import Loop

        return Loop()

    @cached_property
    def session(self) -> RunSession:
        """The run as the runtime knows it; from now on it writes files."""
        from goldenpath.resolution import Registry
        from goldenpath.runtime.session import RunSession

        registry = Registry.installed()
        for plugin in self._config.pluginmanager.get_plugins():
            # Not one of pluggy's hooks: pytest hears only those whose names begin with pytest_.
            register = getattr(plugin, "__dict__", {}).get("goldenpath_register_adapters")
            if register is not None:
                _register(register, registry, str(getattr(plugin, "__file__", plugin)))
        return RunSession(
            self.settings,
            registry,
            root=self._config.rootpath,
            worker=self.worker,
            run_id=self.run_id,
            command=tuple(self._config.invocation_params.args),
            loop=self.loop,
            workers=int(self._worker_input.get("workercount", 1)),
            tell=self._tell,
        )

    def _tell(self, line: str) -> None:
        """Show a line at once, in the middle of a test."""
        capture: Any = self._config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            print(f"\ngoldenpath: {line}", file=sys.stderr, flush=True)  # noqa: T201 - for whoever waits

    def begin_features(self) -> None:
        """Attend to the running of tests from now on: there are features."""
        from goldenpath.pytest_plugin import garbage
        from goldenpath.pytest_plugin.running import Running

        manager = self._config.pluginmanager
        if not manager.has_plugin("goldenpath running"):
            garbage.relax(self._config)
            manager.register(Running(self), "goldenpath running")

    def begin(self, info: ScenarioInfo) -> Attempt:
        """Begin an attempt at a scenario."""
        from goldenpath.pytest_plugin.attempt import Attempt

        task = self.loop.scenario(info.id)
        return Attempt(info.attempt, task, self.session.open(info, task))

    def finish(self, exit_status: int, exception: BaseException | None = None) -> None:
        """Close the record of the run and the loop of this process."""
        if "session" in self.__dict__ or self._wrote:
            self.session.finish(exit_status, exception=exception)
        if "loop" in self.__dict__:
            self.loop.close()

    def summary(self) -> list[str]:
        """The lines at the end of the run; none where no scenario ran."""
        if not self._wrote:
            return []
        from goldenpath.reports.terminal import EVENTS, summary

        return summary(self.session.records(*EVENTS))

    @property
    def _wrote(self) -> bool:
        """Whether some process of this run has begun its record."""
        return (self._config.rootpath / self.settings.output / "runs" / self.run_id).is_dir()


def _register(register: Any, registry: Registry, where: str) -> None:
    """Let a conftest or plugin register its adapters.

    Raises:
        UsageError: It cannot.
    """
    try:
        register(registry)
    except UsageError:
        raise
    except Exception as error:
        said = f"goldenpath_register_adapters failed: {type(error).__name__}: {error}"
        raise UsageError(said, where=where, try_next="def goldenpath_register_adapters(registry): ...") from error
