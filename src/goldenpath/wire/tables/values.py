"""From what a database gives to what the port promises, and from the port's ids to what a column compares with."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from goldenpath.domain.errors import SettingsError
from goldenpath.wire.tables.settings import Column, Kind

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.types import TypeEngine

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE: Final = re.compile(r"-?(0|[1-9]\d{0,18})")


def to_row(column: Column, value: Any, where: str) -> Any:
    """A value as the port gives it.

    Args:
        column: What the settings say of it.
        value: What the database gave.
        where: Its key in the settings, for an error.

    Raises:
        SettingsError: It is none of what the port promises, such as a time without zone.
    """
    if column.values:
        word = _word(value)
        value = column.values.get(word, value)
    if column.kind is Kind.TIME:
        return None if value is None else _instant(column, value, where)
    if column.kind is Kind.TEXTS:
        return _texts(value)
    return None if value is None else as_text(value)


def _word(value: Any) -> str:
    return "null" if value is None else as_text(value)


def as_text(value: Any) -> str:
    """A value in the words of the port: ``true`` for a boolean, JSON for what has parts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _texts(value: Any) -> tuple[str, ...]:
    """A list, be it one of the database's, of JSON, or words with commas between them."""
    if isinstance(value, str):
        value = json.loads(value) if value.lstrip().startswith("[") else value.split(",")
    return tuple(as_text(each).strip() for each in value or () if each != "")


def _instant(column: Column, value: Any, where: str) -> datetime:
    if isinstance(value, str):
        value = _read_time(value, column, where)
    if isinstance(value, datetime):
        return _aware(value, column, where)
    if isinstance(value, int | float | Decimal) and column.unit:
        micros = Decimal(str(value)) * (1_000_000 // column.unit)
        return _EPOCH + timedelta(microseconds=int(micros.to_integral_value()))
    said = "no time" if isinstance(value, date) else "a number, and nothing says of what"
    raise SettingsError(f"{value!r} is {said}", where=where, try_next='{ column = "...", unit = "seconds" }')


def _read_time(text: str, column: Column, where: str) -> datetime | Decimal:
    try:
        return Decimal(text) if column.unit else datetime.fromisoformat(text)
    except (ValueError, ArithmeticError):
        kind = "number" if column.unit else "time of ISO 8601"
        raise SettingsError(f"{text!r} is no {kind}", where=where, try_next="name another column") from None


def _aware(value: datetime, column: Column, where: str) -> datetime:
    if value.tzinfo is None:
        if column.zone is None:
            message = f"{value.isoformat()} has no zone"
            raise SettingsError(message, where=where, try_next='{ column = "...", zone = "UTC" }')
        value = value.replace(tzinfo=column.zone)
    return value.astimezone(UTC)


def bound(element: ColumnElement[Any], text: str) -> tuple[ColumnElement[Any], ColumnElement[Any]] | None:
    """A column and an id to compare it with, as what the column is, so that its index is used.

    Returns:
        None where no row can hold it: half a surrogate pair, a NUL, a word where numbers are.
    """
    from sqlalchemy import Text, cast, literal
    from sqlalchemy.types import BigInteger, Enum, Integer, String, Uuid

    from goldenpath.reference.storage.tables import is_text

    kind: TypeEngine[Any] = element.type
    if not is_text(text):
        return None
    if isinstance(kind, Integer):
        whole = int(text) if _WHOLE.fullmatch(text) else 2**63
        return (element, literal(whole, BigInteger())) if -(2**63) <= whole < 2**63 else None
    if isinstance(kind, Uuid):
        try:
            return element, literal(UUID(text), Uuid())
        except ValueError:
            return None
    if isinstance(kind, String) and not isinstance(kind, Enum):
        return element, literal(text, String())
    return cast(element, Text), literal(text, Text())
