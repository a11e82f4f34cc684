"""What a stream of messages says, in the words of the features; it is checked as it is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from kit import lifecycle, streams


class Story:
    """A stream that is sound: its life cycle is whole, and Cucumber's own package reads it and loses nothing.

    Args:
        stream: The file.
        fully: Whether the JSON schema and Cucumber's HTML report are asked too, which takes longer.

    Raises:
        AssertionError: It is not sound, or there is none.
    """

    def __init__(self, stream: Path, *, fully: bool = False) -> None:
        assert stream.is_file(), f"there is no {stream}"
        self.text = stream.read_text("utf-8")
        self.envelopes = streams.read(stream)
        problems = lifecycle.problems(self.envelopes) + streams.changed(self.envelopes)
        assert not problems, "\n".join([f"{stream}:", *problems[:20]])
        if fully:
            streams.check(stream)

    def all(self, kind: str) -> list[Any]:
        """The bodies of all messages of a kind, in order."""
        return [envelope[kind] for envelope in self.envelopes if kind in envelope]

    @property
    def last(self) -> Mapping[str, Any]:
        """How the run finished."""
        finished: Mapping[str, Any] = self.all("testRunFinished")[0]
        return finished

    @property
    def attachments(self) -> list[tuple[str, str]]:
        """The media type and the body of each, in order."""
        return [(each["mediaType"], each["body"]) for each in self.all("attachment")]

    @property
    def messages(self) -> list[str]:
        """What went wrong in steps and hooks, in order."""
        return [result["message"] for result in self._results if "message" in result]

    @cached_property
    def outcomes(self) -> dict[str, list[str]]:
        """By the name of the scenario: for each case and attempt the statuses of its steps, with a blank between."""
        names = {each["id"]: each["name"] for each in self.all("pickle")}
        cases = {each["id"]: names[each["pickleId"]] for each in self.all("testCase")}
        started = {each["id"]: each for each in self.all("testCaseStarted")}
        steps: dict[str, list[str]] = {attempt: [] for attempt in started}
        for each in self.all("testStepFinished"):
            steps[each["testCaseStartedId"]].append(each["testStepResult"]["status"])
        outcomes: dict[str, list[str]] = defaultdict(list)
        for attempt, body in started.items():
            outcomes[cases[body["testCaseId"]]].append(" ".join(steps[attempt]))
        return dict(outcomes)

    @property
    def _results(self) -> list[Any]:
        of_steps = [each["testStepResult"] for each in self.all("testStepFinished")]
        return of_steps + [each["result"] for each in self.all("testRunHookFinished")]
