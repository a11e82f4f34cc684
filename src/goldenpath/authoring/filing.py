"""The definitions that answer one kind of step, filed so that a look-up tries few of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from goldenpath.authoring.calls import ill_made
from goldenpath.bdd import StepDefinition
from goldenpath.bdd.parsers import cucumber, string

UNREADABLE: Final = object()
"""What is found by a definition that may be meant, and has a parameter type that nobody defined."""

Ranked = tuple[int, StepDefinition]
"""A definition after the rank of its scope: the nearer, the higher."""

_Filed = tuple[int, StepDefinition, Callable[[str], Any]]
"""The same, and what matches a text."""

Hit = tuple[int, StepDefinition, Any]
"""One that answers, with what its parser found."""

# What re.IGNORECASE takes for an ASCII letter, and str.lower does not make one.
_FOLD: Final = str.maketrans({"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"})


def _fold(text: str) -> str:
    return (text if text.isascii() else text.translate(_FOLD)).lower()


class KindIndex:
    """The definitions that answer one kind of step: by their very text, by a word, and the rest."""

    def __init__(self, ranked: Sequence[Ranked]) -> None:
        self._exact: dict[str, list[Ranked]] = {}
        self._by_word: dict[str, list[_Filed]] = {}
        self._by_folded: dict[str, list[_Filed]] = {}
        self._rest: list[_Filed] = []
        words = [self._words(definition) for _, definition in ranked]
        needed = Counter(word for some in words for word in some)
        for hit, some in zip(ranked, words, strict=True):
            parser = hit[1].parser
            whole = (*hit, parser.match)
            if isinstance(parser, string):
                self._exact.setdefault(parser.name, []).append(hit)
            elif some:
                word = min(some, key=lambda word: (needed[word], -len(word), word))
                filed = self._by_folded if parser.ignores_case else self._by_word
                filed.setdefault(word, []).append(whole)
            else:
                self._rest.append(whole)
        # Their own sets: those of the dictionaries' keys are made anew at each look-up.
        self._words_filed = frozenset(self._by_word)
        self._folded_filed = frozenset(self._by_folded)

    @staticmethod
    def _words(definition: StepDefinition) -> frozenset[str]:
        parser = definition.parser
        if isinstance(parser, string):
            return frozenset()
        words = parser.words()
        return frozenset(_fold(word) for word in words if word.isascii()) if parser.ignores_case else words

    def find(self, text: str) -> list[Hit]:
        """All that answer, in no order.

        Raises:
            StepError: A definition that may be meant is ill-made.
        """
        found: list[Hit] = []
        if text in self._exact:
            found = [(rank, definition, True) for rank, definition in self._exact[text]]
        if self._rest:
            _try(self._rest, text, found)
        if self._by_word:
            for word in self._words_filed.intersection(text.split()):
                _try(self._by_word[word], text, found)
        if self._by_folded:
            for word in self._folded_filed.intersection(_fold(text).split()):
                _try(self._by_folded[word], text, found)
        return found


def _try(filed: Iterable[_Filed], text: str, found: list[Hit]) -> None:
    for rank, definition, match in filed:
        try:
            what = match(text)
        except Exception as error:  # noqa: BLE001 - whatever the library behind a pattern raises
            what = _of_unreadable(definition, text, error)
        if what is not None:
            found.append((rank, definition, what))


def _of_unreadable(definition: StepDefinition, text: str, error: Exception) -> object:
    """Whether a definition may be meant whose pattern its own parser refuses, for a parameter type that is missing."""
    parser = definition.parser
    try:
        if isinstance(parser, cucumber) and parser.undefined:
            return UNREADABLE if parser.may_mean(text) else None
    except Exception as another:  # noqa: BLE001 - the same library: something else is wrong with it, too
        error = another
    raise ill_made(definition, error) from None
