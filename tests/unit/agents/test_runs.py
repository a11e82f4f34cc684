import asyncio

import pytest

from goldenpath.domain.errors import Conflict, Invalid, NotFound, NotSeen, ServiceUnavailable, SettingsError
from goldenpath.ports.events import COMPLETED, FAILED, STARTED, THINKING, TOOL_ENDED, TOOL_STARTED

ANSWERS = {
    "How did our sales do last week?": "Sales rose by 4 percent to 128,400 euros.",
    "Hello": "Hello! What can I do for you?",
    "Compare this year's sales with last year's": "This year 6.1 million euros, last year 5.4 million euros.",
    "Plan our launch": "The launch is on 3 May, costs 40,000 euros and needs five people.",
    "Does the weather change our sales?": "I could not find weather data, so I cannot tell.",
    "Read all our contracts": "All 212 contracts were read.",
    "What is new?": 'Here is what I found on "What is new?".',
}


@pytest.mark.asyncio
@pytest.mark.parametrize("question", ANSWERS)
async def test_every_question_is_answered_told_and_saved(platform, rules, question):
    async with platform() as p:
        token, window = await p.watch()
        started = await window.ask(question)
        story = await p.story(window, started.run_id)
        rules(story)
        assert story[-1].type == COMPLETED
        assert story[-1].data["answer"] == ANSWERS[question]
        run = await p.agents.run(token, started.run_id)
        assert (run.status, run.answer, run.error) == ("completed", ANSWERS[question], None)
        said = await p.agents.messages(token, started.thread_id)
        assert [(m.role, m.content) for m in said[:2]] == [("user", question), ("assistant", ANSWERS[question])]


@pytest.mark.asyncio
async def test_the_answer_is_saved_before_it_is_told(platform):
    async with platform() as p:
        _, window = await p.watch()
        saved = []
        tell = p.agents.log.tell

        async def look(event):
            row = await p.store.run(event.user_id, event.run_id)
            saved.append((event.type, row.answer))
            await tell(event)

        p.agents.log.tell = look
        started = await window.ask("Hello")
        await window.ending(started.run_id)
        assert saved[-1] == (COMPLETED, ANSWERS["Hello"])
        assert {answer for _, answer in saved[:-1]} == {None}


@pytest.mark.asyncio
async def test_tools_at_once_are_started_before_one_is_done_and_done_in_another_order(platform):
    async with platform() as p:
        _, window = await p.watch()
        started = await window.ask("Compare this year's sales with last year's")
        story = await p.story(window, started.run_id)
        calls = [event for event in story if event.type in (TOOL_STARTED, TOOL_ENDED)]
        assert [event.type for event in calls] == [TOOL_STARTED, TOOL_STARTED, TOOL_ENDED, TOOL_ENDED]
        ids = [event.data["tool_call_id"] for event in calls]
        assert ids[2:] == [ids[1], ids[0]]
        assert [event.data["arguments"] for event in calls[:2]] == [{"year": "this"}, {"year": "last"}]
        assert [event.data["result"] for event in calls[2:]] == [{"total": 5400000}, {"total": 6100000}]


@pytest.mark.asyncio
async def test_a_failing_tool_is_told_as_one(platform):
    async with platform() as p:
        _, window = await p.watch()
        started = await window.ask("Does the weather change our sales?")
        await window.ending(started.run_id)
        ended = next(event for event in window.received if event.type == TOOL_ENDED)
        assert ended.data["tool"] == "weather_history"
        assert (ended.data["ok"], ended.data["error"]) == (False, "no weather data")


@pytest.mark.asyncio
async def test_the_assistant_gives_up_without_an_answer(platform, rules):
    async with platform() as p:
        token, window = await p.watch()
        started = await window.ask("Solve the unsolvable riddle")
        story = await p.story(window, started.run_id)
        rules(story)
        assert story[-1].data["error"]["code"] == "crashed"
        run = await p.agents.run(token, started.run_id)
        assert (run.status, run.answer, run.error) == ("failed", None, "crashed")
        assert [m.role for m in await p.agents.messages(token, started.thread_id)] == ["user"]


@pytest.mark.asyncio
@pytest.mark.parametrize("question", ["", " \n ", "\u200b", "x" * 4001, "a\0b", "a\ud800b"])
async def test_what_is_no_question_is_refused_and_begins_nothing(platform, question):
    async with platform() as p:
        token = await p.sign_in()
        with pytest.raises(Invalid):
            await p.agents.start(token, question)
        assert (await p.agents.threads(token)).threads == ()


