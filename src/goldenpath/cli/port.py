"""What a service must answer: the operations of its port, from the code. Without a name, the ports that there are."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Final, TextIO

from goldenpath.cli.layout import docstring, signature, table
from goldenpath.domain.errors import UsageError
from goldenpath.domain.values import SERVICES
from goldenpath.runtime.observing import operations
from goldenpath.runtime.services import protocol_of

_DEEPER: Final = "    "
_PORTS: Final = "goldenpath.ports."
HELP: Final = "what a service of your own must answer"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("name", nargs="?", metavar="NAME", help=f"one of: {', '.join(SERVICES)}")


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Print one port, or the list of all.

    Raises:
        UsageError: There is no such port.
    """
    lines = _every_port() if args.name is None else _port(args.name)
    out.writelines(f"{line}\n" for line in lines)
    return 0


def _every_port() -> Iterator[str]:
    protocols = [(name, protocol_of(name)) for name in SERVICES]
    yield from table([(name, _first_sentence(protocol)) for name, protocol in protocols if protocol])
    yield ""
    yield "goldenpath port NAME prints its operations."


def _first_sentence(protocol: type) -> str:
    return inspect.cleandoc(protocol.__doc__ or "").partition(". ")[0].partition("\n")[0].rstrip(".")


def _port(name: str) -> Iterator[str]:
    protocol = protocol_of(name)
    if protocol is None:
        raise UsageError(f"there is no port {name!r}", where="port", try_next=f"one of: {', '.join(SERVICES)}")
    yield f"{name}: {protocol.__module__}.{protocol.__qualname__}"
    yield ""
    yield from docstring(inspect.cleandoc(protocol.__doc__ or ""), "")
    for operation in operations(protocol):
        yield from _operation(operation, getattr(protocol, operation))
    values = _values(protocol)
    if values:
        yield "Values"
        yield ""
    for value in values:
        yield from _value(value)


def _operation(name: str, function: object, indent: str = "") -> Iterator[str]:
    assert callable(function)
    written = inspect.signature(function)
    word = "async " if inspect.iscoroutinefunction(function) else ""
    parameters = _written(list(written.parameters.values())[1:])
    yield from signature(f"{indent}{word}{name}", parameters, f" -> {written.return_annotation}", indent)
    yield from docstring(inspect.getdoc(function) or "", indent + _DEEPER)


def _written(parameters: Iterable[inspect.Parameter]) -> list[str]:
    """Parameters as they are written, with the star before those that go by name only."""
    written: list[str] = []
    starred = False
    for each in parameters:
        if each.kind is inspect.Parameter.KEYWORD_ONLY and not starred:
            written.append("*")
        starred = starred or each.kind in {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_POSITIONAL}
        written.append(str(each).replace("'", ""))
    return written


def _values(protocol: type) -> list[type]:
    """The classes that a protocol names in its signatures, and those that these name in turn."""
    known = {name: each for name, each in _names_around(protocol).items() if each is not protocol}
    found: list[type] = []
    text = _signatures(protocol)
    while fresh := [each for name, each in known.items() if re.search(rf"\b{name}\b", text) and each not in found]:
        found += fresh
        text = " ".join(map(_signatures, fresh))
    return [each for each in known.values() if each in found]


def _names_around(protocol: type) -> dict[str, type]:
    """The classes of the ports that can be named where a protocol stands."""
    module = vars(sys.modules[protocol.__module__])
    classes = {name: each for name, each in module.items() if isinstance(each, type)}
    return {name: each for name, each in classes.items() if each.__module__.startswith(_PORTS)}


def _signatures(cls: type) -> str:
    """What a class names: in its fields where it is a dataclass, else in its operations and its making."""
    if dataclasses.is_dataclass(cls):
        return " ".join(str(field.type) for field in dataclasses.fields(cls))
    making = str(inspect.signature(cls)) if "__init__" in vars(cls) else ""
    return " ".join([making, *(str(inspect.signature(getattr(cls, name))) for name in operations(cls))])


def _value(value: type) -> Iterator[str]:
    if dataclasses.is_dataclass(value):
        yield from signature(value.__name__, [f"{each.name}: {each.type}" for each in dataclasses.fields(value)])
        yield from docstring(inspect.getdoc(value) or "", _DEEPER)
        return
    yield value.__name__
    yield from docstring(inspect.getdoc(value) or "", _DEEPER)
    for operation in operations(value):
        yield from _operation(operation, getattr(value, operation), _DEEPER)
