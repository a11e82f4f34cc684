import pytest

from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.ports.events import FAILED, STARTED, THINKING, TOOL_ENDED
from goldenpath.reference.narration import Narration, RunContext


class Told:
    """What was told, in place of the log."""

    def __init__(self):
        self.events = []

    async def tell(self, event):
        self.events.append(event)

    async def after(self, run_id, seq):
        for event in self.events[seq:]:
            yield event


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def begin(told):
    clock, ids = ScenarioClock(), SeededIds("test")
    return lambda: Narration(RunContext("run", "thread", "user", "?"), told, clock, ids)


@pytest.mark.asyncio
async def test_an_ending_brings_what_must_not_be_missing(told, begin, rules):
    await begin().completed("Done.")
    rules(told.events)


@pytest.mark.asyncio
async def test_tools_at_work_are_ended_before_the_ending(told, begin, rules):
    narration = begin()
    await narration.started()
    first = await narration.tool_started("calendar", {})
    second = await narration.tool_started("calendar", {})
    assert first != second
    await narration.tool_ended(second, result=3)
    await narration.failed("cancelled", "Stopped.")
    rules(told.events)
    ended = {event.data["tool_call_id"]: event.data["ok"] for event in told.events if event.type == TOOL_ENDED}
    assert ended == {second: True, first: False}


@pytest.mark.asyncio
async def test_nothing_follows_an_ending(told, begin):
    narration = begin()
    await narration.completed("Done.")
    count = len(told.events)
    for more in (narration.started, lambda: narration.thought("Hm."), lambda: narration.failed("x", "y")):
        with pytest.raises(RuntimeError, match="has ended"):
            await more()
    assert len(told.events) == count


@pytest.mark.asyncio
async def test_a_tool_ends_once(begin):
    narration = begin()
    call = await narration.tool_started("calendar", {})
    await narration.tool_ended(call)
    with pytest.raises(KeyError):
        await narration.tool_ended(call)


@pytest.mark.asyncio
@pytest.mark.parametrize("lost", [0, 1, 2, 3])
async def test_a_narration_that_was_cut_short_is_taken_up(told, begin, rules, lost):
    narration = begin()
    await narration.started()
    await narration.thought("Hm.")
    await narration.tool_started("calendar", {})
    del told.events[len(told.events) - lost :]
    second = begin()
    await second.take_up(told.after("run", 0))
    await second.failed("interrupted", "Cut short.")
    rules(told.events)
    assert told.events[-1].type == FAILED
    assert [event.type for event in told.events].count(STARTED) == 1
    assert THINKING in [event.type for event in told.events]
