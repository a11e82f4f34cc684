"""What ``[services.database.tables]`` says, read before anything is asked of a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from difflib import get_close_matches
from enum import Enum, auto
from typing import Any, Final, TypeVar

from goldenpath.domain.errors import SettingsError
from goldenpath.wire.tables.language import (
    Condition,
    Constant,
    Place,
    TableName,
    expression,
    filter_of,
    table_name,
)

Read = TypeVar("Read")

WHERE: Final = "services.database.tables"
NONE: Final = "none"
"""What stands for a table, or a column, that a product does not have."""

FROM_MESSAGES: Final = "messages"
"""What stands for a table of runs where messages alone say what was asked and answered."""

UNITS: Final = {"seconds": 1, "milliseconds": 1000}
"""How a number may tell a time: since 1970, how many of them are a second."""


class Kind(Enum):
    """What a value of the port is."""

    ID = auto()
    TEXT = auto()
    TIME = auto()
    TEXTS = auto()
    ORDER = auto()


ROWS: Final[Mapping[str, Mapping[str, Kind]]] = {
    "users": {"id": Kind.ID, "email": Kind.TEXT, "permissions": Kind.TEXTS, "created_at": Kind.TIME},
    "threads": {
        "id": Kind.ID,
        "owner_id": Kind.ID,
        "title": Kind.TEXT,
        "idempotency_key": Kind.TEXT,
        "created_at": Kind.TIME,
        "last_activity_at": Kind.TIME,
    },
    "messages": {
        "id": Kind.ID,
        "thread_id": Kind.ID,
        "run_id": Kind.ID,
        "role": Kind.TEXT,
        "content": Kind.TEXT,
        "created_at": Kind.TIME,
        "position": Kind.ORDER,
    },
    "runs": {
        "id": Kind.ID,
        "thread_id": Kind.ID,
        "owner_id": Kind.ID,
        "prompt": Kind.TEXT,
        "status": Kind.TEXT,
        "answer": Kind.TEXT,
        "error": Kind.TEXT,
        "created_at": Kind.TIME,
        "finished_at": Kind.TIME,
        "position": Kind.ORDER,
    },
}
"""The columns that a table of each kind may have; a hash of a password is none of them: it is never read."""

OPTIONAL: Final[Mapping[str, frozenset[str]]] = {
    "users": frozenset({"permissions"}),
    "threads": frozenset({"idempotency_key"}),
    "messages": frozenset({"run_id", "position"}),
    "runs": frozenset({"owner_id", "prompt", "answer", "error", "finished_at", "position"}),
}
"""What a product may lack. A run is then of the owner of its conversation, and its prompt and answer are what was said
in it; the others are empty."""


@dataclass(frozen=True, slots=True)
class Column:
    """Where one value of a row comes from.

    Attributes:
        kind: What it is for the port.
        sources: Places or constants, the first that is not null counts; empty for a value that there is none of.
        values: What the product's words are called in the port; a word that is not here stays as it is.
        zone: Of a time that is stored without one.
        unit: Of a time that is stored as a number.
        named: Whether the settings name it; else a column of the value's own name is taken where there is one.
    """

    kind: Kind
    sources: tuple[Place | Constant, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo | None = None
    unit: int | None = None
    named: bool = True


@dataclass(frozen=True, slots=True)
class Rows:
    """One table of the product: its name, where each value stands, and which rows count."""

    table: TableName
    columns: Mapping[str, Column]
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables that the port can be read from.

    Attributes:
        rows: By ``users``, ``threads``, ``messages`` and ``runs``, as far as the product has them.
        runs_from_messages: Whether a run is what the messages with its id say.
        schema: Where tables stand whose name says no schema; empty for where the connection looks first.
        seconds: In which a statement must be answered.
    """

    rows: Mapping[str, Rows]
    runs_from_messages: bool = False
    schema: str = ""
    seconds: float = 5.0

    @property
    def kinds(self) -> frozenset[str]:
        """What can be read: messages only where their conversation tells whose they are, runs by the same rule."""
        kinds = set(self.rows)
        if self.runs_from_messages:
            kinds.add("runs")
        if "threads" not in kinds:
            kinds -= {"messages"}
        told_by_messages = self.runs_from_messages and "messages" not in kinds
        ownerless = "runs" in self.rows and "threads" not in kinds and not self.rows["runs"].columns["owner_id"].named
        return frozenset(kinds - {"runs"} if told_by_messages or ownerless else kinds)


