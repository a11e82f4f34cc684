"""The small language in which the settings name columns and filters. No SQL of anybody is ever executed.

::

    expression  =  "=" constant                               = 'web'
                |  place
    place       =  column path                                metadata->>'status'
                |  column "->" table [ "(" key ")" ] "." column path
                                                              account_id -> shop.accounts(id).user_id
    path        =  { ( "->" | "->>" ) ( text | number ) }
    table       =  [ schema "." ] name
    filter      =  condition { "and" condition }              deleted_at is null and state != 'hidden'
    condition   =  place "is" [ "not" ] "null"
                |  place ( "=" | "!=" | "<>" ) constant
                |  place "in" "(" constant { "," constant } ")"
    constant    =  text | number | "true" | "false"

Names are written as they are, or in double quotes; texts in single quotes, doubled within.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

Constant = str | int | float | bool

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<name>[^\W\d][\w$]*|"(?:[^"]|"")+")|(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<sign>->>|->|!=|<>|[=().,]))"""
)


@dataclass(frozen=True, slots=True)
class TableName:
    """A table, and the schema that it stands in; empty for the one in which the connection looks first."""

    name: str
    schema: str = ""

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class Through:
    """One foreign key that leads to another table.

    Attributes:
        column: Of the own table.
        table: To which it leads.
        key: The column of that table that it names; empty for the primary key.
    """

    column: str
    table: TableName
    key: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: a column, a path within its JSON, and the foreign key by which it is reached."""

    column: str
    path: tuple[str, ...] = ()
    through: Through | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What a row must be like to count: ``=``, ``!=`` (a value that is missing differs), ``in``, or ``null``.

    Attributes:
        place: What is compared.
        constants: With what; None is null.
        negated: Whether it must not be one of these.
    """

    place: Place
    constants: tuple[Constant | None, ...]
    negated: bool = False


def expression(text: str) -> Place | Constant:
    """A place, or the constant that stands for one.

    Raises:
        ValueError: It is neither; the message says what was expected where.
    """
    words = _Words(text)
    found: Place | Constant = words.constant() if words.sign("=") else words.place()
    words.end()
    return found


def filter_of(text: str) -> tuple[Condition, ...]:
    """The conditions of a filter, all of which must hold.

    Raises:
        ValueError: It is no filter.
    """
    words = _Words(text)
    found = [words.condition()]
    while words.word("and"):
        found.append(words.condition())
    words.end()
    return tuple(found)


def table_name(text: str) -> TableName:
    """A table as the settings name it: ``conversations``, or ``chat.conversations``.

    Raises:
        ValueError: It is no name.
    """
    words = _Words(text)
    names = words.names()
    words.end()
    return _table(names, text)


def _table(names: list[str], text: str) -> TableName:
    if len(names) > 2:
        raise ValueError(f"expected TABLE or SCHEMA.TABLE, got {text!r}")
    return TableName(names[-1], names[0] if len(names) == 2 else "")


class _Words:
    """What is left to read of a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def condition(self) -> Condition:
        place = self.place()
        if self.word("is"):
            negated = self.word("not")
            self._must(self.word("null"), "null")
            return Condition(place, (None,), negated)
        if self.word("in"):
            self._must(self.sign("("), "(")
            constants = [self.constant()]
            while self.sign(","):
                constants.append(self.constant())
            self._must(self.sign(")"), ")")
            return Condition(place, tuple(constants))
        if self.sign("!=") or self.sign("<>"):
            return Condition(place, (self.constant(),), negated=True)
        self._must(self.sign("="), "=, !=, in (...) or is null")
        return Condition(place, (self.constant(),))

    def place(self) -> Place:
        column = self._name()
        before = self._at
        if self.sign("->"):
            if self._peek("name"):
                return self._beyond(column)
            self._at = before
        return Place(column, self._path())

    def _beyond(self, own: str) -> Place:
        """What stands in the table to which a foreign key leads."""
        begun = self._at
        names, key = self.names(), ""
        if self.sign("("):
            key = self._name()
            self._must(self.sign(")"), ")")
            self._must(self.sign("."), ".COLUMN")
            names += self.names()
        self._must(len(names) > 1, "TABLE.COLUMN")
        table = _table(names[:-1], self._text[begun : self._at].strip())
        return Place(names[-1], self._path(), Through(own, table, key))

    def _path(self) -> tuple[str, ...]:
        found = []
        while self.sign("->>") or self.sign("->"):
            text = self._take("text")
            found.append(_unquoted(text) if text else self._take("number"))
            self._must(bool(found[-1]), "'key' or a number")
        return tuple(found)

    def names(self) -> list[str]:
        found = [self._name()]
        while self.sign("."):
            found.append(self._name())
        return found

    def constant(self) -> Constant:
        if text := self._take("text"):
            return _unquoted(text)
        if number := self._take("number"):
            return float(number) if "." in number else int(number)
        is_true = self.word("true")
        self._must(is_true or self.word("false"), "'text', a number, true or false")
        return is_true

    def _name(self) -> str:
        found = self._take("name")
        self._must(bool(found), "a name")
        return _unquoted(found) if found.startswith('"') else found

    def word(self, word: str) -> bool:
        before = self._at
        if self._take("name").lower() == word:
            return True
        self._at = before
        return False

    def sign(self, sign: str) -> bool:
        if self._peek("sign") != sign:
            return False
        self._take("sign")
        return True

    def end(self) -> None:
        self._must(not self._text[self._at :].strip(), "nothing more")

    def _peek(self, kind: str) -> str:
        found = _TOKEN.match(self._text, self._at)
        return (found[kind] or "") if found else ""

    def _take(self, kind: str) -> str:
        found = _TOKEN.match(self._text, self._at)
        if not found or not found[kind]:
            return ""
        self._at = found.end()
        return found[kind]

    def _must(self, holds: bool, expected: str) -> None:
        if not holds:
            raise ValueError(f"expected {expected} after {self._text[: self._at]!r} in {self._text!r}")


def _unquoted(text: str) -> str:
    return text[1:-1].replace(text[0] * 2, text[0])
