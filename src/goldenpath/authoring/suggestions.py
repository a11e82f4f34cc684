"""What to write for a step that nobody answers yet: the nearest sentences, and a snippet that is ready to paste."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from itertools import islice, product
from typing import TYPE_CHECKING, Final, NamedTuple

from goldenpath.bdd import ParameterType, StepDefinition, parameter_types
from goldenpath.bdd.parameter_types import defined

if TYPE_CHECKING:
    from jinja2 import Template

NEAR: Final = 0.6
"""How much two sentences must have in common to be called near, from 0 to 1 (difflib's own default)."""

LIMIT: Final = 16
"""How many snippets one step has at most: a whole number may be an ``{int}`` or a ``{float}``, and so on."""

_VALUES: Final = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*"|(?<![^\W_])\'(?:[^\'\\]|\\.)*\'(?![^\W_]))'
    r"|(?P<float>(?<![\w.,-])-?\d+\.\d+(?![\w.]))"
    r"|(?P<int>(?<![\w.,-])-?\d+(?!\w|[.,-]\d))"
)
_DEFINITION: Final = """\
from goldenpath.bdd import {{ kind }}, pending

@{{ kind }}({{ sentence }})
async def {{ name }}({{ parameters | join(", ") }}) -> None:
    pending()
"""
_NAMES: Final = {"string": "text", "float": "amount", "int": "count"}
_TYPES: Final = {"string": "str", "float": "float", "int": "int"}
_KNOWN: Final = ((int, "int"), (float, "float"), (bool, "bool"), (str, "str"), (None, "str"))
"""What to write for the values of a user's parameter type, by what makes them; others are left without a word."""


def nearest(text: str, definitions: Iterable[StepDefinition], limit: int = 3) -> tuple[StepDefinition, ...]:
    """The definitions whose sentences are most like a text, the most alike first."""
    of_pattern: dict[str, StepDefinition] = {}
    for definition in definitions:
        of_pattern.setdefault(definition.pattern, definition)
    return tuple(of_pattern[pattern] for pattern in get_close_matches(text, of_pattern, limit, NEAR))


def snippets(kind: str, text: str, *, docstring: bool = False, datatable: bool = False) -> tuple[str, ...]:
    """Step definitions for this text, in our vocabulary, which run as pending until their body is written.

    Texts in quotes become ``{string}``, whole numbers ``{int}`` or ``{float}``, others ``{float}``, and what a
    parameter type of the project matches, that type. Each snippet begins with its import, so that it can be pasted
    into any module.

    Args:
        kind: ``given``, ``when`` or ``then``.
        text: The step without its keyword.
        docstring: Whether the step has a doc string.
        datatable: Whether it has a data table.

    Returns:
        At least one, the best first; as many as Cucumber would give, up to ``LIMIT``.
    """
    values = tuple(_values(text))
    choices = islice(product(*(value.types for value in values)), LIMIT)
    below = ["docstring: str"] * docstring + ["datatable: list[list[str]]"] * datatable
    return tuple(_snippet(kind, text, values, chosen, below) for chosen in choices)


class _Value(NamedTuple):
    """A part of a text that is a value, and the parameter types that it may be of."""

    start: int
    end: int
    types: tuple[str, ...]


def _values(text: str) -> Iterator[_Value]:
    """From left to right; at one place the longest counts, as in Cucumber."""
    found: dict[tuple[int, int], list[str]] = {}
    for value in _VALUES.finditer(text):
        name = value.lastgroup or ""
        found[value.span()] = ["int", "float"] if name == "int" else [name]
    for own in parameter_types():
        for span in _spans(own, text) if own.use_for_snippets else ():
            found.setdefault(span, []).append(own.name)
    end = 0
    for start, stop in sorted(found, key=lambda span: (span[0], -span[1])):
        if start >= end:
            # Cucumber's own order: {int} before all others, which come by name.
            yield _Value(start, stop, tuple(sorted(set(found[start, stop]), key=lambda name: (name != "int", name))))
            end = stop


def _spans(own: ParameterType, text: str) -> Iterator[tuple[int, int]]:
    """Where a parameter type of the project matches whole words, but not the whole sentence."""
    for regexp in own.regexps:
        for value in re.finditer(rf"(?<![^\W_])(?:{regexp})(?![^\W_])", text):
            if value[0].strip() and value[0] != text:
                yield value.span()


def _snippet(kind: str, text: str, values: Sequence[_Value], types: Sequence[str], below: Sequence[str]) -> str:
    parts: list[str] = []
    names: list[str] = []
    parameters: list[str] = []
    end = 0
    for value, found in zip(values, types, strict=True):
        parts += [_escape(text[end : value.start]), f"{{{found}}}"]
        names.append(_unused(_NAMES.get(found) or _name(found, "value"), names))
        parameters.append(f"{names[-1]}: {known}" if (known := _annotation(found)) else names[-1])
        end = value.end
    sentence = "".join([*parts, _escape(text[end:])])
    quoted = f'"{sentence}"' if '"' not in sentence and "\\" not in sentence else repr(sentence)
    words = " ".join(text[start:stop] for start, stop in _between(values, text))
    return _template().render(kind=kind, sentence=quoted, name=_name(words, "step"), parameters=[*parameters, *below])


def _between(values: Sequence[_Value], text: str) -> Iterator[tuple[int, int]]:
    ends = [0, *(value.end for value in values)]
    return zip(ends, [*(value.start for value in values), len(text)], strict=True)


def _annotation(name: str) -> str | None:
    own = defined(name)
    if own is None:
        return _TYPES.get(name)
    return next((known for make, known in _KNOWN if make is own.transformer), None)


@cache
def _template() -> Template:
    from jinja2 import Environment

    # What comes out is Python, not HTML: the sentence was made a literal before.
    return Environment(autoescape=False, keep_trailing_newline=True).from_string(_DEFINITION)  # noqa: S701


def _escape(literal: str) -> str:
    return re.sub(r"([\\{(/])", r"\\\1", literal)


def _unused(name: str, names: Sequence[str]) -> str:
    """The name, with a number where it is taken, also by what stands below the step."""
    number = 1
    while (numbered := name if number == 1 else f"{name}_{number}") in {*names, "docstring", "datatable"}:
        number += 1
    return numbered


def _name(text: str, otherwise: str) -> str:
    """A name for a function or a parameter, of the first words of a text."""
    words = re.findall(r"[^\W\d_]+", text.casefold())[:5]
    name = "_".join(words)
    taken = keyword.iskeyword(name) or name in {"pending", "given", "when", "then"}
    return name if name.isidentifier() and not taken else f"{otherwise}_{name}".rstrip("_")
