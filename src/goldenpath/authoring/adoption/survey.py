"""All files at once: many of them in several processes."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from goldenpath.authoring.adoption.conventions import Conventions, conventions, hooks_await
from goldenpath.authoring.adoption.files import NotRead, found, parsed
from goldenpath.authoring.adoption.hollow import Hollow
from goldenpath.authoring.adoption.modules import Module, Modules
from goldenpath.authoring.adoption.needs import DRIVERS, PORTS, is_elsewhere, needs_of
from goldenpath.authoring.adoption.scopes import Scope, asked_by, scope_of
from goldenpath.authoring.adoption.syntax import dotted
from goldenpath.authoring.adoption.values import FileReport, Kind, Needs, Runs, Survey

FEW: Final = 60
"""So many files are read sooner than processes for them would be started."""

_PIECE: Final = 16
_CONFTEST: Final = "conftest.py"
_PLAIN_DRIVERS: Final = frozenset({"asyncpg", "psycopg", "psycopg2", "aiopg", "pg8000", "redis", "aioredis", "valkey"})
"""Drivers that nothing but a server answers; the others may be used within the process."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a test would be given.

    Attributes:
        variables: Environment variables, and the service that each is for.
        environ: Names of variables that are set where the survey is made.
    """

    variables: Mapping[str, str]
    environ: frozenset[str] = frozenset()


def survey(paths: Sequence[Path], offer: Offer, told: Callable[[int, int], None] = lambda done, of: None) -> Survey:
    """What the test files at ``paths`` and below need, and which of their tests can never fail. Nothing is imported.

    Args:
        paths: Files and folders.
        offer: What they would be given.
        told: Called with how many files were read, and of how many.
    """
    files = list(found(paths))
    project = conventions(paths)
    reports: list[FileReport] = []
    for report in _read(files, project, offer):
        reports.append(report)
        told(len(reports), len(files))
    bases = frozenset().union(*(each.bases for each in reports))
    kept = [_without_bases(each, bases) for each in reports]
    kept = [each for each in kept if each.tests or each.problem]
    services = frozenset().union(*(_services(each.needs, offer) for each in kept))
    logins = frozenset().union(*(each.needs.logins for each in kept))
    return Survey(tuple(kept), services, logins, bool(kept) and all(map(_is_alone, kept)))


def _is_alone(report: FileReport) -> bool:
    """Whether a file needs nothing, and imports nothing that may want what the file does not say."""
    needs = report.needs
    asks = needs.variables or needs.required or needs.drivers or needs.fixtures or needs.others
    return report.runs is Runs.ALONE and not asks


def _read(files: Sequence[Path], project: Conventions, offer: Offer) -> Iterator[FileReport]:
    if len(files) <= FEW or (os.cpu_count() or 1) < 2:
        reader = _Reader(project, offer)
        yield from map(reader, files)
        return
    with ProcessPoolExecutor(initializer=_prepare, initargs=(project, offer)) as pool:
        yield from pool.map(_apart, files, chunksize=_PIECE)


def _without_bases(report: FileReport, bases: Collection[str]) -> FileReport:
    """A class that is not collected and that others inherit from is no finding: its tests run there."""
    findings = tuple(each for each in report.findings if not (each.kind is Kind.NOT_COLLECTED and each.base in bases))
    return replace(report, findings=findings)


class _Reader:
    """Reads files of one project; what several of them share is read once."""

    def __init__(self, project: Conventions, offer: Offer) -> None:
        self._project = project
        self._offer = offer
        self._modules = Modules(project.root)
        self._hollow = Hollow(project, self._modules)
        self._around: dict[Path, tuple[tuple[Scope, ...], bool]] = {}

    def __call__(self, path: Path) -> FileReport:
        """The report of one file."""
        shown = str(path)
        try:
            tree = parsed(path)
            module = Module.of(path, tree, self._modules.root)
            if path.name == _CONFTEST or not self._is_about_tests(module):
                return FileReport(shown, Runs.ALONE, bases=_bases(module))
            return self._report(shown, module)
        except NotRead as reason:
            return FileReport(shown, Runs.UNREAD, problem=str(reason))
        except RecursionError:
            return FileReport(shown, Runs.UNREAD, problem="nested too deeply")

    def _is_about_tests(self, module: Module) -> bool:
        """A file that pytest does not collect by its name is about tests only where it asks for a test framework."""
        if self._project.is_file(module.path):
            return True
        return any(name.partition(".")[0] in {"pytest", "unittest"} for name in module.imported.values())

    def _report(self, shown: str, module: Module) -> FileReport:
        above, awaits = self._conftests(module.path.absolute().parent)
        around, defaults = asked_by(module, self._modules, above, self._project)
        own, own_defaults = needs_of(module)
        needs = own | around
        tests, findings = self._hollow.of(module, awaits=awaits)
        runs, missing = _verdict(needs, {**defaults, **own_defaults}, self._offer)
        elsewhere = tuple(each for each in missing if each not in needs.required and is_elsewhere(each))
        return FileReport(shown, runs, tests, needs, tuple(findings), "", _bases(module), missing, elsewhere)

    def _conftests(self, folder: Path) -> tuple[tuple[Scope, ...], bool]:
        """The conftests of a folder and of those above it, and whether they await async tests."""
        if folder not in self._around:
            is_top = folder == self._project.root or folder.parent == folder
            scopes, awaits = ((), False) if is_top else self._conftests(folder.parent)
            path = folder / _CONFTEST
            module = self._modules.at(path) if path.is_file() else None
            if module is not None:
                scopes = (*scopes, scope_of(module))
                awaits = awaits or hooks_await([path])
            self._around[folder] = scopes, awaits
        return self._around[folder]


def _bases(module: Module) -> frozenset[str]:
    return frozenset(dotted(base).rpartition(".")[2] for each in module.classes.values() for base in each.bases)


def _verdict(needs: Needs, defaults: Mapping[str, str], offer: Offer) -> tuple[Runs, tuple[str, ...]]:
    """What it takes to run a file, and what nobody of ours gives it."""
    given = offer.variables.keys() | offer.environ | needs.sets
    fixed = needs.fixed | {address for name, address in defaults.items() if name not in given}
    standard = {each for each in fixed if _service_at(each)}
    missing = (*sorted(needs.required - given), *sorted(fixed - standard))
    if needs.docker:
        return Runs.DOCKER, missing
    if missing:
        return Runs.SETTINGS, missing
    if standard:
        return Runs.STANDARD, ()
    wanted = (needs.variables | needs.required) & offer.variables.keys() or needs.drivers & _PLAIN_DRIVERS
    return (Runs.EXEC if wanted else Runs.ALONE), ()


def _service_at(address: str) -> str | None:
    """The service that everybody expects at an address of this machine."""
    host, _, port = address.rpartition(":")
    return PORTS.get(int(port)) if host in {"localhost", "127.0.0.1"} and port.isdecimal() else None


def _services(needs: Needs, offer: Offer) -> Iterator[str]:
    for name in needs.variables | needs.required:
        if name in offer.variables:
            yield offer.variables[name]
    for address in needs.fixed:
        if (service := _service_at(address)) is not None:
            yield service
    for driver in needs.drivers & _PLAIN_DRIVERS:
        yield DRIVERS[driver]


_READERS: Final[list[_Reader]] = []
"""The reader of this process, where it is one of several."""


def _prepare(project: Conventions, offer: Offer) -> None:
    gc.disable()  # trees have no circles, and to look for some takes half of the time
    _READERS[:] = [_Reader(project, offer)]


def _apart(path: Path) -> FileReport:
    return _READERS[0](path)
