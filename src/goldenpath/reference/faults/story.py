"""Promises about what the assistant tells while it works, broken where events enter the log.

Unless a fault is about the numbers, the events that are left are numbered anew: each breaks one promise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from goldenpath.ports.events import (
    COMPLETED,
    ENDINGS,
    FAILED,
    STARTED,
    THINKING,
    TOOL_ENDED,
    TOOL_STARTED,
    Event,
)
from goldenpath.reference.event_log import events_channel
from goldenpath.reference.faults import fault

Change = Callable[[Event], Sequence[Event]]
"""What is told instead of an event."""


def _retell(assistant: Any, change: Change, *, renumber: bool = True) -> None:
    tell = assistant.log.tell
    told: defaultdict[str, int] = defaultdict(int)

    async def broken(event: Event) -> None:
        for other in change(event):
            told[event.run_id] += 1
            await tell(replace(other, seq=told[event.run_id]) if renumber else other)

    assistant.log.tell = broken


def _drop(assistant: Any, type: str) -> None:
    _retell(assistant, lambda event: [] if event.type == type else [event])


def _like(event: Event, type: str, **data: Any) -> Event:
    return replace(event, event_id=f"{event.event_id[:-4]}beef", type=type, data=data)


@fault("start-is-not-told", "agents", "Nobody is told that the assistant has started")
def _(assistant: Any) -> None:
    _drop(assistant, STARTED)


@fault("thoughts-are-not-told", "agents", "The assistant answers without a thought")
def _(assistant: Any) -> None:
    _drop(assistant, THINKING)


@fault("tool-start-is-not-told", "agents", "A tool is done that nobody saw at work")
def _(assistant: Any) -> None:
    _drop(assistant, TOOL_STARTED)


@fault("tool-end-is-not-told", "agents", "A tool stays at work for ever")
def _(assistant: Any) -> None:
    _drop(assistant, TOOL_ENDED)


@fault("answer-is-not-told", "agents", "The answer never reaches who watches")
def _(assistant: Any) -> None:
    _drop(assistant, COMPLETED)


@fault("failure-is-not-told", "agents", "Nobody is told that the assistant gave up")
def _(assistant: Any) -> None:
    _drop(assistant, FAILED)


@fault("thoughts-follow-the-end", "agents", "The assistant's thoughts come after its answer")
def _(assistant: Any) -> None:
    held: defaultdict[str, list[Event]] = defaultdict(list)

    def change(event: Event) -> Sequence[Event]:
        if event.type == THINKING:
            held[event.run_id].append(event)
            return []
        return [event, *held.pop(event.run_id, [])] if event.type in ENDINGS else [event]

    _retell(assistant, change)


@fault("answer-is-told-twice", "agents", "One question gets its answer twice")
def _(assistant: Any) -> None:
    _retell(
        assistant,
        lambda event: [event, _like(event, COMPLETED, **event.data)] if event.type == COMPLETED else [event],
    )


@fault("work-goes-on-after-the-end", "agents", "The assistant goes on after it has ended")
def _(assistant: Any) -> None:
    def change(event: Event) -> Sequence[Event]:
        more = _like(event, THINKING, reasoning="One more thing.", step=99)
        return [event, more] if event.type in ENDINGS else [event]

    _retell(assistant, change)


@fault("tool-ends-before-it-starts", "agents", "A tool is done before it is at work")
def _(assistant: Any) -> None:
    held: dict[str, Event] = {}

    def change(event: Event) -> Sequence[Event]:
        if event.type == TOOL_STARTED:
            held[event.data["tool_call_id"]] = event
            return []
        return [event, held.pop(event.data["tool_call_id"])] if event.type == TOOL_ENDED else [event]

    _retell(assistant, change)


@fault("parallel-tools-share-an-id", "agents", "Two uses of one tool cannot be told apart")
def _(assistant: Any) -> None:
    first: dict[tuple[str, str], str] = {}

    def change(event: Event) -> Sequence[Event]:
        if event.type not in (TOOL_STARTED, TOOL_ENDED):
            return [event]
        shared = first.setdefault((event.run_id, event.data["tool"]), event.data["tool_call_id"])
        return [replace(event, data={**event.data, "tool_call_id": shared})]

    _retell(assistant, change)


@fault("parallel-results-are-swapped", "agents", "Of two uses of one tool each shows the other's result")
def _(assistant: Any) -> None:
    at_work: defaultdict[str, list[str]] = defaultdict(list)

    def change(event: Event) -> Sequence[Event]:
        calls = at_work[event.run_id]
        if event.type == TOOL_STARTED:
            calls.append(event.data["tool_call_id"])
        elif event.type == TOOL_ENDED and len(calls) == 2:
            other = calls[1 - calls.index(event.data["tool_call_id"])]
            return [replace(event, data={**event.data, "tool_call_id": other})]
        return [event]

    _retell(assistant, change)


@fault("failing-tool-is-told-as-a-success", "agents", "A tool that failed is said to have worked")
def _(assistant: Any) -> None:
    def change(event: Event) -> Sequence[Event]:
        if event.type != TOOL_ENDED or event.data["ok"]:
            return [event]
        data = {key: value for key, value in event.data.items() if key != "error"}
        return [replace(event, data={**data, "ok": True, "result": None})]

    _retell(assistant, change)


@fault("steps-are-numbered-from-zero", "agents", "The first step of the work has the number 0")
def _(assistant: Any) -> None:
    _retell(assistant, lambda event: [replace(event, seq=event.seq - 1)], renumber=False)


@fault("steps-skip-a-number", "agents", "A step seems to be missing that never was")
def _(assistant: Any) -> None:
    _retell(assistant, lambda event: [replace(event, seq=event.seq + (event.seq > 2))], renumber=False)


@fault("steps-are-numbered-across-questions", "agents", "The steps of a second question go on counting from the first")
def _(assistant: Any) -> None:
    told: defaultdict[str, int] = defaultdict(int)

    def change(event: Event) -> Sequence[Event]:
        told[event.user_id] += 1
        return [replace(event, seq=told[event.user_id])]

    _retell(assistant, change, renumber=False)


@fault("question-changes-midway", "agents", "Steps in the middle of the work belong to another question")
def _(assistant: Any) -> None:
    _retell(assistant, lambda event: [replace(event, run_id=event.event_id) if event.type == TOOL_STARTED else event])


@fault("conversation-changes-midway", "agents", "Steps in the middle of the work belong to another conversation")
def _(assistant: Any) -> None:
    _retell(assistant, lambda event: [replace(event, thread_id=event.event_id) if event.type == THINKING else event])


@fault("times-have-no-zone", "agents", "The times of the steps do not say in which zone they are")
def _(assistant: Any) -> None:
    _retell(assistant, lambda event: [replace(event, timestamp=event.timestamp.replace(tzinfo=None))])


@fault("times-go-back", "agents", "A later step has an earlier time")
def _(assistant: Any) -> None:
    _retell(assistant, lambda event: [replace(event, timestamp=event.timestamp - timedelta(seconds=event.seq))])


def _readdress(assistant: Any, channels: Callable[[str, list[str]], list[str]]) -> None:
    """Publish to other channels, chosen from the event's own and from those of everybody who was here."""
    user, publish = assistant.user, assistant.log.publish
    met: list[str] = []

    async def meet(access_token: str) -> str:
        user_id: str = await user(access_token)
        if (channel := events_channel(user_id)) not in met:
            met.append(channel)
        return user_id

    async def broken(channel: str, text: str) -> None:
        for other in channels(channel, met):
            await publish(other, text)

    assistant.user = meet
    assistant.log.publish = broken


@fault("steps-are-sent-to-everybody", "agents", "Every customer is sent the steps of every question")
def _(assistant: Any) -> None:
    _readdress(assistant, lambda channel, met: list(dict.fromkeys([channel, *met])))


@fault("steps-are-sent-to-somebody-else", "agents", "The steps of one customer's question are sent to another")
def _(assistant: Any) -> None:
    _readdress(assistant, lambda channel, met: [other for other in met if other != channel][-1:] or [channel])
