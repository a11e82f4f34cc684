"""The JSON schema of a timeline's lines, made from the events themselves (JSON Schema 2020-12).

``python -m goldenpath.reports.schema`` prints it; ``docs/timeline.schema.json`` is that print.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
import types
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from goldenpath.domain.timeline import EVENTS, FORMAT, Event, kind_of

_SIMPLE: Final = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schema() -> dict[str, Any]:
    """The schema: one line is exactly one of the events, with all of its fields and no other."""
    definitions: dict[str, Any] = {}
    for event in EVENTS:
        definitions[kind_of(event)] = _event(event, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"One line of a Golden Path timeline, format {FORMAT}",
        "description": "Times are ISO 8601 in UTC; durations are seconds. Secrets are marks such as <token 3>.",
        "oneOf": [{"$ref": f"#/$defs/{kind_of(event)}"} for event in EVENTS],
        "$defs": dict(sorted(definitions.items())),
    }


def text() -> str:
    """The schema as the file in the documentation has it."""
    return json.dumps(schema(), indent=2) + "\n"


def _event(event: type[Event], definitions: dict[str, Any]) -> dict[str, Any]:
    described = _object(event, definitions)
    described["properties"] = {"event": {"const": kind_of(event)}} | described["properties"]
    described["required"] = ["event", *described["required"]]
    return described


def _object(cls: type[Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A dataclass as an object; every field is always written."""
    hints = get_type_hints(cls)
    names = [each.name for each in dataclasses.fields(cls)]
    return {
        "description": inspect.cleandoc(cls.__doc__ or ""),
        "type": "object",
        "properties": {name: _value(hints[name], definitions) for name in names},
        "required": names,
        "additionalProperties": False,
    }


def _value(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if hint in _SIMPLE:
        return {"type": _SIMPLE[hint]}
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {types.UnionType, Union}:
        return {"type": [_SIMPLE[each] for each in inner]}
    if origin is tuple:
        return {"type": "array", "items": _value(inner[0], definitions)}
    if origin is dict:
        return (
            {"type": "object"}
            if inner[1] is Any
            else {"type": "object", "additionalProperties": _value(inner[1], definitions)}
        )
    name = kind_of(hint)
    definitions.setdefault(name, _object(hint, definitions))
    return {"$ref": f"#/$defs/{name}"}


if __name__ == "__main__":
    sys.stdout.write(text())
