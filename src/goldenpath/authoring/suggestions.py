"""What to write for a step that nobody answers yet: the nearest sentences, and a snippet that is ready to paste."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Final

from goldenpath.bdd import StepDefinition

if TYPE_CHECKING:
    from jinja2 import Template

NEAR: Final = 0.6
"""How much two sentences must have in common to be called near, from 0 to 1 (difflib's own default)."""

_VALUES: Final = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*"|(?<![^\W_])\'(?:[^\'\\]|\\.)*\'(?![^\W_]))'
    r"|(?P<float>(?<![\w.,-])-?\d+\.\d+(?![\w.]))"
    r"|(?P<int>(?<![\w.,-])-?\d+(?!\w|[.,-]\d))"
)
_DEFINITION: Final = """\
@{{ kind }}({{ sentence }})
async def {{ name }}({{ parameters | join(", ") }}) -> None:
    raise NotImplementedError("this step is still to be written")
"""
_NAMES: Final = {"string": "text", "float": "amount", "int": "count"}
_TYPES: Final = {"string": "str", "float": "float", "int": "int"}


def nearest(text: str, definitions: Iterable[StepDefinition], limit: int = 3) -> tuple[StepDefinition, ...]:
    """The definitions whose sentences are most like a text, the most alike first."""
    of_pattern: dict[str, StepDefinition] = {}
    for definition in definitions:
        of_pattern.setdefault(definition.pattern, definition)
    return tuple(of_pattern[pattern] for pattern in get_close_matches(text, of_pattern, limit, NEAR))


def snippet(kind: str, text: str, *, docstring: bool = False, datatable: bool = False) -> str:
    """A step definition for this text, in our vocabulary, whose body is still to be written.

    Texts in quotes become ``{string}``, whole numbers ``{int}``, others ``{float}``.

    Args:
        kind: ``given``, ``when`` or ``then``.
        text: The step without its keyword.
        docstring: Whether the step has a doc string.
        datatable: Whether it has a data table.
    """
    parts: list[str] = []
    parameters: list[str] = []
    end = 0
    for value in _VALUES.finditer(text):
        found = value.lastgroup or ""
        parts += [_escape(text[end : value.start()]), f"{{{found}}}"]
        parameters.append(f"{_unused(_NAMES[found], parameters)}: {_TYPES[found]}")
        end = value.end()
    parts.append(_escape(text[end:]))
    parameters += ["docstring: str"] * docstring + ["datatable: list[list[str]]"] * datatable
    sentence = "".join(parts)
    quoted = f'"{sentence}"' if '"' not in sentence and "\\" not in sentence else repr(sentence)
    return _template().render(kind=kind, sentence=quoted, name=_name(text), parameters=parameters)


@cache
def _template() -> Template:
    from jinja2 import Environment

    # What comes out is Python, not HTML: the sentence was made a literal before.
    return Environment(autoescape=False, keep_trailing_newline=True).from_string(_DEFINITION)  # noqa: S701


def _escape(literal: str) -> str:
    return re.sub(r"([\\{(/])", r"\\\1", literal)


def _unused(name: str, parameters: Sequence[str]) -> str:
    number = sum(parameter.startswith(name) for parameter in parameters) + 1
    return name if number == 1 else f"{name}_{number}"


def _name(text: str) -> str:
    """A name for the function, of the first words of the sentence."""
    words = re.findall(r"[^\W\d_]+", _VALUES.sub(" ", text).casefold())[:5]
    name = "_".join(words)
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"step_{name}".rstrip("_")
