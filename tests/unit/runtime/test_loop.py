"""One loop that stands still in between; one task and one context a scenario; whatever interrupts lets finally run."""

import asyncio
import contextvars
import os
import signal
import threading
import warnings
from contextlib import asynccontextmanager

import pytest

from goldenpath.runtime import loop as loops
from goldenpath.runtime.loop import Loop

colour: contextvars.ContextVar[str] = contextvars.ContextVar("colour", default="none")


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def task(loop):
    made = loop.scenario("a scenario")
    yield made
    made.close()


async def gives(value):
    await asyncio.sleep(0)
    return value


async def get_colour():
    return colour.get()


async def set_colour(value):
    return colour.set(value)


async def raises(error):
    await asyncio.sleep(0)
    raise error


def test_a_job_gives_its_value_or_its_error(task):
    assert task.run(gives(5)) == 5
    with pytest.raises(KeyError):
        task.run(raises(KeyError("x")))
    assert task.run(gives(6)) == 6


def test_all_jobs_of_a_scenario_run_in_one_task(task):
    async def current():
        return asyncio.current_task()

    first, second = task.run(current()), task.run(current())
    assert first is second


def test_a_context_manager_of_the_structured_kind_lasts_over_several_jobs(task):
    @asynccontextmanager
    async def group():
        async with asyncio.TaskGroup() as tasks, asyncio.timeout(60):
            yield tasks

    manager = group()
    tasks = task.run(manager.__aenter__())

    async def begin():
        return tasks.create_task(gives(7))

    begun = task.run(begin())
    assert task.run(manager.__aexit__(None, None, None)) is False
    assert begun.result() == 7


def test_variables_last_from_step_to_step_whatever_the_kind_of_the_step(task):
    token = task.run(set_colour("red"))
    assert task.call(colour.get) == "red"
    task.call(colour.set, "green")
    assert task.run(get_colour()) == "green"
    task.call(colour.reset, token)
    assert task.run(get_colour()) == "none"
    assert colour.get() == "none"


def test_scenarios_do_not_see_each_others_variables(loop):
    first, second = loop.scenario("first"), loop.scenario("second")
    first.run(set_colour("red"))
    assert second.run(get_colour()) == "none"
    assert first.close() == second.close() == ()


def test_a_scenario_sees_what_was_set_outside_of_scenarios(loop):
    loop.run(set_colour("blue"))
    task = loop.scenario("later")
    assert task.run(get_colour()) == "blue"
    assert colour.get() == "none"


def test_a_step_that_is_not_asynchronous_may_run_a_loop_of_its_own(task):
    assert task.call(lambda: asyncio.run(gives(8))) == 8
    assert task.run(gives(9)) == 9


def test_a_step_that_is_not_asynchronous_may_await_in_the_scenario(task):
    def step():
        colour.set("red")
        seen = task.run(get_colour())
        task.run(set_colour("green"))
        return seen, colour.get(), task.call(colour.get)

    assert task.call(step) == ("red", "green", "green")


def test_what_runs_on_the_loop_is_told_to_await_instead(task):
    async def step():
        task.run(gives(1))

    with pytest.raises(RuntimeError, match="await the port itself"):
        task.run(step())


def test_what_runs_on_another_loop_is_told_so_too(task):
    async def elsewhere():
        task.run(gives(1))

    with pytest.raises(RuntimeError, match="await the port itself"):
        asyncio.run(elsewhere())


def test_another_thread_is_turned_away(task):
    task.run(gives(1))
    caught = []

    def elsewhere():
        try:
            task.run(gives(2))
        except RuntimeError as error:
            caught.append(str(error))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert caught == ["a scenario awaits in the thread that runs it; this is another one"]


class Alarm(BaseException):
    """What a timeout plugin raises from its signal."""


@pytest.fixture
def alarm():
    """Raises ``Alarm`` in the main thread after a moment."""
    if not hasattr(signal, "setitimer"):
        pytest.skip("this system has no timer signals")

    def ring(*_):
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    yield lambda: signal.setitimer(signal.ITIMER_REAL, 0.05)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def waiting(done):
    async def wait():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            done.append("finally")

    return wait()


def busy(done):
    async def work():
        number = 0
        try:
            while True:
                number += 1
        finally:
            done.append("finally")

    return work()


