"""The comparison sees every field but those that it masks: each field that the kit has is changed, once."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from kit import comparing, streams
from kit.ids import Envelope
from kit.samples import SAMPLES

KIT = {sample.name: streams.read(sample.expected) for sample in SAMPLES}

MASKED = re.compile(
    r"meta\..*"
    r"|.*\btimestamp\.(seconds|nanos)|.*\bduration\.(seconds|nanos)"
    r"|.*\.sourceReference\.location\.line"
    r"|.*\.(testStepResult|result)\.message|testRunFinished\.message|.*\.exception\.(type|message|stackTrace)"
    r"|suggestion\.snippets\[\]\.(language|code)"
)
"""What is masked, by hand: fields of the kit whose values say nothing about a runner."""

REFERENCES = re.compile(r".*(Id|Ids|Ids\[\]|\buri)")
"""What leads to something else; other names for the same things are no difference."""


OWN_ID = re.compile(r".*\bid")
"""Some things nobody refers to, and then any name will do."""


def leaves(value: Any, path: str = "", keys: tuple[Any, ...] = ()) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Each value that has no more inside, by its path without numbers, and how to get there."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}".lstrip("."), (*keys, key))
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from leaves(each, f"{path}[]", (*keys, index))
    else:
        yield path, keys


def places() -> dict[str, tuple[str, int, tuple[Any, ...]]]:
    """For each path that the kit has: where it is last, i.e. a sample, the message, and the keys to it."""
    return {
        path: (name, number, keys)
        for name, stream in KIT.items()
        for number, envelope in enumerate(stream)
        for path, keys in leaves(envelope)
    }


PLACES = places()


def changed(path: str, change) -> tuple[list[Envelope], list[Envelope]]:
    """A stream in which ``change(parent, key)`` was done to one field, and the stream as it is."""
    name, number, keys = PLACES[path]
    stream = copy.deepcopy(KIT[name])
    parent: Any = stream[number]
    for key in keys[:-1]:
        parent = parent[key]
    change(parent, keys[-1])
    return stream, KIT[name]


def other(parent: Any, key: Any) -> None:
    """Put another value of the same type."""
    old = parent[key]
    new = {
        bool: lambda: not old,
        int: lambda: old + 1,
        str: lambda: f"{old}~",
        list: lambda: ["~"],
        dict: lambda: {"x": 1},
    }
    parent[key] = new[type(old)]()


def gone(parent: Any, key: Any) -> None:
    del parent[key]


def test_each_stream_is_itself():
    for stream in KIT.values():
        assert comparing.differences(stream, stream) == []


@pytest.mark.parametrize("path", [path for path in PLACES if not MASKED.fullmatch(path) and not OWN_ID.fullmatch(path)])
def test_another_value_is_a_difference(path):
    assert comparing.differences(*changed(path, other)) != []


@pytest.mark.parametrize("path", [path for path in PLACES if MASKED.fullmatch(path)])
def test_another_value_of_what_is_masked_is_none(path):
    assert comparing.differences(*changed(path, other)) == []


@pytest.mark.parametrize("path", [path for path in PLACES if not re.match(r"meta\.|.*\.location\.line", path)])
def test_what_is_not_there_is_a_difference_masked_or_not(path):
    assert comparing.differences(*changed(path, gone)) != []


def renamed(stream: list[Envelope], what: str, new: str) -> list[Envelope]:
    """The stream with every value of ``"what": "..."`` below these keys given another name, alike everywhere."""

    def walk(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: walk(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [walk(each, key) for each in value]
        return f"{new}{value}" if re.fullmatch(what, key) and isinstance(value, str) else value

    return [walk(envelope, "") for envelope in stream]


@pytest.mark.parametrize("what", ["id|.*Ids?", "uri"])
def test_other_names_for_the_same_things_are_no_difference(what):
    for stream in KIT.values():
        assert comparing.differences(renamed(stream, what, "x-"), stream) == []


@pytest.mark.parametrize("path", [path for path in PLACES if REFERENCES.fullmatch(path)])
def test_a_reference_that_leads_elsewhere_is_a_difference(path):
    assert comparing.differences(*changed(path, other)) != []


def test_two_things_of_one_id_are_a_difference():
    stream = copy.deepcopy(KIT["hooks"])
    hooks = [envelope["hook"] for envelope in stream if "hook" in envelope]
    hooks[1]["id"] = hooks[0]["id"]
    assert comparing.differences(stream, KIT["hooks"]) != []


@pytest.mark.parametrize("number", range(len(KIT["retry"])))
def test_a_message_too_many_too_few_or_elsewhere_is_a_difference(number):
    stream = KIT["retry"]
    assert comparing.differences(stream[:number] + stream[number + 1 :], stream) != []
    assert comparing.differences([*stream[: number + 1], *stream[number:]], stream) != []
    swapped = [*stream[:number], *reversed(stream[number : number + 2]), *stream[number + 2 :]]
    assert (comparing.differences(swapped, stream) != []) == (number + 1 < len(stream))


def test_a_time_of_another_shape_is_a_difference():
    stream = copy.deepcopy(KIT["minimal"])
    stream[-1]["testRunFinished"]["timestamp"] = "2026-11-23T18:00:00Z"
    assert comparing.differences(stream, KIT["minimal"]) == [
        f"message {len(stream)}: testRunFinished.timestamp: ours is '2026-11-23T18:00:00Z', the kit's is '<timestamp>'"
    ]


def test_true_is_not_one():
    stream = copy.deepcopy(KIT["minimal"])
    stream[-1]["testRunFinished"]["success"] = 1
    assert comparing.differences(stream, KIT["minimal"]) != []


def test_what_is_said_names_the_message_and_the_field():
    stream = copy.deepcopy(KIT["minimal"])
    stream[-2], stream[-1] = stream[-1], stream[-2]
    assert comparing.differences(stream, KIT["minimal"])[0] == (
        f"message {len(stream) - 1}: ours is testRunFinished, the kit's is testCaseFinished"
    )
    assert comparing.differences(stream[:-2], KIT["minimal"])[-1].endswith(
        "ours is at its end, the kit's is testRunFinished"
    )
