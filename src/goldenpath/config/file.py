"""Reading the settings file: ``goldenpath.toml`` at the root, else ``[tool.goldenpath]`` of ``pyproject.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints

from goldenpath.config.options import OPTIONS, Exec, Platform, StepModules
from goldenpath.config.toml_lines import line_of, line_of_error, without_place
from goldenpath.domain.errors import SettingsError

OWN_FILE: Final = "goldenpath.toml"
SHARED_FILE: Final = "pyproject.toml"
_TABLE: Final = ("tool", "goldenpath")

_EXPECTED: Final = {
    "string_type": "a text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "dataclass_type": "a table",
    "model_type": "a table",
}


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What a settings file says, checked for its keys and types.

    Attributes:
        path: The file; None when there is none, or when it has no table of ours.
        values: Our table: values by settings key.
        text: The whole text, for the lines of its keys.
        table: The path of our table within the file.
    """

    path: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    table: tuple[str, ...] = ()

    def where(self, *path: object) -> str:
        """``file:line`` of a key of our table."""
        return f"{self.path}:{line_of(self.text, (*self.table, *path))}"


def read(root: Path) -> SettingsFile:
    """The settings file of the project at ``root``; one without values when there is none.

    Raises:
        SettingsError: It is no TOML, has a key that does not exist, or a value of a wrong type.
    """
    own, shared = root / OWN_FILE, root / SHARED_FILE
    if own.exists():
        found = _parse(own, ())
    elif shared.is_file() and _mentions_us(shared):
        found = _parse(shared, _TABLE)
    else:
        return SettingsFile()
    if found.path is not None:
        _validate(found)
    return found


def nearest(word: str, known: Sequence[str]) -> str:
    """The known word that was probably meant, as the end of a message; empty when none is near."""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _mentions_us(path: Path) -> bool:
    """Whether a shared file is ours to judge: the faults of one that does not name us are for others to tell."""
    try:
        return b"goldenpath" in path.read_bytes()
    except OSError:
        return False


def _parse(path: Path, table: tuple[str, ...]) -> SettingsFile:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(f"this file is not UTF-8: {error.reason}", where=f"{path}:1") from None
    except OSError as error:
        raise SettingsError(f"this file cannot be read: {error.strerror}", where=str(path)) from None
    try:
        values: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = f"{path}:{line_of_error(error, text)}"
        raise SettingsError(f"this file is no TOML: {without_place(error)}", where=where) from None
    for key in table:
        if not isinstance(values, dict) or key not in values:
            return SettingsFile()
        values = values[key]
    return SettingsFile(path, values, text, table)


def _validate(file: SettingsFile) -> None:
    if _evident(file.values):
        return
    from pydantic import ConfigDict, TypeAdapter, ValidationError, create_model

    fields: Any = {each.key: (each.type | None, None) for each in OPTIONS if each.key is not None}
    model = create_model("SettingsFile", __config__=ConfigDict(extra="forbid"), **fields)
    try:
        TypeAdapter(model).validate_python(file.values)
    except ValidationError as invalid:
        errors = [dict(error) for error in invalid.errors(include_url=False, include_context=False)]
        raise _as_settings_error(file, errors) from None


def _evident(values: object) -> bool:
    """Whether a table is right at a glance: most are, and pydantic takes longer to load than a short run lasts."""
    types = {each.key: each.type for each in OPTIONS if each.key is not None}
    return isinstance(values, dict) and all(key in types and _fits(each, types[key]) for key, each in values.items())


def _fits(value: object, expected: Any) -> bool:
    """Whether a value is evidently of a type; False also where that takes a closer look."""
    inner = get_args(expected)
    if get_origin(expected) is list:
        return isinstance(value, list) and all(_fits(each, inner[0]) for each in value)
    if get_origin(expected) is dict:
        return isinstance(value, dict) and all(_fits(each, inner[1]) for each in value.values())
    if is_dataclass(expected):
        types = get_type_hints(expected)
        return isinstance(value, dict) and all(key in types and _fits(value[key], types[key]) for key in value)
    return expected in {str, bool, float} and type(value) is expected


def _as_settings_error(file: SettingsFile, errors: Sequence[Mapping[str, Any]]) -> SettingsError:
    """The first error. Where a value may be of several types, the errors of all are one."""
    first = errors[0]["loc"]
    branches = [each for each in errors if each["loc"][:2] == first[:2]]
    error = max(branches, key=lambda each: len(each["loc"]))
    path = _real_path(error["loc"], file.values)
    place = file.where(*path)
    name = ".".join(str(part) for part in path) or "this table"
    if error["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        known = _keys_at(path)
        return SettingsError(
            f"there is no setting {name!r}{nearest(str(path[-1]), known)}",
            where=place,
            try_next=f"one of: {', '.join(known)}",
        )
    if error["type"] == "missing":
        return SettingsError(f"{name}: {error['loc'][-1]!r} is missing", where=place)
    alike = [each for each in branches if _real_path(each["loc"], file.values) == path]
    expected = " or ".join(dict.fromkeys(_EXPECTED.get(each["type"], each["msg"]) for each in alike))
    example = next((each.example for each in OPTIONS if path and each.key == path[0]), None)
    return SettingsError(f"{name}: expected {expected}, got {error['input']!r}", where=place, try_next=example or "")


def _keys_at(path: Sequence[object]) -> list[str]:
    if len(path) > 1:
        tables: dict[object, type[Platform | Exec]] = {"platform": Platform, "exec": Exec}
        return [each.name for each in fields(tables.get(path[0], StepModules))]
    return [each.key for each in OPTIONS if each.key is not None]


def _real_path(loc: Sequence[object], values: object) -> tuple[object, ...]:
    """The part of a pydantic location that is in the file; the names of a union's branches are not."""
    path: list[object] = []
    for part in loc:
        is_key = isinstance(values, Mapping) and part in values
        is_place = isinstance(values, list) and isinstance(part, int) and part < len(values)
        if is_key or is_place:
            values = values[part]  # type: ignore[index]  # one of the two holds
            path.append(part)
    return tuple(path)
