"""Feature files as values: features, pickles and their steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pickle, as it will run.

    Attributes:
        keyword: As written, with its blank: ``"Given "``, ``"* "``.
        kind: ``given``, ``when`` or ``then``; And, But and ``*`` take the kind before them.
        text: The sentence after the keyword, the values of the row put in.
        line: Where it stands in the file, from 1.
        column: Where its keyword begins, from 1.
        docstring: Its doc string, without the indent of its quotes.
        media_type: What is written behind the opening quotes of the doc string.
        datatable: The cells of its data table, header included.
        background: Whether it stands in a Background.
    """

    keyword: str
    kind: str
    text: str
    line: int
    column: int
    docstring: str | None = None
    media_type: str | None = None
    datatable: tuple[tuple[str, ...], ...] | None = None
    background: bool = False


@dataclass(frozen=True, slots=True)
class Pickle:
    """One scenario, or one row of an outline, as it will run: it has at least one step of its own.

    Attributes:
        id: The scenario id: no line, no path of a machine; unique in its features root.
        name: The scenario's name, the values of the row put in.
        feature: The feature's name.
        rule: The rule's name; None outside of rules.
        tags: Those of feature, rule, scenario and examples, in this order, with their ``@``, each once.
        line: Of the scenario, or of the row for an outline; from 1.
        row: The values of the row in the order of the header; empty outside of outlines.
        ordinal: Its place among the pickles of the file that have the same names and values, from 1.
        steps: The steps of the backgrounds first.
        description: The free text below the scenario's name.
        template: The scenario's name as written, ``<who>`` and all.
        keyword: ``Scenario``, ``Example``, ``Scenario Outline``, in the language of the file.
        scenario_line: Of the scenario's keyword; from 1.
    """

    id: str
    name: str
    feature: str
    rule: str | None
    tags: tuple[str, ...]
    line: int
    row: tuple[str, ...]
    ordinal: int
    steps: tuple[Step, ...]
    description: str
    template: str
    keyword: str
    scenario_line: int


@dataclass(frozen=True, slots=True)
class Hollow:
    """Something that looks as if it were tested, and would run nothing.

    Attributes:
        name: The name of the scenario, outline, rule or feature; the file's name for a file without a feature.
        line: Where it stands, from 1.
        why: To be read after the name, e.g. ``has no steps``.
        is_scenario: Whether it is a scenario or an outline; if not, it is a rule, a feature or a file without any.
        tags: Its tags, inherited ones included.
        rule: The rule's name; None outside of rules.
    """

    name: str
    line: int
    why: str
    is_scenario: bool = True
    tags: tuple[str, ...] = ()
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature file.

    Attributes:
        path: Where it was read.
        uri: Its path relative to pytest's rootdir, with ``/``; absolute where it lies on another drive.
        root: The features root that scenario ids are relative to.
        name: The feature's name; empty for a file without a feature.
        description: The free text below the name.
        language: The dialect, e.g. ``en``.
        keyword: ``Feature`` in that dialect; empty for a file without a feature.
        tags: Of the feature, with their ``@``.
        line: Of the feature's keyword; from 1.
        pickles: What can run, in the order of the file.
        hollow: What would run nothing, in the order of the file. It is in no pickle.
        document: gherkin-official's syntax tree.
    """

    path: Path
    uri: str
    root: Path
    name: str
    description: str
    language: str
    keyword: str
    tags: tuple[str, ...]
    line: int
    pickles: tuple[Pickle, ...]
    hollow: tuple[Hollow, ...]
    document: Mapping[str, Any]
