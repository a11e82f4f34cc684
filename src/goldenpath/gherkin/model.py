"""Feature files as values: features, pickles and their steps.

They are msgspec structs, so that a compiled feature is stored and read again without parsing. None of them can be
part of a cycle, so the garbage collector need not look at them (``gc=False``): a suite has a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

Kind: TypeAlias = Literal["given", "when", "then"]
StepType: TypeAlias = Literal["Context", "Action", "Outcome", "Unknown"]


class Step(Struct, frozen=True, gc=False, array_like=True):
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
        type: Cucumber's word for the kind; ``*`` is ``Unknown``, and so is an And below it.
    """

    keyword: str
    kind: Kind
    text: str
    line: int
    column: int
    docstring: str | None = None
    media_type: str | None = None
    datatable: tuple[tuple[str, ...], ...] | None = None
    background: bool = False
    type: StepType = "Unknown"


class Pickle(Struct, frozen=True, gc=False, array_like=True):
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
        message_id: Of its pickle message; that of the step at ``index`` is ``{message_id}-{index}``.
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
    message_id: str


class Hollow(Struct, frozen=True, gc=False, array_like=True):
    """Something that looks as if it were tested, and would run nothing.

    Attributes:
        name: The name of the scenario, outline, rule or feature; the file's name for a file without a feature.
        line: Where it stands, from 1.
        why: To be read after the name, e.g. ``has no steps``.
        is_scenario: Whether it is a scenario or an outline; if not, it is a rule, a feature or a file without any.
        tags: Its tags, inherited ones included.
        rule: The rule's name; None outside of rules.
        message_id: Of its pickle message, the first if it has several: Cucumber makes pickles of scenarios without
            steps. Empty where there is none.
    """

    name: str
    line: int
    why: str
    is_scenario: bool = True
    tags: tuple[str, ...] = ()
    rule: str | None = None
    message_id: str = ""


class Compiled(Struct, frozen=True, gc=False, array_like=True):
    """What a feature file says: all of it follows from its bytes, its ``uri`` and its path below the features root.

    Attributes:
        uri: Its path relative to pytest's rootdir, with ``/``; absolute where it lies on another drive.
        name: The feature's name; empty for a file without a feature.
        description: The free text below the name.
        language: The dialect, e.g. ``en``.
        keyword: ``Feature`` in that dialect; empty for a file without a feature.
        tags: Of the feature, with their ``@``.
        line: Of the feature's keyword; from 1.
        pickles: What can run, in the order of the file.
        hollow: What would run nothing, in the order of the file. It is in no pickle.
    """

    uri: str
    name: str
    description: str
    language: str
    keyword: str
    tags: tuple[str, ...]
    line: int
    pickles: tuple[Pickle, ...]
    hollow: tuple[Hollow, ...]


class Feature(Compiled, frozen=True, kw_only=True):
    """One feature file.

    Attributes:
        path: Where it was read.
        root: The features root that scenario ids are relative to.
        held_envelopes: ``envelopes``, or what reads them: they are eight times the file, so they wait on the disk.
    """

    path: Path
    root: Path
    held_envelopes: bytes | Callable[[], bytes]

    @property
    def envelopes(self) -> bytes:
        """Its source, gherkinDocument and pickle messages, a line of JSON each; read anew each time.

        https://github.com/cucumber/messages. Hollow scenarios have pickles here, as Cucumber gives them.

        Raises:
            FeatureError: They are no longer in the cache, and the file has changed since.
            OSError: They are no longer in the cache, and the file is gone.
        """
        held = self.held_envelopes
        return held if isinstance(held, bytes) else held()
