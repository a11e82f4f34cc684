"""The reference platform's tables, and what may stand in them.

The same tables serve SQLite and PostgreSQL. What SQLite lets pass and PostgreSQL refuses (a text that is too
long, a number for a text, a NUL, a time without zone) is refused by ``checked`` before either sees it.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from goldenpath.domain.errors import Invalid

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TITLE_LENGTH: Final = 200
"""Characters that a conversation's title may have."""


class Instant(TypeDecorator[datetime]):
    """A time with a zone: stored in UTC, given back aware, whether or not the database keeps zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """With its zone, which SQLite does not keep."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Texts(TypeDecorator[tuple[str, ...]]):
    """Several texts in one column, as a list of JSON."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> Any:
        """To a list."""
        return None if value is None else list(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:
        """From a list."""
        return None if value is None else tuple(value)


metadata = MetaData()

# Pages continue after an id: its order must not depend on the locale of the server.
_ID = String(64).with_variant(String(64, collation="C"), "postgresql")
_KEY = String(200)


def _position() -> Column[int]:
    """The order in which rows were stored; SQLite counts by itself in a column INTEGER only."""
    return Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


users = Table(
    "users",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("email", String(320), nullable=False),
    # Folded by us: lower() of SQLite knows ASCII only.
    Column("email_folded", String(960), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("permissions", Texts, nullable=False),
    Column("created_at", Instant, nullable=False),
)

threads = Table(
    "threads",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("owner_id", _ID, ForeignKey("users.id"), nullable=False),
    Column(
        "title", String(TITLE_LENGTH), CheckConstraint(f"length(title) BETWEEN 1 AND {TITLE_LENGTH}"), nullable=False
    ),
    Column("idempotency_key", _KEY),
    Column("created_at", Instant, nullable=False),
    Column("last_activity_at", Instant, nullable=False),
    UniqueConstraint("owner_id", "idempotency_key"),
    Index("threads_by_activity", "owner_id", "last_activity_at", "id"),
)

runs = Table(
    "runs",
    metadata,
    _position(),
    Column("id", _ID, nullable=False, unique=True),
    Column("thread_id", _ID, ForeignKey("threads.id"), nullable=False),
    Column("owner_id", _ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("prompt", Text, nullable=False),
    Column("status", String(20), CheckConstraint("status IN ('running', 'completed', 'failed')"), nullable=False),
    Column("answer", Text),
    Column("error", String(100)),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
)

messages = Table(
    "messages",
    metadata,
    _position(),
    Column("id", _ID, nullable=False, unique=True),
    Column("thread_id", _ID, ForeignKey("threads.id"), nullable=False, index=True),
    Column("run_id", _ID, ForeignKey("runs.id")),
    Column("role", String(20), CheckConstraint("role IN ('user', 'assistant')"), nullable=False),
    Column("content", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)


def checked(table: Table, row: DataclassInstance) -> dict[str, Any]:
    """The values of a row, as the table takes them.

    Raises:
        Invalid: A value is missing, of a wrong type, too long, or a time without zone.
    """
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    for name, value in values.items():
        check(table.c[name], value)
    return values


def check(column: Column[Any], value: object) -> None:
    """Refuse what PostgreSQL would refuse.

    Raises:
        Invalid: The value cannot stand in the column.
    """
    what = f"{column.table.name}.{column.name}"
    if value is None:
        if not column.nullable:
            raise Invalid(f"{what} is missing", code="missing")
    elif isinstance(column.type, Instant):
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise Invalid(f"{what} must be a time with a zone", code="no_zone")
    elif isinstance(column.type, Texts):
        for each in value if isinstance(value, tuple) else (value,):
            _check_text(what, each, None)
    elif isinstance(column.type, String):
        _check_text(what, value, column.type.length)


def _check_text(what: str, value: object, length: int | None) -> None:
    if not isinstance(value, str) or not is_text(value):
        raise Invalid(f"{what} must be a text of Unicode without NUL", code="no_text")
    if length is not None and len(value) > length:
        raise Invalid(f"{what} has {len(value)} characters; at most {length} are allowed", code="too_long")


def is_text(text: str) -> bool:
    """Whether a column can hold it: no NUL, and no half of a surrogate pair."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
