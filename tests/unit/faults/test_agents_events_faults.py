"""Each fault of the assistant and of the gateway breaks a promise that is kept without it.

A probe looks at one promise through the ports alone. It passes on the honest platform, and fails where its fault
is switched on: with an assertion, or with an error of ours that an honest platform never raises.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from goldenpath.domain.errors import Conflict, GoldenPathError, Invalid, NotFound, NotSignedIn, Refused
from goldenpath.ports.events import (
    COMPLETED,
    SESSION_ENDED,
    STARTED,
    TOOL_ENDED,
    TOOL_STARTED,
    Resume,
)
from goldenpath.reference import faults

SALES = "How did our sales do last week?"
BOTH_YEARS = "Compare this year's sales with last year's"
RIDDLE = "Solve the unsolvable riddle"
GREETED = "Hello! What can I do for you?"

PROBES = {}


def probe(*names):
    def register(look):
        for name in names:
            assert name not in PROBES
            PROBES[name] = look
        return look

    return register


async def refused(kind, operation):
    """Assert that an operation is refused in just this way."""
    with pytest.raises(Refused) as refusal:
        await operation
    assert refusal.type is kind


# The story of a run


@probe(
    "start-is-not-told",
    "thoughts-are-not-told",
    "tool-start-is-not-told",
    "tool-end-is-not-told",
    "answer-is-not-told",
    "thoughts-follow-the-end",
    "answer-is-told-twice",
    "work-goes-on-after-the-end",
    "tool-ends-before-it-starts",
    "steps-are-numbered-from-zero",
    "steps-skip-a-number",
    "question-changes-midway",
    "conversation-changes-midway",
    "times-have-no-zone",
    "times-go-back",
    "steps-are-shown-out-of-order",
    "a-step-is-shown-twice",
    "a-step-is-not-shown",
)
async def the_story_is_told_by_the_rules(p, rules):
    _, window = await p.watch()
    started = await window.ask(SALES)
    story = await p.story(window, started.run_id)
    rules(story)
    kinds = [event.type for event in story]
    assert kinds.count(TOOL_STARTED) == 1
    assert kinds[-1] == COMPLETED


@probe("steps-are-numbered-across-questions")
async def each_question_is_numbered_anew(p, rules):
    _, window = await p.watch()
    for _ in range(2):
        started = await window.ask("Hello")
        await window.ending(started.run_id, p.within)
        rules(list(window.events_of(started.run_id)))


@probe("parallel-tools-share-an-id", "parallel-results-are-swapped")
async def two_uses_of_a_tool_can_be_told_apart(p, rules):
    _, window = await p.watch()
    started = await window.ask(BOTH_YEARS)
    story = await p.story(window, started.run_id)
    asked = {
        event.data["tool_call_id"]: event.data["arguments"]["year"] for event in story if event.type == TOOL_STARTED
    }
    found = {asked[event.data["tool_call_id"]]: event.data["result"] for event in story if event.type == TOOL_ENDED}
    assert found == {"this": {"total": 6100000}, "last": {"total": 5400000}}


@probe("failing-tool-is-told-as-a-success")
async def a_failing_tool_is_told_as_one(p, rules):
    _, window = await p.watch()
    started = await window.ask("Does the weather change our sales?")
    await window.ending(started.run_id, p.within)
    assert [event.data["ok"] for event in window.received if event.type == TOOL_ENDED] == [False]


@probe("failure-is-not-told", "given-up-question-saves-an-empty-answer")
async def giving_up_is_told_and_leaves_no_answer(p, rules):
    token, window = await p.watch()
    started = await window.ask(RIDDLE)
    assert (await window.ending(started.run_id, p.within)).data["error"]["code"] == "crashed"
    assert (await p.agents.run(token, started.run_id)).answer is None
    assert [message.role for message in await p.agents.messages(token, started.thread_id)] == ["user"]


# What is saved


@probe("answer-is-not-saved", "answer-is-saved-late", "saved-answer-differs")
async def the_answer_is_saved_when_it_is_told(p, rules):
    _, window = await p.watch()
    started = await window.ask("Hello")
    answer = (await window.ending(started.run_id, p.within)).data["answer"]
    said = [row.content for row in await p.store.messages("user-ada", started.thread_id)]
    assert said == ["Hello", answer]
    assert (await p.store.run("user-ada", started.run_id)).answer == answer


# Stopping and breaking down


@probe("stopped-work-goes-on", "stop-hits-another-question")
async def a_stop_stops_what_it_names(p, rules):
    token, window = await p.watch()
    stopped, other = await p.at_work(window), await p.at_work(window)
    await p.agents.cancel(token, stopped.run_id)
    assert (await p.agents.finished(token, stopped.run_id, p.within)).error == "cancelled"
    assert (await p.agents.finished(token, other.run_id, p.within)).status == "completed"


@probe("finished-work-can-be-stopped")
async def what_is_done_cannot_be_stopped(p, rules):
    token = await p.sign_in()
    run = await p.answered(token, "Hello")
    await refused(Conflict, p.agents.cancel(token, run.id))


@probe("breakdown-loses-conversations", "cut-work-stays-at-work", "cut-work-ends-in-silence")
async def a_breakdown_loses_nothing_and_leaves_nothing_at_work(p, rules):
    token, window = await p.watch()
    done = await p.answered(token, "Hello")
    cut = await p.at_work(window)
    await p.agents.crash()
    await p.agents.restart()
    assert [message.content for message in await p.agents.messages(token, done.thread_id)] == ["Hello", GREETED]
    assert (await p.agents.finished(token, cut.run_id, p.within)).error == "interrupted"
    rules(await p.story(window, cut.run_id))


# Contexts


@probe("answers-another-customers-question", "answers-an-earlier-question")
async def everybody_gets_the_answer_to_the_question_asked(p, rules):
    ada, ben = await p.sign_in("ada"), await p.sign_in("ben")
    for token, question in ((ada, "One"), (ben, "Two"), (ada, "Three")):
        assert (await p.answered(token, question)).answer == f'Here is what I found on "{question}".'


@probe("speaks-of-other-customers-questions", "forgets-the-conversation")
async def the_assistant_remembers_this_conversation_alone(p, rules):
    ada, ben = await p.sign_in("ada"), await p.sign_in("ben")
    first = await p.answered(ada, "Hello")
    await p.answered(ben, "My secret")
    assert "Hello" in (await p.answered(ada, "What did I ask before?", first.thread_id)).answer
    await p.answered(ben, "My secret")
    assert "secret" not in (await p.answered(ada, "What did I ask before?")).answer


@probe("ended-session-may-ask")
async def an_ended_session_asks_nothing(p, rules):
    token = await p.sign_in()
    await p.answered(token, "Hello")
    await p.desk.end(token)
    await refused(NotSignedIn, p.agents.start(token, "Hello"))


@probe("empty-question-is-asked")
async def a_question_has_words(p, rules):
    await refused(Invalid, p.agents.start(await p.sign_in(), "  "))


# Conversations and their owners


@probe("quick-look-is-out-of-date")
async def a_quick_look_is_never_out_of_date(p, rules):
    token = await p.sign_in()
    run = await p.answered(token, "Hello")
    assert len(await p.agents.messages(token, run.thread_id)) == 2
    await p.answered(token, "Hello", run.thread_id)
    assert len(await p.agents.messages(token, run.thread_id)) == 4


@probe(
    "quick-look-is-shown-to-anybody",
    "anybody-reads-any-conversation",
    "anybody-asks-in-any-conversation",
    "another-customers-conversation-is-forbidden",
    "list-shows-everybodys-conversations",
    "missing-conversation-is-empty",
)
async def anothers_conversation_is_not_there(p, rules):
    ada, ben = await p.sign_in("ada"), await p.sign_in("ben")
    thread = await p.agents.create_thread(ada, "Plans")
    assert await p.agents.messages(ada, thread.id) == ()
    await refused(NotFound, p.agents.messages(ben, thread.id))
    await refused(NotFound, p.agents.thread(ben, thread.id))
    await refused(NotFound, p.agents.start(ben, "Hello", thread.id))
    await refused(NotFound, p.agents.messages(ben, "never was"))
    assert (await p.agents.threads(ben)).threads == ()
    assert [listed.title for listed in (await p.agents.threads(ada)).threads] == ["Plans"]


@probe("anybody-sees-any-question", "anybody-stops-any-work")
async def anothers_question_is_not_there(p, rules):
    (ada, window), ben = await p.watch("ada"), await p.sign_in("ben")
    started = await p.at_work(window)
    await refused(NotFound, p.agents.run(ben, started.run_id))
    await refused(NotFound, p.agents.cancel(ben, started.run_id))
    assert (await p.agents.finished(ada, started.run_id, p.within)).status == "completed"


# Lists, titles and keys


@probe(
    "list-is-ordered-by-title",
    "conversations-keep-their-place",
    "list-ends-after-a-page",
    "pages-overlap",
    "pages-lose-one",
)
async def the_list_shows_each_conversation_once_the_latest_first(p, rules):
    token = await p.sign_in()
    begun = {title: await p.agents.create_thread(token, title) for title in ("Winter", "Spring", "Autumn", "Summer")}
    await p.answered(token, "Hello", begun["Winter"].id)
    page = await p.agents.threads(token, limit=2)
    titles = [thread.title for thread in page.threads]
    assert page.next is not None
    titles += [thread.title for thread in (await p.agents.threads(token, limit=2, after=page.next)).threads]
    assert titles == ["Winter", "Summer", "Autumn", "Spring"]


@probe("second-press-begins-a-second-conversation")
async def two_presses_begin_one_conversation(p, rules):
    token = await p.sign_in()
    first, second = await asyncio.gather(*(p.agents.create_thread(token, "Plans", "press") for _ in range(2)))
    assert first.id == second.id


@probe("too-long-title-is-cut")
async def a_title_has_200_letters_at_most(p, rules):
    await refused(Invalid, p.agents.create_thread(await p.sign_in(), "x" * 201))


# Coming in


@probe("forged-sign-in-may-watch")
async def a_forged_sign_in_opens_nothing(p, rules):
    await refused(NotSignedIn, p.events.connect("forged"))


@probe("ended-session-may-watch")
async def an_ended_session_opens_nothing(p, rules):
    token, window = await p.watch()
    await window.close()
    await p.desk.end(token)
    await refused(NotSignedIn, p.events.connect(token))


@probe("pass-works-twice")
async def a_pass_works_once(p, rules):
    ticket = await p.events.ticket(await p.sign_in())
    await p.events.connect(ticket=ticket)
    await refused(NotSignedIn, p.events.connect(ticket=ticket))


@probe("pass-never-expires")
async def a_pass_is_good_for_a_minute(p, rules):
    ticket = await p.events.ticket(await p.sign_in())
    await p.clock.advance(timedelta(seconds=60))
    await refused(NotSignedIn, p.events.connect(ticket=ticket))


@probe("pass-opens-somebody-elses-window")
async def a_pass_opens_ones_own_window(p, rules):
    ada, _ = await p.sign_in("ada"), await p.watch("ben")
    window = await p.events.connect(ticket=await p.events.ticket(ada))
    started = await window.ask("Hello")
    assert (await window.ending(started.run_id, p.within)).user_id == "user-ada"


# The end of a session


@probe("windows-survive-the-session", "session-end-closes-every-window", "session-end-looks-like-a-goodbye")
async def the_end_of_a_session_closes_its_own_windows(p, rules):
    (laptop, first), (_, second) = await p.watch(), await p.watch()
    await p.desk.end(laptop)
    assert (await first.closed(p.within)).code == SESSION_ENDED
    started = await second.ask("Hello")
    await second.ending(started.run_id, p.within)
    assert second.is_open


# Coming back


@probe(
    "coming-back-repeats-a-step",
    "coming-back-loses-a-step",
    "coming-back-brings-nothing",
    "coming-back-starts-over",
    "coming-back-brings-another-question",
)
async def who_comes_back_misses_nothing(p, rules):
    token, before = await p.watch()
    earlier = await before.ask("Hello")
    await before.ending(earlier.run_id, p.within)
    started = await before.ask(SALES)
    await before.seen(STARTED, run_id=started.run_id, within=p.within)
    await before.drop()
    seen = list(before.events_of(started.run_id))
    await p.agents.finished(token, started.run_id, p.within)
    after = await p.events.connect(token, resume=Resume(started.run_id, seen[-1].seq))
    rules([*seen, *await p.story(after, started.run_id)])
    assert after.events_of(earlier.run_id) == ()


@probe("anybody-comes-back-to-any-question")
async def nobody_comes_back_to_anothers_question(p, rules):
    ada, ben = await p.sign_in("ada"), await p.sign_in("ben")
    run = await p.answered(ada, "Hello")
    await refused(NotFound, p.events.connect(ben, resume=Resume(run.id, 0)))


# What a window shows


@probe("second-window-shows-nothing")
async def every_window_shows_the_work(p, rules):
    token, first = await p.watch()
    second = await p.events.connect(token)
    started = await first.ask(SALES)
    rules(await p.story(first, started.run_id))
    await second.ending(started.run_id, p.within)
    rules(list(second.events_of(started.run_id)))


@probe(
    "steps-are-sent-to-everybody",
    "steps-are-sent-to-somebody-else",
    "windows-show-everybodys-work",
    "work-is-shown-to-somebody-else",
)
async def a_window_shows_ones_own_work_only(p, rules):
    (_, ada), (_, ben) = await p.watch("ada"), await p.watch("ben")
    for window in (ada, ben, ada):
        started = await window.ask("Hello")
        rules(await p.story(window, started.run_id))
    assert {event.user_id for event in ada.received} == {"user-ada"}
    assert {event.user_id for event in ben.received} == {"user-ben"}


@probe("window-forgets-the-conversation")
async def a_question_in_a_window_goes_on_with_its_conversation(p, rules):
    token, window = await p.watch()
    thread = await p.agents.create_thread(token, "Plans")
    assert (await window.ask("Hello", thread.id)).thread_id == thread.id


def test_every_fault_has_a_probe():
    ours = {name for name, fault in faults.every().items() if fault.service in ("agents", "events")}
    assert set(PROBES) == ours


@pytest.mark.asyncio
@pytest.mark.parametrize("look", dict.fromkeys(PROBES.values()), ids=lambda look: look.__name__)
async def test_the_honest_platform_keeps_the_promise(platform, rules, look):
    async with platform() as p:
        await look(p, rules)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", PROBES)
async def test_a_fault_is_noticed(platform, rules, name):
    async with platform(name) as p:
        p.within = 0.3
        with pytest.raises((AssertionError, GoldenPathError, pytest.fail.Exception)):
            await PROBES[name](p, rules)


def test_a_fault_says_what_a_user_notices():
    for fault in faults.every().values():
        assert fault.breaks[0].isupper()
        assert not fault.breaks.endswith(".")