@pytest.mark.parametrize("kind", [waiting, busy])
def test_an_alarm_runs_finally_blocks_and_is_raised_again(task, alarm, kind):
    done = []
    alarm()
    with pytest.raises(Alarm):
        task.run(kind(done))
    assert done == ["finally"]
    assert task.run(gives("the scenario goes on")) == "the scenario goes on"
    assert task.close() == ()


@pytest.fixture
def ctrl_c():
    """Presses Ctrl-C after a moment."""
    if os.name == "nt":
        pytest.skip("a process cannot press Ctrl-C for itself here")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_runs_finally_blocks_and_is_raised_again(task, ctrl_c):
    done = []
    ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        task.run(waiting(done))
    assert done == ["finally"]
    assert task.run(gives(1)) == 1


def test_ctrl_c_also_ends_what_a_step_started(task, ctrl_c):
    done = []

    async def step():
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(waiting(done))
            tasks.create_task(waiting(done))

    ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        task.run(step())
    assert done == ["finally", "finally"]


def test_finally_blocks_that_never_end_hold_nobody(loop, ctrl_c, monkeypatch):
    monkeypatch.setattr(loops, "GRACE", 0.05)
    task = loop.scenario("stubborn")

    async def stubborn():
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue

    ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        task.run(stubborn())
    with pytest.raises(RuntimeError, match="did not come to rest"):
        task.run(gives(1))


def test_a_step_that_cancels_itself_does_not_end_the_scenario(task):
    async def cancel_oneself():
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError):
        task.run(cancel_oneself())

    async def bounded():
        async with asyncio.timeout(60):
            return await gives(2)

    assert task.run(bounded()) == 2


def test_tasks_that_a_scenario_left_are_cancelled_when_it_ends(task):
    done = []

    async def step():
        return asyncio.create_task(waiting(done))

    left = task.run(step())
    task.run(gives(1))
    assert task.close() == ()
    assert left.cancelled()
    assert done == ["finally"]


def test_an_exception_that_nobody_saw_is_given_back(task):
    async def step():
        return [asyncio.create_task(raises(ValueError("lost"))), asyncio.create_task(raises(ValueError("seen")))]

    _, seen = task.run(step())
    with pytest.raises(ValueError, match="seen"):
        task.run(seen)
    assert [str(each) for each in task.unseen()] == ["lost"]
    assert task.close() == ()


def test_an_exception_of_a_task_that_is_cancelled_at_the_end_is_given_back(task):
    async def fails_when_cancelled():
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError("at the end")

    async def step():
        asyncio.create_task(fails_when_cancelled())  # noqa: RUF006

    task.run(step())
    task.run(gives(1))
    assert [str(each) for each in task.close()] == ["at the end"]


def test_an_exception_is_given_back_to_the_scenario_that_caused_it(loop):
    first, second = loop.scenario("first"), loop.scenario("second")

    async def step():
        asyncio.create_task(raises(ValueError("of the first")))  # noqa: RUF006

    first.run(step())
    second.run(asyncio.sleep(0.01))
    assert second.close() == ()
    assert [str(each) for each in first.close()] == ["of the first"]


def test_a_future_whose_exception_nobody_saw_is_given_back(task):
    async def step():
        asyncio.get_running_loop().create_future().set_exception(ValueError("a future's"))

    task.run(step())
    assert [str(each) for each in task.close()] == ["a future's"]


def test_a_loop_that_was_never_used_is_never_made():
    loop = Loop()
    task = loop.scenario("quiet")
    assert task.call(int, "5") == 5
    assert task.close() == ()
    loop.close()
    loop.close()


def test_closing_leaves_nothing_that_python_warns_of(recwarn):
    warnings.simplefilter("always")
    loop = Loop()

    async def forever():
        while True:
            yield 1

    async def outside():
        asyncio.create_task(asyncio.sleep(60))  # noqa: RUF006
        return await anext(forever())

    assert loop.run(outside()) == 1
    loop.scenario("unclosed").run(gives(1))
    loop.close()
    assert not [str(each.message) for each in recwarn]


def test_a_closed_loop_is_made_anew_when_it_is_needed(loop):
    assert loop.run(gives(1)) == 1
    loop.close()
    assert loop.run(gives(2)) == 2