@pytest.mark.asyncio
async def test_a_conversation_is_remembered_and_no_other(platform):
    async with platform() as p:
        ada, ben = await p.sign_in("ada"), await p.sign_in("ben")
        first = await p.answered(ada, "Plan our launch")
        again = await p.answered(ada, "What did I ask before?", first.thread_id)
        assert "Plan our launch" in again.answer
        for token in (ada, ben):
            assert (await p.answered(token, "What did I ask before?")).answer == "You have not asked anything before."


@pytest.mark.asyncio
async def test_a_stopped_run_ends_as_cancelled(platform, rules):
    async with platform() as p:
        token, window = await p.watch()
        started, other = await p.at_work(window), await p.at_work(window)
        await p.agents.cancel(token, started.run_id)
        run = await p.agents.run(token, started.run_id)
        assert (run.status, run.answer, run.error) == ("failed", None, "cancelled")
        story = await p.story(window, started.run_id)
        rules(story)
        assert (story[-2].type, story[-2].data["ok"]) == (TOOL_ENDED, False)
        assert story[-1].data["error"]["code"] == "cancelled"
        assert (await p.agents.finished(token, other.run_id)).status == "completed"
        assert [m.role for m in await p.agents.messages(token, started.thread_id)] == ["user"]


@pytest.mark.asyncio
async def test_of_two_who_stop_a_run_one_comes_too_late(platform):
    async with platform() as p:
        token, window = await p.watch()
        started = await p.at_work(window)
        stopped = await asyncio.gather(*(p.agents.cancel(token, started.run_id) for _ in "12"), return_exceptions=True)
        assert sorted(map(type, stopped), key=str) == [type(None), Conflict]
        with pytest.raises(Conflict):
            await p.agents.cancel(token, started.run_id)


@pytest.mark.asyncio
async def test_anothers_run_is_neither_seen_nor_stopped(platform):
    async with platform() as p:
        (ada, window), ben = await p.watch("ada"), await p.sign_in("ben")
        started = await p.at_work(window)
        for operation in (p.agents.cancel, p.agents.run, p.agents.finished):
            with pytest.raises(NotFound):
                await operation(ben, started.run_id)
        assert (await p.agents.finished(ada, started.run_id)).status == "completed"


@pytest.mark.asyncio
async def test_a_wait_for_the_end_is_bounded(platform):
    async with platform() as p:
        token, window = await p.watch()
        started = await p.at_work(window)
        with pytest.raises(NotSeen, match="still at work"):
            await p.agents.finished(token, started.run_id, within=0.01)
        assert (await p.agents.finished(token, started.run_id)).status == "completed"


@pytest.mark.asyncio
async def test_after_a_crash_nothing_is_there_until_the_restart(platform, rules):
    async with platform() as p:
        token, window = await p.watch()
        done = await p.answered(token, "Hello")
        started = await p.at_work(window)
        waiting = asyncio.create_task(p.agents.finished(token, started.run_id))
        await asyncio.sleep(0)
        await p.agents.crash()
        with pytest.raises(ServiceUnavailable):
            await waiting
        for operation in (p.agents.threads(token), p.agents.start(token, "Hello"), window.ask("Hello")):
            with pytest.raises(ServiceUnavailable):
                await operation
        assert window.events_of(started.run_id)[-1].type == TOOL_STARTED
        await p.agents.restart()
        run = await p.agents.finished(token, started.run_id)
        assert (run.status, run.answer, run.error) == ("failed", None, "interrupted")
        story = await p.story(window, started.run_id)
        rules(story)
        assert story[-1].data["error"]["code"] == "interrupted"
        assert len(await p.agents.messages(token, done.thread_id)) == 2
        assert (await p.agents.run(token, done.id)).answer == done.answer


@pytest.mark.asyncio
async def test_a_restart_of_what_is_up_changes_nothing(platform):
    async with platform() as p:
        token, window = await p.watch()
        started = await p.at_work(window)
        await p.agents.restart()
        assert (await p.agents.finished(token, started.run_id)).status == "completed"


@pytest.mark.asyncio
async def test_an_unforeseen_error_ends_the_run_and_is_not_lost(platform, rules):
    async with platform() as p:
        token, window = await p.watch()
        work = p.agents.work

        def broken(run):
            made = work(run)
            if run.prompt == "Hello":
                made.asked = lambda: 1 / 0
            return made

        p.agents.work = broken
        started = await window.ask("Hello")
        story = await p.story(window, started.run_id)
        rules(story)
        assert (story[-1].type, story[-1].data["error"]["code"]) == (FAILED, "internal")
        assert (await p.agents.run(token, started.run_id)).error == "internal"
        with pytest.raises(ZeroDivisionError):
            await p.agents.close()


