"""What a step costs to match, at 50 and at 500 definitions: ``python benchmarks/matching.py``.

The definitions of a kind differ at the start, at the end or in the middle of the sentence, so that no way of filing
them is lucky. The first look-ups, which file the definitions and compile their patterns, are told apart from the later
ones.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import process_time

from goldenpath.authoring.matching import Scope, StepIndex
from goldenpath.bdd import StepDefinition, parsers

SENTENCES = {
    "parse": (
        "area a{i:03d} holds widget {{name}} with {{count:d}} parts",
        "user {{name}} adds {{count:d}} items to basket b{i:03d}",
        "the total on till t{i:03d} equals {{count:d}}",
    ),
    "re": (
        r"area a{i:03d} holds widget (?P<name>\w+) with (?P<count>\d+) parts",
        r"user (?P<name>\w+) adds (?P<count>\d+) items to basket b{i:03d}",
        r"the total on till t{i:03d} equals (?P<count>\d+)",
    ),
    "cucumber": (
        "area a{i:03d} holds widget {{word}} with {{int}} parts",
        "user {{word}} adds {{int}} items to basket b{i:03d}",
        "the total on till t{i:03d} equals {{int}}",
    ),
}
TEXTS = (
    "area a{i:03d} holds widget Ada with 3 parts",
    "user Ada adds 3 items to basket b{i:03d}",
    "the total on till t{i:03d} equals 3",
)
KINDS = ("given", "when", "then")


def _index(parser: Callable[[str], parsers.StepParser], sentences: tuple[str, ...], count: int) -> StepIndex:
    def step(name: str = "", count: int = 0) -> None:
        """What all of them do."""

    definitions = []
    for number in range(count):
        kind, sentence = KINDS[number % 3], sentences[number % 3].format(i=number // 3)
        definitions.append(StepDefinition(kind, sentence, parser(sentence), step, file="words.py", line=number + 1))
    return StepIndex([Scope("words", definitions)])


def _seconds(index: StepIndex, count: int, rounds: int) -> float:
    """For one step, arguments included; every definition is used once a round."""
    texts = [(KINDS[number % 3], TEXTS[number % 3].format(i=number // 3)) for number in range(count)] * rounds
    started = process_time()
    for kind, text in texts:
        _ = index.find(kind, text).arguments
    return (process_time() - started) / len(texts)


def main() -> None:
    """Write a line for each parser and number of definitions, in microseconds a step."""
    sys.stdout.write(f"{'parser':<10}{'definitions':>12}{'first':>10}{'later':>10}\n")
    for name, sentences in SENTENCES.items():
        for count in (50, 500):
            index = _index(getattr(parsers, name), sentences, count)
            first = _seconds(index, count, rounds=1)
            later = min(_seconds(index, count, rounds=2000 // count) for _ in range(5))
            sys.stdout.write(f"{name:<10}{count:>12}{1e6 * first:>10.1f}{1e6 * later:>10.1f}\n")


if __name__ == "__main__":
    main()
