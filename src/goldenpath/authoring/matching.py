"""Which step definition answers a step.

An index is built once a chain of scopes. It files each definition under one word that every text of it must contain
(the one that fewest others need), so that a look-up tries the few definitions whose word stands in the text: the cost
of a step does not grow with the number of definitions, and a pattern is compiled when such a text first comes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from goldenpath.authoring.calls import Call, ill_made, prepare
from goldenpath.authoring.namespaces import definitions_in
from goldenpath.authoring.suggestions import nearest, snippet
from goldenpath.bdd import StepDefinition
from goldenpath.bdd.parsers import string
from goldenpath.domain.errors import StepError

__all__ = [
    "AmbiguousStep",
    "Call",
    "Match",
    "Scope",
    "StepIndex",
    "UndefinedStep",
    "definitions_in",
    "prepare",
]


_FIRST: Final = 'name the folder of your step modules in goldenpath.toml, as in steps = ["steps"], and write there'


class UndefinedStep(StepError):
    """No definition answers a step.

    Attributes:
        kind: Of the step.
        text: Of the step.
        nearest: The definitions whose sentences are most like it, the most alike first.
        other_kinds: Definitions that answer the very text, in a step of another kind.
        snippet: A definition to paste, whose body is still to be written.

    Args:
        alone: Whether the project has no definition at all, so that the settings may have been forgotten.
    """

    def __init__(
        self,
        kind: str,
        text: str,
        *,
        nearest: tuple[StepDefinition, ...],
        other_kinds: tuple[StepDefinition, ...],
        snippet: str,
        alone: bool = False,
    ) -> None:
        lines = [f'no step definition answers {kind.capitalize()} "{text}"']
        lines += [f"  no Examples have a column for {name}" for name in re.findall(r"<[^<>\s][^<>]*>", text)]
        lines += [f"  it is there as another kind: {definition}" for definition in other_kinds]
        lines += [f"  near to it: {definition}" for definition in nearest]
        indented = "".join(f"\n    {line}".rstrip() for line in snippet.splitlines())
        where = _FIRST if alone else "write it in a step module"
        super().__init__("\n".join(lines), try_next=f"{where}:\n{indented}")
        self.kind = kind
        self.text = text
        self.nearest = nearest
        self.other_kinds = other_kinds
        self.snippet = snippet


class AmbiguousStep(StepError):
    """Several definitions of one scope answer a step, so that nothing says which is meant.

    Attributes:
        kind: Of the step.
        text: Of the step.
        candidates: All of them, in the order in which they were defined.
    """

    def __init__(self, kind: str, text: str, candidates: tuple[StepDefinition, ...]) -> None:
        lines = [f'{len(candidates)} step definitions answer {kind.capitalize()} "{text}"']
        lines += [f"  {definition}" for definition in candidates]
        super().__init__("\n".join(lines), try_next="say the two things in different words, or take one of them away")
        self.kind = kind
        self.text = text
        self.candidates = candidates


@dataclass(frozen=True, eq=False)
class Scope:
    """Definitions of one rank: a plugin's, a step module's, a conftest's.

    Attributes:
        name: Of the plugin, module or conftest, for people.
        definitions: In the order in which they were defined.
    """

    name: str
    definitions: Sequence[StepDefinition]


class Match:
    """A step and what answers it.

    Attributes:
        definition: What answers.
        call: How its function is called.
        shadowed: Definitions of farther scopes that answer too, the nearest of them first.
    """

    __slots__ = ("_found", "call", "definition", "shadowed")

    def __init__(
        self, definition: StepDefinition, call: Call, shadowed: tuple[StepDefinition, ...], found: Any
    ) -> None:
        self.definition = definition
        self.call = call
        self.shadowed = shadowed
        self._found = found

    @property
    def arguments(self) -> dict[str, Any]:
        """The parameters of the sentence by name, after parameter types and converters.

        These are other people's code: what they raise comes out here, so that it fails the step. Each access makes
        the values anew.
        """
        values = self.definition.parser.arguments(self._found)
        named = dict(values) if isinstance(values, Mapping) else dict(zip(self.call.arguments, values, strict=True))
        for name, convert in self.definition.converters.items():
            if name in named:
                named[name] = convert(named[name])
        return named


class StepIndex:
    """All definitions that one feature can see, ready to be asked.

    Args:
        scopes: From far to near; a nearer one wins.
    """

    def __init__(self, scopes: Iterable[Scope]) -> None:
        self._ranked: list[tuple[int, StepDefinition]] = []
        seen: dict[object, int] = {}
        for rank, scope in enumerate(scopes):
            for definition in scope.definitions:
                # One definition may be seen from two scopes, or its file imported twice: the nearest place counts.
                if definition.place in seen:
                    self._ranked[seen[definition.place]] = (rank, definition)
                else:
                    seen[definition.place] = len(self._ranked)
                    self._ranked.append((rank, definition))
        self._of_kind: dict[str, _KindIndex] = {}

    @property
    def definitions(self) -> tuple[StepDefinition, ...]:
        """All of them, from far to near."""
        return tuple(definition for _, definition in sorted(self._ranked, key=lambda ranked: ranked[0]))

    def find(self, kind: str, text: str, *, docstring: bool = False, datatable: bool = False) -> Match:
        """The definition that answers a step.

        Args:
            kind: ``given``, ``when`` or ``then``.
            text: The step without its keyword.
            docstring: Whether the step has a doc string; only the snippet of an undefined one asks.
            datatable: Whether it has a data table; likewise.

        Raises:
            UndefinedStep: None answers.
            AmbiguousStep: Several of the nearest scope answer.
            StepError: A definition that may be meant is ill-made.
        """
        found = self._index(kind).find(text)
        if len(found) == 1:
            _, definition, what = found[0]
            return Match(definition, prepare(definition), (), what)
        if not found:
            raise self._undefined(kind, text, docstring=docstring, datatable=datatable)
        found.sort(key=lambda hit: -hit[0])
        near = [hit for hit in found if hit[0] == found[0][0]]
        if len(near) > 1:
            order = {definition: place for place, (_, definition) in enumerate(self._ranked)}
            raise AmbiguousStep(kind, text, tuple(sorted((hit[1] for hit in near), key=order.__getitem__)))
        _, definition, what = near[0]
        return Match(definition, prepare(definition), tuple(hit[1] for hit in found[1:]), what)

    def _index(self, kind: str) -> _KindIndex:
        index = self._of_kind.get(kind)
        if index is None:
            index = self._of_kind[kind] = _KindIndex([hit for hit in self._ranked if hit[1].kind in {None, kind}])
        return index

    def _undefined(self, kind: str, text: str, *, docstring: bool, datatable: bool) -> UndefinedStep:
        answer = tuple(dict.fromkeys(self._answers_of_other_kinds(kind, text)))
        return UndefinedStep(
            kind,
            text,
            nearest=nearest(text, (definition for _, definition in self._ranked if definition not in answer)),
            other_kinds=answer,
            snippet=snippet(kind, text, docstring=docstring, datatable=datatable),
            alone=all("pytest_bdd" in Path(definition.file).parts for _, definition in self._ranked),
        )

    def _answers_of_other_kinds(self, kind: str, text: str) -> Iterator[StepDefinition]:
        for other in sorted({"given", "when", "then"} - {kind}):
            try:
                yield from (definition for _, definition, _ in self._index(other).find(text))
            except StepError:  # an ill-made definition; it is told when a step of its own kind comes
                continue


_Ranked = tuple[int, StepDefinition]
_Hit = tuple[int, StepDefinition, Any]

# What re.IGNORECASE takes for an ASCII letter, and str.lower does not make one.
_FOLD: Final = str.maketrans({"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"})


def _fold(text: str) -> str:
    return (text if text.isascii() else text.translate(_FOLD)).lower()


class _KindIndex:
    """The definitions that answer one kind of step: by their very text, by a word, and the rest."""

    def __init__(self, ranked: Sequence[_Ranked]) -> None:
        self._exact: dict[str, list[_Ranked]] = {}
        self._by_word: dict[str, list[_Ranked]] = {}
        self._by_folded: dict[str, list[_Ranked]] = {}
        self._rest: list[_Ranked] = []
        words = [self._words(definition) for _, definition in ranked]
        needed = Counter(word for some in words for word in some)
        for hit, some in zip(ranked, words, strict=True):
            parser = hit[1].parser
            if isinstance(parser, string):
                self._exact.setdefault(parser.name, []).append(hit)
            elif some:
                word = min(some, key=lambda word: (needed[word], -len(word), word))
                filed = self._by_folded if parser.ignores_case else self._by_word
                filed.setdefault(word, []).append(hit)
            else:
                self._rest.append(hit)

    @staticmethod
    def _words(definition: StepDefinition) -> frozenset[str]:
        parser = definition.parser
        if isinstance(parser, string):
            return frozenset()
        words = parser.words()
        return frozenset(_fold(word) for word in words if word.isascii()) if parser.ignores_case else words

    def find(self, text: str) -> list[_Hit]:
        """All that answer, in no order."""
        found: list[_Hit] = [(rank, definition, True) for rank, definition in self._exact.get(text, ())]
        _try(self._rest, text, found)
        if self._by_word:
            for word in set(text.split()):
                if word in self._by_word:
                    _try(self._by_word[word], text, found)
        if self._by_folded:
            for word in set(_fold(text).split()):
                if word in self._by_folded:
                    _try(self._by_folded[word], text, found)
        return found


def _try(ranked: Iterable[_Ranked], text: str, found: list[_Hit]) -> None:
    for rank, definition in ranked:
        try:
            what = definition.parser.match(text)
        except Exception as error:  # noqa: BLE001 - whatever the library behind a pattern raises
            raise ill_made(definition, error) from None
        if what is not None:
            found.append((rank, definition, what))
