"""A product's tables as they are: what the settings say of them, held against what the database has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import inspect
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.types import ARRAY, JSON, Boolean, Date, DateTime, Float, LargeBinary, NullType, Numeric, String, Time

from goldenpath.domain.errors import SettingsError
from goldenpath.wire.tables.language import Place, TableName
from goldenpath.wire.tables.settings import OPTIONAL, WHERE, Column, Kind, Rows, Tables

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine.reflection import Inspector
    from sqlalchemy.types import TypeEngine

_SHOWN: Final = 12
"""Names that a message shows where none is near."""


@dataclass(frozen=True, slots=True)
class Found:
    """A table that is there.

    Attributes:
        columns: The type of each of its columns.
        key: The only column of its primary key; empty where it has none, or several.
    """

    columns: Mapping[str, TypeEngine[Any]]
    key: str = ""


Catalogue = dict[TableName, Found]
"""The tables that the settings name, as they are."""


@dataclass(slots=True)
class _Check:
    tables: Tables
    inspector: Inspector
    catalogue: Catalogue = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def table(self, name: TableName, key: str) -> Found | None:
        if name not in self.catalogue:
            found = self._reflected(name)
            if found is None:
                self.wrong.append(f"{key} = {str(name)!r}: {self._no_table(name)}")
                return None
            self.catalogue[name] = found
        return self.catalogue[name]

    def _reflected(self, name: TableName) -> Found | None:
        schema = name.schema or self.tables.schema or None
        try:
            columns = self.inspector.get_columns(name.name, schema)
            keys = self.inspector.get_pk_constraint(name.name, schema)["constrained_columns"]
        except NoSuchTableError:
            return None
        types = {each["name"]: _type(each["type"], self.inspector.dialect.name) for each in columns}
        return Found(types, keys[0] if len(keys) == 1 else "")

    def _no_table(self, name: TableName) -> str:
        schema = name.schema or self.tables.schema or None
        schemas = self.inspector.get_schema_names()
        if schema and schema not in schemas:
            return f"there is no schema {schema!r}; {_near(schema, schemas)}"
        there = [*self.inspector.get_table_names(schema), *self.inspector.get_view_names(schema)]
        return f"there is no such table; {_near(name.name, there)}"

    def place(self, rows: Rows, place: Place, key: str) -> TypeEngine[Any] | None:
        """The type of what stands at a place of a table that is there; None where it is not."""
        own = self.catalogue[rows.table]
        table, name = own, rows.table
        if place.through:
            if not self._has(own, rows.table, place.through.column, key):
                return None
            beyond = self.table(place.through.table, key)
            if beyond is None:
                return None
            table, name = beyond, place.through.table
            if not place.through.key and not table.key:
                self.wrong.append(f"{key}: {name} has no primary key of one column; name one, as {name.name}(KEY)")
                return None
            if place.through.key and not self._has(table, name, place.through.key, key):
                return None
        if not self._has(table, name, place.column, key):
            return None
        return String() if place.path else table.columns[place.column]

    def _has(self, table: Found, name: TableName, column: str, key: str) -> bool:
        if column in table.columns:
            return True
        self.wrong.append(f"{key}: {name} has no column {column!r}; {_near(column, list(table.columns))}")
        return False

    def column(self, kind: str, name: str, column: Column, rows: Rows) -> None:
        if not column.named and name in OPTIONAL[kind] and name not in self.catalogue[rows.table].columns:
            return
        key = f"{kind}.{name}"
        for source in column.sources:
            if not isinstance(source, Place):
                continue
            there = self.place(rows, source, key)
            if there is not None and (expected := _misfit(column, there, is_json=bool(source.path))):
                self.wrong.append(f"{key}: {rows.table}.{source.column} is {_called(there)}; expected {expected}")


def catalogue_of(connection: Connection, tables: Tables) -> Catalogue:
    """Hold what the settings say against what the database has.

    Raises:
        SettingsError: Something is missing or of a wrong type; the message says all of it at once.
    """
    check = _Check(tables, inspect(connection))
    for kind, rows in tables.rows.items():
        if check.table(rows.table, f"{kind}.table") is None:
            continue
        for name, column in rows.columns.items():
            check.column(kind, name, column, rows)
        for condition in rows.where:
            check.place(rows, condition.place, f"{kind}.where")
    if check.wrong:
        raise misfits(check.wrong)
    return check.catalogue


def misfits(wrong: list[str]) -> SettingsError:
    """One error for all that does not fit."""
    lines = "".join(f"\n    {each}" for each in wrong)
    said = f"the mapping does not fit the tables of the database:{lines}"
    return SettingsError(said, where=f"[{WHERE}]", try_next="mend these keys; each stands below that table")


def present(rows: Rows, name: str, catalogue: Catalogue) -> bool:
    """Whether rows of a table have a value of that name."""
    column = rows.columns[name]
    return bool(column.sources) and (column.named or name in catalogue[rows.table].columns)


def _type(kind: TypeEngine[Any], dialect: str) -> TypeEngine[Any]:
    """The type by which a column is read. SQLite keeps what it is given, whatever the column is declared as."""
    from sqlalchemy.dialects.postgresql import DOMAIN
    from sqlalchemy.types import Integer

    if dialect == "sqlite":
        return kind if isinstance(kind, Integer | String) else NullType()
    return kind.data_type if isinstance(kind, DOMAIN) else kind


def _misfit(column: Column, kind: TypeEngine[Any], *, is_json: bool) -> str | None:
    """What was expected where a type does not fit, or None."""
    if isinstance(kind, NullType) or is_json:
        return None
    if isinstance(kind, JSON) and column.kind is not Kind.TEXTS:
        return f"""{_EXPECTED[column.kind]}; a place in it is COLUMN->>'key'"""
    if column.values and not isinstance(kind, LargeBinary):
        return None
    fits = {
        Kind.ID: not isinstance(kind, LargeBinary | DateTime | Date | Boolean | ARRAY),
        Kind.TEXT: not isinstance(kind, LargeBinary | DateTime | Date | Time | Boolean | Numeric | Float | ARRAY),
        Kind.TEXTS: not isinstance(kind, LargeBinary | DateTime | Date | Boolean | Numeric | Float),
        Kind.ORDER: not isinstance(kind, LargeBinary | ARRAY),
    }
    if column.kind is not Kind.TIME:
        return None if fits[column.kind] else _EXPECTED[column.kind]
    return _no_time(column, kind)


def _no_time(column: Column, kind: TypeEngine[Any]) -> str | None:
    from sqlalchemy.types import Integer

    if isinstance(kind, DateTime):
        named = kind.timezone or column.zone is not None
        return None if named else 'a time with a zone; say which it is in: { column = "...", zone = "UTC" }'
    if isinstance(kind, Integer | Numeric | Float):
        return None if column.unit else 'a time; a number needs { column = "...", unit = "seconds" or "milliseconds" }'
    return None if isinstance(kind, String) else "a time"


_EXPECTED: Final = {
    Kind.ID: "an id: a text, a number or a UUID",
    Kind.TEXT: "a text",
    Kind.TEXTS: "a list of texts",
    Kind.TIME: "a time",
    Kind.ORDER: "what rows can be put in order by",
}


def _called(kind: TypeEngine[Any]) -> str:
    if isinstance(kind, DateTime):
        return "a time with a zone" if kind.timezone else "a time without a zone"
    return str(kind).lower()


def _near(name: str, there: list[str]) -> str:
    found = get_close_matches(name, there, n=3, cutoff=0.6)
    if found:
        return f"near it: {', '.join(found)}"
    return f"there are: {', '.join(sorted(there)[:_SHOWN])}" if there else "there are none"
