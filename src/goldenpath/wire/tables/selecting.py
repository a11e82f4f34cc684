"""What the settings say of one table, as a query. Names are quoted, and constants are bound: nothing is pasted in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, cast, column, func, literal, not_, or_, select, table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import quoted_name
from sqlalchemy.types import Enum, String

from goldenpath.domain.errors import SettingsError
from goldenpath.wire.tables.columns import Catalogue, present
from goldenpath.wire.tables.language import Condition, Constant, Place, TableName, Through
from goldenpath.wire.tables.settings import OPTIONAL, WHERE, Column, Kind, Rows, Tables
from goldenpath.wire.tables.values import as_text, bound, to_row

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, FromClause, Select


class Source:
    """Rows of one kind, selected from the product's table and from those to which its foreign keys lead.

    Args:
        kind: ``users``, ``threads``, ``messages`` or ``runs``.
        tables: What the settings say.
        catalogue: The tables as they are.
        dialect: The name of the database's dialect.
    """

    def __init__(self, kind: str, tables: Tables, catalogue: Catalogue, dialect: str) -> None:
        self.kind = kind
        self._rows: Rows = tables.rows[kind]
        self._schema = tables.schema
        self._catalogue = catalogue
        self._dialect = dialect
        self._own = self._alias(self._rows.table, kind)
        self._beyond: dict[Through, FromClause] = {}
        self._from: FromClause = self._own
        self._values = {name: self._value(each) for name, each in self._rows.columns.items() if self.has(name)}
        self._filter = [self._holds(each) for each in self._rows.where]

    @property
    def name(self) -> str:
        """What the product calls the table."""
        return str(self._rows.table)

    def has(self, name: str) -> bool:
        """Whether the rows have a value of that name."""
        return present(self._rows, name, self._catalogue)

    def __getitem__(self, name: str) -> ColumnElement[Any]:
        return self._values[name]

    def equals(self, name: str, text: str) -> ColumnElement[bool] | None:
        """The condition that a row has this id; None where none can have it."""
        pair = bound(self[name], text)
        return None if pair is None else pair[0] == pair[1]

    def is_before(self, name: str, text: str) -> ColumnElement[bool]:
        """Whether a row's id comes before this one, in the order of ``sorted_by``."""
        pair = bound(self.sorted_by(name), text)
        return literal(False) if pair is None else pair[0] < pair[1]

    def select(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        """All values of the rows that count and meet the conditions."""
        values = [each.label(name) for name, each in self._values.items()]
        return select(*values).select_from(self._from).where(*self._filter, *conditions)

    def sorted_by(self, name: str) -> ColumnElement[Any]:
        """A value to put rows in order by, whatever the locale of the server: pages continue after an id."""
        value = self[name]
        if self._dialect == "postgresql" and isinstance(value.type, String) and name == "id":
            return cast(value, Text).collate("C")
        return value

    def value(self, row: Mapping[Any, Any], name: str) -> Any:
        """A value of a row as the port gives it; None where the rows have none of that name, or it is null.

        Raises:
            SettingsError: It is none of what the port promises.
        """
        where = f"{WHERE}.{self.kind}.{name}"
        found = to_row(self._rows.columns[name], row.get(name), where)
        if found is not None or name in OPTIONAL[self.kind]:
            return found
        if self._rows.columns[name].kind is Kind.TEXT:
            return ""
        message = f"{self.name} has a row in which it is null"
        raise SettingsError(message, where=where, try_next=f'{name} = ["COLUMN", "ANOTHER WHERE THAT IS NULL"]')

    def _alias(self, name: TableName, alias: str) -> FromClause:
        columns = self._catalogue[name].columns
        schema = name.schema or self._schema
        found = table(
            quoted_name(name.name, quote=True),
            *(column(quoted_name(each, quote=True), kind) for each, kind in columns.items()),
            schema=quoted_name(schema, quote=True) if schema else None,
        )
        return found.alias(f"our_{alias}")

    def _value(self, said: Column) -> ColumnElement[Any]:
        found = [self._at(each) if isinstance(each, Place) else literal(each) for each in said.sources]
        if said.kind is Kind.ORDER or len(found) == 1:
            return found[0]
        return func.coalesce(*found, type_=found[0].type)

    def _at(self, place: Place) -> ColumnElement[Any]:
        start = self._joined(place.through) if place.through else self._own
        found: ColumnElement[Any] = start.c[place.column]
        return self._within(found, place.path) if place.path else found

    def _joined(self, through: Through) -> FromClause:
        if through not in self._beyond:
            alias = self._alias(through.table, f"{self.kind}_{len(self._beyond) + 1}")
            key = through.key or self._catalogue[through.table].key
            self._from = self._from.outerjoin(alias, self._own.c[through.column] == alias.c[key])
            self._beyond[through] = alias
        return self._beyond[through]

    def _within(self, value: ColumnElement[Any], path: tuple[str, ...]) -> ColumnElement[Any]:
        """What stands at a path of JSON, as text."""
        if self._dialect == "sqlite":
            steps = "".join(f"[{each}]" if each.isdigit() else f'."{each}"' for each in path)
            return cast(func.json_extract(value, f"${steps}"), Text)
        return func.jsonb_extract_path_text(cast(value, JSONB), *path, type_=Text)

    def _holds(self, condition: Condition) -> ColumnElement[bool]:
        value = self._at(condition.place)
        alike = [_same(value, each) for each in condition.constants]
        return not_(or_(*alike)) if condition.negated else or_(*alike)


def _same(value: ColumnElement[Any], constant: Constant | None) -> ColumnElement[bool]:
    """Whether a value is a constant. What is missing is no constant: ``!=`` keeps it."""
    if constant is None:
        return value.is_(None)
    is_text = isinstance(value.type, String) and not isinstance(value.type, Enum)
    if isinstance(constant, str) and not is_text:
        value = cast(value, Text)
    elif is_text:
        constant = as_text(constant)
    return value.is_not_distinct_from(literal(constant))