@pytest.mark.asyncio
async def test_an_answer_that_cannot_be_saved_is_not_told(platform):
    async with platform() as p:
        _, window = await p.watch()

        async def completed(run, answer):
            raise Invalid("too long")

        p.agents.runs.completed = completed
        started = await window.ask("Hello")
        assert (await window.ending(started.run_id)).data["error"]["code"] == "internal"
        with pytest.raises(Invalid):
            await p.agents.close()


@pytest.mark.asyncio
async def test_a_service_that_is_lost_in_the_middle_is_what_is_told(platform):
    async with platform() as p:
        token = await p.sign_in()
        started = await p.agents.start(token, "Hello")

        async def lost(*_, **__):
            raise ServiceUnavailable("cache", "gone")

        p.agents.log.tell = lost
        with pytest.raises(ServiceUnavailable, match="cache is lost"):
            await _closed_after(p, token, started)


async def _closed_after(p, token, started):
    assert (await p.agents.finished(token, started.run_id)).error == "internal"
    await p.agents.close()


@pytest.mark.asyncio
async def test_several_unforeseen_errors_are_told_together(platform):
    async with platform() as p:
        token, _ = await p.watch()

        async def completed(run, answer):
            raise Invalid(run.prompt)

        p.agents.runs.completed = completed
        for question in ("one", "two"):
            assert (await p.answered(token, question)).error == "internal"
        with pytest.raises(ExceptionGroup) as errors:
            await p.agents.close()
        assert [error.message for error in errors.value.exceptions] == ["one", "two"]


@pytest.mark.asyncio
async def test_closing_ends_every_run(platform):
    async with platform() as p:
        _, window = await p.watch()
        await p.at_work(window)
        await p.agents.close()
        assert p.agents.at_work == {}
    assert {task.get_name() for task in asyncio.all_tasks()} == {asyncio.current_task().get_name()}


@pytest.mark.asyncio
async def test_a_run_that_does_not_halt_is_ended(platform, monkeypatch):
    monkeypatch.setattr("goldenpath.reference.assistant._GRACE", 0.01)
    async with platform() as p:
        _, window = await p.watch()
        work = p.agents.work

        def stuck(run):
            made = work(run)
            made.asked = asyncio.Event().wait
            return made

        p.agents.work = stuck
        await window.ask("Hello")
        await window.seen(STARTED)
        await p.agents.close()
        assert p.agents.at_work == {}


@pytest.mark.asyncio
async def test_fifty_customers_get_their_own_answers(platform, rules):
    async with platform() as p:

        async def customer(number):
            _, window = await p.watch(f"customer{number}")
            started = await window.ask(f"Question {number}")
            ending = await window.ending(started.run_id)
            assert ending.data["answer"] == f'Here is what I found on "Question {number}".'
            rules(list(window.received))

        await asyncio.gather(*(customer(number) for number in range(50)))


@pytest.mark.asyncio
async def test_a_run_costs_three_transactions(platform):
    async with platform() as p:
        _, window = await p.watch()
        count, transaction = [], p.store._transaction

        async def counted(work):
            count.append(work)
            return await transaction(work)

        p.store._transaction = counted
        started = await window.ask("How did our sales do last week?")
        await window.ending(started.run_id)
        assert len(count) == 3


@pytest.mark.asyncio
async def test_a_teams_own_script_is_played(platform, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        '[[scripts]]\nname = "own"\nquestion = "Ours?"\nsteps = [{ tool = "mine" }]\nanswer = "Yes: {question}"\n',
        encoding="utf-8",
    )
    async with platform(scripts=[path]) as p:
        _, window = await p.watch()
        started = await window.ask("ours?")
        assert (await window.ending(started.run_id)).data["answer"] == "Yes: ours?"
        assert [event.type for event in window.received] == [STARTED, TOOL_STARTED, TOOL_ENDED, THINKING, COMPLETED]


@pytest.mark.asyncio
async def test_a_script_file_that_is_not_there_is_told_at_opening(platform, tmp_path):
    with pytest.raises(SettingsError):
        async with platform(scripts=[tmp_path / "gone.toml"]):
            pass
