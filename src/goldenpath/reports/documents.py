"""The parts of messages that say what is written in feature files, as far as reports read them.

Their names and meanings are those of Cucumber Messages (https://github.com/cucumber/messages, jsonschema/); a field
that is not here is skipped by the decoder.
"""

from __future__ import annotations

import msgspec


class Message(msgspec.Struct, rename="camel"):
    """A message, or a part of one: its fields are in camelCase on the wire."""


class Location(Message):
    """A place in a file, counted from 1."""

    line: int
    column: int = 0


class Tag(Message):
    """A tag with its ``@``, where it is written."""

    id: str
    name: str
    location: Location


class DocString(Message):
    """Where the doc string of a step begins."""

    location: Location


class Step(Message):
    """A step as it is written; its keyword ends with a blank where the language writes one."""

    id: str
    keyword: str
    location: Location
    doc_string: DocString | None = None


class Background(Message):
    """A background."""

    steps: tuple[Step, ...] = ()


class Cell(Message):
    """A cell of a table."""

    value: str


class TableRow(Message):
    """A row of examples, or their header."""

    id: str
    location: Location
    cells: tuple[Cell, ...] = ()


class Examples(Message):
    """The examples of an outline."""

    name: str
    tags: tuple[Tag, ...] = ()
    table_header: TableRow | None = None
    table_body: tuple[TableRow, ...] = ()


class Scenario(Message):
    """A scenario or an outline as it is written."""

    id: str
    location: Location
    keyword: str
    name: str
    description: str = ""
    tags: tuple[Tag, ...] = ()
    steps: tuple[Step, ...] = ()
    examples: tuple[Examples, ...] = ()


class Child(Message):
    """What a feature or a rule holds: one of these."""

    background: Background | None = None
    scenario: Scenario | None = None
    rule: Rule | None = None


class Rule(Message):
    """A rule."""

    name: str
    tags: tuple[Tag, ...] = ()
    children: tuple[Child, ...] = ()


class Feature(Message):
    """A feature."""

    location: Location
    language: str
    keyword: str
    name: str
    description: str = ""
    tags: tuple[Tag, ...] = ()
    children: tuple[Child, ...] = ()


class GherkinDocument(Message):
    """A feature file, parsed."""

    uri: str
    feature: Feature | None = None


class Row(Message):
    """A row of a data table."""

    cells: tuple[Cell, ...] = ()


class PickleTable(Message):
    """A data table, filled in."""

    rows: tuple[Row, ...] = ()


class PickleDocString(Message):
    """A doc string, filled in."""

    content: str
    media_type: str | None = None


class Argument(Message):
    """What stands below a step: either of the two, or both."""

    doc_string: PickleDocString | None = None
    data_table: PickleTable | None = None


class PickleStep(Message):
    """A step, filled in; its first AST node is the step as it is written."""

    id: str
    text: str
    ast_node_ids: tuple[str, ...] = ()
    argument: Argument | None = None


class PickleTag(Message):
    """A tag that a scenario has or inherits."""

    name: str
    ast_node_id: str = ""


class Pickle(Message):
    """A scenario, or a row of an outline; its AST nodes are the scenario and that row."""

    id: str
    uri: str
    name: str
    ast_node_ids: list[str]
    steps: tuple[PickleStep, ...] = ()
    tags: tuple[PickleTag, ...] = ()