def tables_of(table: Mapping[str, Any]) -> Tables:
    """What the table of the database's settings says of the product's tables.

    Args:
        table: ``[services.database]``, with ``tables``, and perhaps ``schema`` and ``statement_timeout``.

    Raises:
        SettingsError: It cannot be read so; ``where`` is the key.
    """
    said = _a_table(table.get("tables"), WHERE)
    _known(said, ROWS, WHERE)
    runs_from_messages = said.get("runs") == FROM_MESSAGES
    rows = {
        kind: _rows(kind, _a_table(each, f"{WHERE}.{kind}"))
        for kind, each in said.items()
        if each != NONE and not (kind == "runs" and runs_from_messages)
    }
    if not rows:
        raise _wrong("it names no table", WHERE, '[services.database.tables.threads] table = "..."')
    schema = _a_text(table.get("schema", ""), "services.database.schema")
    return Tables(rows, runs_from_messages, schema, _seconds(table.get("statement_timeout", 5.0)))


def _rows(kind: str, said: Mapping[str, Any]) -> Rows:
    where = f"{WHERE}.{kind}"
    _known(said, ("table", "where", *ROWS[kind]), where)
    if "table" not in said:
        raise _wrong("it names no table", f"{where}.table", 'table = "conversations", or "chat.conversations"')
    table = _read(table_name, said["table"], f"{where}.table")
    conditions = _read(filter_of, said["where"], f"{where}.where") if "where" in said else ()
    columns = {
        name: _column(name, each, said.get(name), f"{where}.{name}", may_lack=name in OPTIONAL[kind])
        for name, each in ROWS[kind].items()
    }
    return Rows(table, columns, conditions)


def _column(name: str, kind: Kind, said: object, where: str, *, may_lack: bool) -> Column:
    if said is None:
        return Column(kind, (Place(name),), named=False)
    if said == NONE:
        if not may_lack:
            message = "every row has one: a column, a place in its JSON, or a constant"
            raise _wrong(message, where, f'{name} = "COLUMN", or "= \'constant\'"')
        return Column(kind, ())
    table = said if isinstance(said, Mapping) else {"column": said}
    _known(table, ("column", "values", "zone", "unit"), where)
    named = table.get("column", name)
    texts = named if isinstance(named, list) else [named]
    if not texts:
        raise _wrong("it names no column", where, f'{name} = "COLUMN"')
    sources = tuple(_read(expression, each, where) for each in texts)
    zone = _zone(table["zone"], f"{where}.zone") if "zone" in table else None
    unit = _unit(table["unit"], f"{where}.unit") if "unit" in table else None
    return Column(kind, sources, _values(table.get("values", {}), f"{where}.values"), zone, unit)


def _values(said: object, where: str) -> Mapping[str, str]:
    return {word: _a_text(meant, f"{where}.{word}") for word, meant in _a_table(said, where).items()}


def _zone(said: object, where: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    name = _a_text(said, where)
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise _wrong(f"there is no time zone {name!r} here", where, 'zone = "UTC", or "Europe/Berlin"') from None


def _unit(said: object, where: str) -> int:
    if said not in UNITS:
        raise _wrong(f"{said!r} is no unit of a time", where, f"one of: {', '.join(UNITS)}")
    return UNITS[str(said)]


def _seconds(said: object) -> float:
    where = "services.database.statement_timeout"
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 < said <= 3600:
        raise _wrong(f"{said!r} is no number of seconds", where, "statement_timeout = 5")
    return float(said)


def _read(reader: Callable[[str], Read], said: object, where: str) -> Read:
    try:
        return reader(_a_text(said, where))
    except ValueError as error:
        raise _wrong(str(error), where, "the mapping language of tables: docs/mappings-tables.md") from None


def _known(said: Mapping[str, Any], names: Any, where: str) -> None:
    for key in said:
        if key not in names:
            near = get_close_matches(key, list(names), n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            raise _wrong(f"there is no setting {key!r}{meant}", where, f"one of: {', '.join(names)}")


def _a_table(said: object, where: str) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        raise _wrong(f"expected a table, got {said!r}", where, "")
    return said


def _a_text(said: object, where: str) -> str:
    if not isinstance(said, str):
        raise _wrong(f"expected a text, got {said!r}", where, "")
    return said


def _wrong(message: str, where: str, try_next: str) -> SettingsError:
    return SettingsError(message, where=where, try_next=try_next)
