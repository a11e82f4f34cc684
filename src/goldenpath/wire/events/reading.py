"""Events from what a gateway says: its envelope, its names and its data, as the settings map them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from goldenpath.ports.clock import Clock
from goldenpath.ports.events import COMPLETED, FAILED, TOOL_ENDED, TOOL_STARTED, Event
from goldenpath.wire.events.asked import Asked
from goldenpath.wire.events.errors import has, not_derived, unreadable
from goldenpath.wire.events.settings import Expression, Gateway
from goldenpath.wire.shapes import Unfit, converted

IGNORE: Final = "ignore"

_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    TOOL_STARTED: ("tool_call_id", "tool"),
    TOOL_ENDED: ("tool_call_id", "tool", "ok"),
    COMPLETED: ("answer",),
    FAILED: ("error",),
}
"""Without these an event cannot be told from another, or says nothing."""

_SPACE: Final = uuid.UUID("4c6f2e0a-4d0c-5b7e-9a3e-3f1f6a0c7d21")
_MILLISECONDS: Final = 1e11
"""A time since 1970 that is larger is in milliseconds: in seconds it would be in the year 5138."""


class Memory:
    """What the connections of one scenario share, so that an event is the same in all of them.

    Args:
        asked: What was asked.
        clock: Says when an event came that does not say when it was.
        tell: Is told once of each kind of message that the settings do not name.
    """

    def __init__(self, asked: Asked, clock: Clock, tell: Callable[[str], None]) -> None:
        self.asked = asked
        self._clock = clock
        self._tell = tell
        self._told: set[str] = set()
        self._came: dict[str, datetime] = {}

    def once(self, kind: str, said: str) -> None:
        """Say something of a kind of message, the first time that one comes."""
        if kind not in self._told:
            self._told.add(kind)
            self._tell(said)

    def came(self, event_id: str) -> datetime:
        """When an event first came."""
        return self._came.setdefault(event_id, self._clock.now())


class Reading:
    """Makes events of the messages of one connection.

    A field that the envelope does not name is derived: ``seq`` by counting in each run, ``event_id`` from run and
    ``seq``, ``run_id`` from what the stream is of or was asked last, ``thread_id`` from the run, ``user_id`` from who
    watches, ``timestamp`` from when it first came.

    Args:
        mapping: What is said of the gateway.
        memory: What all connections share.
        token: Whose connection it is.
    """

    def __init__(self, mapping: Gateway, memory: Memory, token: str) -> None:
        self._mapping = mapping
        self._envelope = mapping.envelope
        self._memory = memory
        self._token = token
        self._counted: dict[str, int] = {}
        self._carried: dict[str, str] = {}
        self._tools: dict[str, str] = {}

    async def event(self, message: Any, run_id: str | None = None) -> Event | None:
        """The event that a message is; None where it is none.

        Args:
            message: What came, its JSON decoded.
            run_id: The run that the stream is of, if it is of one.

        Raises:
            GoldenPathError: It is one, and is not as the settings say.
        """
        kind = self._kind(message)
        if kind is None:
            return None
        run = await self._run(message, run_id)
        seq = self._seq(message, run)
        event_id = self._text("event_id", message) or str(uuid.uuid5(_SPACE, f"{run}/{seq}"))
        return Event(
            type=kind,
            event_id=event_id,
            seq=seq,
            run_id=run,
            thread_id=self._text("thread_id", message) or await self._memory.asked.thread(self._token, run),
            user_id=self._text("user_id", message) or await self._memory.asked.person(self._token),
            agent=self._text("agent", message) or "assistant",
            timestamp=self._time(message) or self._memory.came(event_id),
            data=self._data(kind, message),
        )

    def _kind(self, message: Any) -> str | None:
        """The type of ours that a message has; None where it has none, which is told once."""
        name = self._envelope.type.of(message)
        if not isinstance(name, str):
            said = f"a message has no type at {self._envelope.type.text!r} and is left aside: {has(message)}"
            self._memory.once("", f"{said}; see [services.events.envelope] type")
            return None
        kind = self._mapping.types.get(name)
        if kind is None:
            said = f"events of the type {name!r} are left aside: the settings do not name it"
            self._memory.once(name, f'{said}; [services.events.types] {name} = "agent_..." or "{IGNORE}"')
        return None if kind == IGNORE else kind

    async def _run(self, message: Any, run_id: str | None) -> str:
        found = self._text("run_id", message) or run_id
        if found is None and self._envelope.run_id is None:
            found = self._memory.asked.latest(self._token)
        if found is None:
            raise not_derived("run_id", "nothing was asked that it could be of")
        return found

    def _seq(self, message: Any, run_id: str) -> int:
        if self._envelope.seq is None:
            self._counted[run_id] = self._counted.get(run_id, 0) + 1
            return self._counted[run_id]
        return int(self._converted("seq", self._envelope.seq, message, int))

    def _text(self, field: str, message: Any) -> str | None:
        """A field of the envelope; None where the mapping does not name it."""
        expression: Expression | None = getattr(self._envelope, field)
        if expression is None:
            return None
        if field in self._envelope.carried:
            if expression.of(message) is None and field in self._carried:
                return self._carried[field]
            self._carried[field] = str(self._converted(field, expression, message, str))
            return self._carried[field]
        return str(self._converted(field, expression, message, str))

    def _time(self, message: Any) -> datetime | None:
        expression = self._envelope.timestamp
        if expression is None:
            return None
        said = expression.of(message)
        if isinstance(said, int | float) and not isinstance(said, bool) and said > _MILLISECONDS:
            return datetime.fromtimestamp(said / 1000, UTC)
        if isinstance(said, str):
            # One without a zone stays without: that is for the steps to notice.
            try:
                return datetime.fromisoformat(said)
            except ValueError:
                pass
        found: datetime = self._converted("timestamp", expression, message, datetime)
        return found

    def _converted(self, field: str, expression: Expression, message: Any, kind: type) -> Any:
        found = expression.of(message)
        try:
            if found is None:
                raise Unfit(f"there is nothing there, and {has(message)}")
            return converted(found, kind)
        except Unfit as unfit:
            what = f"its {field} was looked for at {expression.text!r}: {unfit}"
            raise unreadable(what, message, f"envelope.{field}") from None

    def _data(self, kind: str, message: Any) -> dict[str, Any]:
        """What an event tells, by the names of ours."""
        told = self._envelope.data.of(message) if self._envelope.data is not None else message
        said = {} if told is None else told
        mapped = self._mapping.data.get(kind)  # type: ignore[call-overload]  # a key is one of the six
        data = self._plain(kind, said, message) if mapped is None else _found(mapped, said)
        if kind == TOOL_STARTED and data.get("tool_call_id"):
            self._tools[str(data["tool_call_id"])] = str(data.get("tool"))
        if kind == TOOL_ENDED and data.get("tool") is None:
            data["tool"] = self._tools.get(str(data.get("tool_call_id")))
        for field in _NEEDED.get(kind, ()):
            if data.get(field) is None:
                where = f" at {mapped[field].text!r}" if mapped and field in mapped else ""
                what = f"{kind} has no {field}{where}, and {has(said)}"
                raise unreadable(what, message, f"data.{kind}.{field}")
        return data

    def _plain(self, kind: str, said: Any, message: Any) -> dict[str, Any]:
        if not isinstance(said, Mapping):
            raise unreadable(f"the data of {kind} is no table", message, "envelope.data")
        return dict(said)


def _found(mapped: Mapping[str, Expression], said: Any) -> dict[str, Any]:
    found = {field: expression.of(said) for field, expression in mapped.items()}
    return {field: value for field, value in found.items() if value is not None}
