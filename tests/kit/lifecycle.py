"""Says what is wrong with the life cycle of a stream of messages, which no schema sees.

A stream is one run: it starts once and finishes once, last. Whatever is referred to was there before. An attempt at a
test case starts, gives every step of the test case its result, in order, and finishes; attempts count from 0, and all
but the last say that there will be another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from kit import ids
from kit.ids import Envelope

NOT_GREEN: Final = frozenset(("AMBIGUOUS", "FAILED", "PENDING", "UNDEFINED", "UNKNOWN"))
"""The statuses of a step or a hook that fail the run (https://github.com/cucumber/messages, TestStepResultStatus)."""


def problems(stream: Iterable[Envelope]) -> list[str]:
    """What is wrong, in the order in which it shows; empty for a sound stream."""
    cycle = _Cycle()
    number = 0
    for number, envelope in enumerate(stream, 1):
        cycle.see(number, envelope)
    cycle.end(number)
    return cycle.problems


@dataclass
class _Attempt:
    """One attempt at a test case."""

    case: str
    number: int
    steps: list[str]
    retried: bool = False
    finished: bool = False
    seen: list[str] = field(default_factory=list)
    running: str | None = None
    green: bool = True


class _Cycle:
    def __init__(self) -> None:
        self.problems: list[str] = []
        self._at = 0
        self._seen: set[tuple[str, str]] = set()
        self._counts = {"meta": 0, "testRunStarted": 0, "testRunFinished": 0}
        self._steps: dict[str, list[str]] = {}
        self._attempts: dict[str, _Attempt] = {}
        self._last: dict[str, _Attempt] = {}
        self._hooks: dict[str, bool] = {}
        self._green = True

    def see(self, number: int, envelope: Envelope) -> None:
        self._at = number
        if len(envelope) != 1:
            self._say(f"has {len(envelope)} things in it")
            return
        ((kind, body),) = envelope.items()
        self._references(envelope, kind)
        self._run(kind)
        handler: Callable[[Any], None] | None = getattr(self, f"_{kind}", None)
        if handler:
            handler(body)

    def end(self, count: int) -> None:
        self._at = count
        for kind, seen in self._counts.items():
            if seen != 1:
                self._say(f"the stream has {seen} {kind}")
        for id_, attempt in self._attempts.items():
            if not attempt.finished:
                self._say(f"attempt {id_} was never finished")
            elif attempt.retried and self._last[attempt.case] is attempt:
                self._say(f"attempt {id_} was to be retried, and was not")
        for id_, finished in self._hooks.items():
            if not finished:
                self._say(f"the run hook {id_} was never finished")

    def _say(self, problem: str) -> None:
        self.problems.append(f"message {self._at}: {problem}")

    def _references(self, envelope: Envelope, kind: str) -> None:
        own, others = ids.of(envelope)
        for what, id_ in own:
            if (what, id_) in self._seen:
                self._say(f"the {what} {id_} is there twice")
            self._seen.add((what, id_))
        for what, id_ in others:
            if (what, id_) not in self._seen:
                self._say(f"the {kind} refers to the {what} {id_}, which is not there")

    def _run(self, kind: str) -> None:
        if self._counts["testRunFinished"]:
            self._say(f"{kind} comes after the end of the run")
        if (kind == "meta") != (self._at == 1):
            self._say(f"{kind} comes where the meta should be, or is a second one")
        if kind in self._counts:
            self._counts[kind] += 1
        elif kind.startswith("test") and not self._counts["testRunStarted"]:
            self._say(f"{kind} comes before the start of the run")

    def _source(self, body: Any) -> None:
        self._once("source", body["uri"])

    def _gherkinDocument(self, body: Any) -> None:  # noqa: N802 - the names of the messages
        self._once("gherkinDocument", body["uri"])
        self._needs("source", body["uri"])

    def _pickle(self, body: Any) -> None:
        self._needs("gherkinDocument", body["uri"])

    def _once(self, what: str, uri: str) -> None:
        if (what, uri) in self._seen:
            self._say(f"the {what} of {uri} is there twice")
        self._seen.add((what, uri))

    def _needs(self, what: str, uri: str) -> None:
        if (what, uri) not in self._seen:
            self._say(f"there is no {what} of {uri}")

    def _testCase(self, body: Any) -> None:  # noqa: N802
        self._steps[body["id"]] = [step["id"] for step in body["testSteps"]]

    def _testCaseStarted(self, body: Any) -> None:  # noqa: N802
        case, number = body["testCaseId"], body["attempt"]
        before = self._last.get(case)
        if number != (before.number + 1 if before else 0):
            self._say(f"attempt {number} at the test case {case} comes after {before.number if before else 'none'}")
        if before and not (before.finished and before.retried):
            self._say(f"the attempt before {body['id']} was not finished, or not to be retried")
        self._last[case] = self._attempts[body["id"]] = _Attempt(case, number, self._steps.get(case, []))

    def _testStepStarted(self, body: Any) -> None:  # noqa: N802
        attempt = self._open(body)
        if attempt is None:
            return
        step = body["testStepId"]
        if attempt.running is not None:
            self._say(f"the step {step} starts before {attempt.running} is finished")
        attempt.running = step
        attempt.seen.append(step)

    def _testStepFinished(self, body: Any) -> None:  # noqa: N802
        attempt = self._open(body)
        if attempt is None:
            return
        if attempt.running != body["testStepId"]:
            self._say(f"the step {body['testStepId']} finishes, and did not start")
        attempt.running = None
        attempt.green &= body["testStepResult"]["status"] not in NOT_GREEN

    def _testCaseFinished(self, body: Any) -> None:  # noqa: N802
        attempt = self._open(body)
        if attempt is None:
            return
        attempt.finished, attempt.retried = True, body["willBeRetried"]
        if attempt.running is not None:
            self._say(f"the step {attempt.running} was never finished")
        if attempt.seen != attempt.steps:
            self._say(f"the attempt ran the steps {attempt.seen}, the test case has {attempt.steps}")
        self._green &= attempt.green or attempt.retried

    def _open(self, body: Any) -> _Attempt | None:
        attempt = self._attempts.get(body["testCaseStartedId"])
        if attempt and attempt.finished:
            self._say(f"attempt {body['testCaseStartedId']} is finished already")
        return attempt

    def _attachment(self, body: Any) -> None:
        if "testCaseStartedId" in body:
            attempt = self._open(body)
            if attempt and body.get("testStepId", attempt.running) != attempt.running:
                self._say(f"the attachment is for the step {body['testStepId']}, which is not running")
        if self._hooks.get(body.get("testRunHookStartedId", "")):
            self._say(f"the attachment is for the run hook {body['testRunHookStartedId']}, which is finished")

    def _testRunHookStarted(self, body: Any) -> None:  # noqa: N802
        self._hooks[body["id"]] = False

    def _testRunHookFinished(self, body: Any) -> None:  # noqa: N802
        if self._hooks.get(body["testRunHookStartedId"]):
            self._say(f"the run hook {body['testRunHookStartedId']} is finished already")
        self._hooks[body["testRunHookStartedId"]] = True
        self._green &= body["result"]["status"] not in NOT_GREEN

    def _parseError(self, body: Any) -> None:  # noqa: N802
        self._green = False

    def _testRunFinished(self, body: Any) -> None:  # noqa: N802
        if body["success"] and (not self._green or "exception" in body):
            self._say("the run says that it succeeded, and did not")
