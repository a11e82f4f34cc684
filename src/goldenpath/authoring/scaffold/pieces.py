"""One new piece of a project: a service with its sentences, an adapter, a sentence, a feature."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from goldenpath.authoring.scaffold.settings import OWN_STEPS, change, uses_our_sentences
from goldenpath.authoring.scaffold.writing import filled, identifier, write
from goldenpath.domain.errors import UsageError
from goldenpath.domain.values import SERVICES, Tier

CODE: Final = "golden"
"""The folder of a project's own ports and adapters."""


def service(root: Path, words: str) -> list[str]:
    """A service of the team's own: a port, a mock, a client, sentences, a feature, and its settings.

    Args:
        root: The folder of the project.
        words: What it is called: ``Credit notes``.

    Returns:
        What was written or changed, each with a word on it.

    Raises:
        UsageError: A service that comes with us has that name, or something is there already.
    """
    module = identifier(words)
    if module in SERVICES:
        raise UsageError(f"{module} comes with Golden Path", where=words, try_next=f"goldenpath new adapter {module}")
    values = {"module": module, "name": _class(module), "title": words.strip()[:1].upper() + words.strip()[1:]}
    texts = {
        f"{CODE}/{module}.py": filled("port.py.jinja", **values),
        f"{OWN_STEPS}/{module}.py": filled("service_steps.py.jinja", **values),
        f"features/{module}.feature": filled("service.feature.jinja", **values),
    }
    written = write(root, texts)

    def settings(table: Any) -> None:
        own = {"port": f"{CODE}.{module}:Http{values['name']}"}
        mock = {"mock": {"port": f"{CODE}.{module}:Mock{values['name']}"}}
        table.setdefault("services", {})[module] = own | mock
        table.setdefault("tags", {})[module] = module

    return [*written, change(root, settings)]


def feature(root: Path, words: str) -> list[str]:
    """A feature: with sentences that come with us where the project uses them, else as a promise to come.

    Raises:
        UsageError: It is there already.
    """
    text = filled("feature.feature.jinja", title=words.strip(), sentences=uses_our_sentences(root))
    return write(root, {f"features/{identifier(words)}.feature": text})


def step(root: Path, kind: str, sentence: str) -> list[str]:
    """The function for a sentence, at the end of the project's own ones; it runs as pending until it is written.

    Args:
        root: The folder of the project.
        kind: ``given``, ``when`` or ``then``.
        sentence: A step without its keyword, with values as they would stand in a feature.

    Raises:
        UsageError: The file cannot be written.
    """
    from goldenpath.authoring.suggestions import snippets

    path = root / OWN_STEPS / "own.py"
    text = snippets(kind, sentence)[0]
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{before.rstrip()}\n\n\n{text}".lstrip() if before.strip() else text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"it cannot be written: {error.strerror}", where=str(path)) from None
    return [f"{OWN_STEPS}/own.py", change(root, _names_own_steps)]


def adapter(root: Path, name: str, tier: str, protocol: type, operations: Sequence[str]) -> list[str]:
    """An adapter for a service that comes with us, with every operation of its port, and where it is registered.

    Args:
        root: The folder of the project.
        name: The service.
        tier: How real its machinery is.
        protocol: The service's port.
        operations: The names of the port's operations.

    Raises:
        UsageError: Something is there already.
    """
    values: dict[str, Any] = {
        "service": name,
        "tier": Tier(tier).value,
        "name": f"Own{_class(name)}",
        "package": f"{CODE}.own_{name}",
        "operations": [_operation(getattr(protocol, each), each) for each in operations],
        "imports": _imports(protocol, operations),
    }
    texts = {f"{CODE}/own_{name}.py": filled("adapter.py.jinja", **values)}
    hook = filled("conftest.py.jinja", **values)
    is_there = (root / "conftest.py").exists()
    written = write(root, texts if is_there else texts | {"conftest.py": hook})
    return [*written, *(["to add to conftest.py:", *hook.splitlines()[2:]] if is_there else [])]


def _names_own_steps(table: Any) -> None:
    steps = table.setdefault("steps", [])
    if not any(str(each if isinstance(each, str) else each.get("modules", "")).startswith(OWN_STEPS) for each in steps):
        steps.append(OWN_STEPS)


def _class(module: str) -> str:
    return "".join(part.capitalize() for part in module.split("_"))


def _operation(function: Callable[..., Any], name: str) -> dict[str, str]:
    written = inspect.signature(function)
    word = "async def" if inspect.iscoroutinefunction(function) else "def"
    head = f"{word} {name}{_written(written)} -> {written.return_annotation}:"
    said = (inspect.getdoc(function) or "").partition("\n")[0]
    return {"head": head, "body": f'"""{said}"""\n        raise _to_be_written("{name}")'}


def _written(signature: inspect.Signature) -> str:
    parts = []
    for each in signature.parameters.values():
        if each.kind is inspect.Parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        parts.append(str(each).replace("'", "") if each.default is inspect.Parameter.empty else _default(each))
    return f"({', '.join(parts)})"


def _default(each: inspect.Parameter) -> str:
    return f"{each.name}: {each.annotation} = {each.default!r}"


def _imports(protocol: type, operations: Sequence[str]) -> list[tuple[str, list[str]]]:
    """What the signatures of a protocol name, by the module that has it."""
    around = vars(sys.modules[protocol.__module__])
    text = " ".join(str(inspect.signature(getattr(protocol, name))) for name in operations)
    found: dict[str, list[str]] = {}
    for name, each in around.items():
        if isinstance(each, type) and each is not protocol and name in text and _is_value(each):
            found.setdefault(each.__module__, []).append(name)
    return [(module, sorted(names)) for module, names in sorted(found.items()) if module.split(".")[0] != "builtins"]


def _is_value(each: type) -> bool:
    return dataclasses.is_dataclass(each) or each.__module__ != "typing"
