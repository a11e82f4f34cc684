"""What was found in test files: frozen values, for a person and for a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Why a test can never fail; the value is how the summary calls it."""

    UNITTEST_ASYNC = "async in a unittest class, where nobody awaits it"
    NEVER_AWAITED = "async, and nothing in the project awaits it"
    EMPTY = "empty"
    SKIPPED = "always skipped"
    ASSERTS_NOTHING = "asserts nothing: only what raises can fail it"
    SWALLOWED = "its own except takes the failed assertion"
    CONSTANT = "asserts only what is always true"
    EXPECTED = "expected to fail, and not strictly"
    DUPLICATE = "a later one has the same name"
    WITH_INIT = "in a class with __init__, which is not collected"
    NOT_COLLECTED = "has a name that pytest does not collect"


class Runs(StrEnum):
    """What it takes to run a file; the value is how the summary calls it."""

    ALONE = "need no service"
    EXEC = "run with goldenpath exec"
    STANDARD = "run with goldenpath exec --standard-ports"
    SETTINGS = "need addresses that no service of ours has"
    DOCKER = "need Docker"
    UNREAD = "could not be read"


@dataclass(frozen=True, slots=True)
class Finding:
    """One test (or class, or file) that can never fail.

    Attributes:
        line: Where it begins, from 1.
        test: Its name, with its class before a dot.
        kind: Why it can never fail.
        why: The same in words of this case.
        tests: How many tests it is; more than one for a class that is not collected.
        base: The class that is not collected: one that other files inherit from is no finding.
    """

    line: int
    test: str
    kind: Kind
    why: str
    tests: int = 1
    base: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a file asks of the world around it.

    Attributes:
        variables: Environment variables that may be missing: they are read with a default.
        required: Environment variables without which it fails.
        sets: Environment variables that it sets itself.
        fixed: Addresses, ``host:port``, that are written in it and that no variable changes; one on another machine
            may be a host alone.
        drivers: The drivers that it imports.
        docker: What asks for Docker: ``docker``, ``testcontainers``.
        fixtures: Fixtures of ours that it uses.
        others: Modules that it imports and that may want anything: those of the product, for one.
        logins: Addresses with user and password of databases of this machine that are written in it.
    """

    variables: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    sets: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    drivers: frozenset[str] = frozenset()
    docker: frozenset[str] = frozenset()
    fixtures: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    logins: frozenset[str] = field(default=frozenset(), repr=False)

    def __or__(self, other: Needs) -> Needs:
        return Needs(*(getattr(self, name) | getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class FileReport:
    """What one file needs, and which of its tests can never fail.

    Attributes:
        path: The file, relative to where the command runs where that is possible.
        runs: What it takes to run it.
        tests: How many tests it has, those included that can never fail.
        needs: What it needs, and what it uses of the ``conftest.py`` files above it.
        findings: Its tests that can never fail, in the order of the file.
        problem: Why it could not be read; empty when it was.
        bases: Names of the classes that its classes inherit from.
        missing: What it needs and nobody of ours gives.
        elsewhere: Those of them that are addresses on other machines.
    """

    path: str
    runs: Runs
    tests: int = 0
    needs: Needs = Needs()
    findings: tuple[Finding, ...] = ()
    problem: str = ""
    bases: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """All that was found.

    Attributes:
        files: The test files, in the order of their paths; those without a test and without a problem are left out.
        services: The services that they need, by what they read, write and import.
        logins: The users of databases that are written in them, each as an address.
        is_alone: Whether nothing in them can want a service.
    """

    files: tuple[FileReport, ...]
    services: frozenset[str]
    logins: frozenset[str] = field(default=frozenset(), repr=False)
    is_alone: bool = False

    @property
    def tests(self) -> int:
        """How many tests there are."""
        return sum(each.tests for each in self.files)

    def runs(self) -> Mapping[Runs, int]:
        """How many files need what to run."""
        return {runs: sum(each.runs is runs for each in self.files) for runs in Runs}

    def kinds(self) -> Mapping[Kind, int]:
        """How many tests can never fail, by why."""
        findings = [finding for file in self.files for finding in file.findings]
        return {kind: sum(each.tests for each in findings if each.kind is kind) for kind in Kind}
