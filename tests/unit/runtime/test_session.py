"""An opened scenario: lazily opened adapters, observed ports, and an end that tells the truth."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from goldenpath.config import Settings
from goldenpath.domain.errors import (
    GoldenPathError,
    MissingCapability,
    NoAdapter,
    Refused,
    ServiceUnavailable,
    UsageError,
)
from goldenpath.domain.values import Availability, Mode, Tier
from goldenpath.ports.agents import Started
from goldenpath.ports.events import Connection, Event
from goldenpath.resolution import Registry
from goldenpath.runtime import opening
from goldenpath.runtime.loop import Loop
from goldenpath.runtime.session import RunSession, ScenarioInfo


def ended(opened, status, message):
    """Close an attempt and write its end, as the runner does; gives what is wrong with one that seemed to pass."""
    wrong = opened.close(status)
    opened.finish("failed" if wrong else status, wrong or message)
    return wrong


@dataclass(frozen=True)
class Bill:
    id: str
    api_key: str


class Billing:
    """A service of somebody else's."""

    def __init__(self, context):
        self.context = context

    async def bill(self, name, amount=1, *, password=None):
        await asyncio.sleep(0)
        return Bill(self.context.ids.new("bill"), "key-of-billing-1")

    async def refuse(self):
        raise Refused("no money")

    async def through_ledger(self, text):
        await self.context.ports["ledger"].write(text)
        async with self.context.ports["ledger"].reading("x") as words:
            return words

    async def lose(self):
        raise ServiceUnavailable("billing", "it fell over")


class Ledger:
    async def write(self, text):
        """Write a line."""

    @asynccontextmanager
    async def reading(self, page):
        yield f"page {page}"


class FakeAdapter:
    needs: tuple[str, ...] = ()
    capabilities = frozenset({"invoices"})

    def __init__(self, service, port, log, *, tier=Tier.MOCK, stand_in=True, needs=(), up=True):
        self.services = (service,)
        self.port = port
        self.log = log
        self.tier = tier
        self.stand_in = stand_in
        self.needs = needs
        self.up = up

    async def probe(self):
        return Availability(self.up, "ready" if self.up else "refused")

    @asynccontextmanager
    async def open(self, context):
        self.log.append(f"open {self.services[0]}")
        async with asyncio.TaskGroup():
            yield {self.services[0]: self.port(context)}
        self.log.append(f"close {self.services[0]}")


@dataclass
class Desk:
    """One run with fake services, in a folder of its own."""

    root: Path
    loop: Loop
    log: list[str]
    registry: Registry
    session: RunSession | None = None

    def register(self, service, port, **options):
        tier = options.get("tier", Tier.MOCK)
        self.registry.register(f"{service}.{tier}", FakeAdapter(service, port, self.log, **options))

    def run(self, **settings):
        settings = {"mode": Mode.HYBRID} | settings
        self.session = RunSession(
            Settings(**settings),
            self.registry,
            root=self.root,
            worker="main",
            run_id="r1",
            command=("-x",),
            loop=self.loop,
        )
        return self.session

    def open(
        self,
        name="a.feature::It works",
        attempt=1,
        tags=(),
        service_tags: Mapping[str, str] | None = None,
        needs: tuple[str, ...] = (),
    ):
        session = self.session or self.run()
        info = ScenarioInfo(
            name, attempt, "A", None, "It works", "a.feature", 3, tags, (), service_tags or {}, needs=needs
        )
        self.task = self.loop.scenario(name)
        return session.open(info, self.task)

    def step(self, opened, awaitable, index=0):
        opened.step_started(index)
        try:
            return self.task.run(awaitable)
        finally:
            opened.step_finished(
                index=index, keyword="When", text="it", line=4, status="passed", seconds=0.1, message=None
            )

    def records(self, kind):
        self.session.flush()
        return [each for each in self.session.records() if each["event"] == kind]


@pytest.fixture
def desk(tmp_path):
    loop = Loop()
    made = Desk(tmp_path, loop, [], Registry())
    yield made
    if made.session is not None:
        made.session.finish(0)
    loop.close()


@pytest.fixture
def billed(desk):
    """A run with a service and a ledger that it needs."""
    desk.register("billing", Billing, needs=("ledger",))
    desk.register("ledger", lambda context: Ledger())
    return desk


def test_an_adapter_and_what_it_needs_are_opened_at_the_first_operation_and_closed_at_the_end(billed):
    opened = billed.open()
    assert billed.log == []
    billed.step(opened, opened.services.billing.bill("Ada"))
    billed.step(opened, opened.services.billing.bill("Ben"))
    assert billed.log == ["open ledger", "open billing"]
    assert ended(opened, "passed", None) is None
    assert billed.log == ["open ledger", "open billing", "close billing", "close ledger"]


def test_operations_at_once_open_an_adapter_once(billed):
    opened = billed.open()

    async def both():
        async with asyncio.TaskGroup() as tasks:
            for name in ("Ada", "Ben"):
                tasks.create_task(opened.services.billing.bill(name))

    billed.step(opened, both())
    assert billed.log == ["open ledger", "open billing"]
    assert ended(opened, "passed", None) is None
    assert billed.task.close() == ()


def test_every_operation_is_observed_with_who_called(billed):
    opened = billed.open()
    billed.step(opened, opened.services["billing"].through_ledger("a line"), index=2)
    seen = [(each.service, each.operation, each.caller, each.outcome, each.step) for each in opened.observations]
    assert seen == [
        ("ledger", "write", "billing", "ok", 2),
        ("ledger", "reading", "billing", "ok", 2),
        ("billing", "through_ledger", "scenario", "ok", 2),
    ]
    assert opened.observations[0].payload == {"in": {"text": "a line"}}
    assert opened.observations[2].payload == {"in": {"text": "a line"}, "out": "page x"}
    assert opened.observations[2].tier == "mock"
    assert opened.observations[2].stand_in
    ended(opened, "passed", None)
    assert [each["operation"] for each in billed.records("observation")] == ["write", "reading", "through_ledger"]


def test_what_goes_in_and_comes_out_is_named_plain_and_without_secrets(billed):
    opened = billed.open()
    bill = billed.step(opened, opened.services.billing.bill("Ada", 5, password="tulip-99"))
    assert opened.observations[0].payload == {
        "in": {"name": "Ada", "amount": 5, "password": "<password 1>"},
        "out": {"id": bill.id, "api_key": "<secret 1>"},
    }
    assert opened.redact("it was tulip-99") == "it was <password 1>"


def test_an_error_is_observed_by_its_class_and_raised(billed):
    opened = billed.open()
    with pytest.raises(Refused, match="no money"):
        billed.step(opened, opened.services.billing.refuse())
    assert [(each.outcome, each.payload["out"]) for each in opened.observations] == [("Refused", "no money")]


def test_an_operation_that_a_deadline_cancels_is_observed(billed):
    class Slow:
        async def wait(self):
            await asyncio.Event().wait()

    billed.register("slow", lambda context: Slow())
    opened = billed.open()

    async def impatient():
        async with asyncio.timeout(0.01):
            await opened.services.slow.wait()

    with pytest.raises(TimeoutError):
        billed.step(opened, impatient())
    assert [each.outcome for each in opened.observations] == ["CancelledError"]


def test_an_operation_that_nobody_awaits_is_python_s_warning_by_its_name(billed):
    opened = billed.open()
    with pytest.warns(RuntimeWarning, match="coroutine 'billing.bill' was never awaited"):
        opened.services.billing.bill("Ada")


def test_a_connection_is_watched(desk):
    class Wire:
        async def ask(self, prompt, thread_id):
            return Started("run", "thread")

        async def close(self):
            """Go."""

        async def drop(self):
            """Go."""

    class Gateway:
        async def connect(self, access_token=None, *, ticket=None, resume=None):
            self.connection = Connection(Wire())
            return self.connection

    gateway = Gateway()
    desk.register("events", lambda context: gateway)
    opened = desk.open()

    async def step():
        connection = await opened.services.events.connect("a-token-of-ada")
        await connection.ask("Why?")
        gateway.connection.deliver(Event("agent_started", "e", 1, "run", "thread", "u", "a", None))

    desk.step(opened, step())
    assert [(each.operation, each.caller) for each in opened.observations] == [
        ("connect", "scenario"),
        ("ask", "scenario"),
        ("event", "scenario"),
    ]
    assert opened.observations[0].payload["in"] == {"access_token": "<token 1>"}
    assert opened.observations[2].payload["out"]["type"] == "agent_started"


def test_a_port_of_ours_shows_its_promises_and_nothing_else_of_its_adapter(desk):
    class Cache:
        calls = ()

        async def get(self, key):
            return key

    desk.register("cache", lambda context: Cache())
    opened = desk.open()
    assert desk.step(opened, opened.services.cache.get("x")) == "x"
    assert "subscribe" in dir(opened.services.cache)
    with pytest.raises(AttributeError, match="the port of 'cache' has no operation 'calls'; it has get, set"):
        _ = opened.services.cache.calls


def test_a_service_that_there_is_not(billed):
    opened = billed.open()
    with pytest.raises(AttributeError, match="no service 'search'"):
        _ = opened.services.search
    with pytest.raises(KeyError, match="it has billing, ledger"):
        _ = opened.services["search"]
    assert "billing" in opened.services
    assert "search" not in opened.services


def test_the_blocking_face_of_the_same_ports(billed):
    class Channels:
        @asynccontextmanager
        async def listen(self, name):
            yield Listener()

    class Listener:
        async def get(self, within):
            return f"heard within {within}"

    billed.register("channels", lambda context: Channels())
    opened = billed.open()

    def step():
        bill = opened.services.sync.billing.bill("Ada")
        with opened.services.sync["channels"].listen("x") as listener:
            return bill, listener.get(within=5)

    bill, heard = billed.task.call(step)
    assert isinstance(bill, Bill)
    assert heard == "heard within 5"
    assert [each.operation for each in opened.observations] == ["bill", "listen"]


def test_ids_are_the_same_for_the_same_run_worker_scenario_and_attempt(billed):
    made = {}
    for name, attempt in (("a", 1), ("a", 1), ("a", 2), ("b", 1)):
        opened = billed.open(name, attempt)
        made.setdefault((name, attempt), []).append(billed.step(opened, opened.services.billing.bill("x")).id)
        ended(opened, "passed", None)
    first, again = made["a", 1]
    assert first == again
    assert len({first, *made["a", 2], *made["b", 1]}) == 3


def test_all_services_of_a_scenario_share_its_clock(billed):
    seen = []

    def port(context):
        seen.append(context.clock)
        return Ledger()

    billed.register("search", port)
    opened = billed.open()
    billed.step(opened, opened.services.search.write("x"))
    assert seen == [opened.services.clock]


@pytest.mark.parametrize(
    ("stand_in", "needs_stand_in", "standing"),
    [(True, True, "rehearsed"), (False, True, "rehearsed"), (False, False, "verified")],
)
def test_a_scenario_is_verified_only_if_no_stand_in_answered_anywhere_behind_it(
    desk, stand_in, needs_stand_in, standing
):
    desk.register("billing", Billing, needs=("ledger",), tier=Tier.LOCAL, stand_in=stand_in)
    desk.register("ledger", lambda context: Ledger(), tier=Tier.LOCAL, stand_in=needs_stand_in)
    opened = desk.open()
    desk.step(opened, opened.services.billing.through_ledger("x"))
    ended(opened, "passed", None)
    (end,) = desk.records("scenario_finished")
    assert end["standing"] == standing
    assert end["services"] == [
        {"service": "billing", "tier": "local", "stand_in": stand_in},
        {"service": "ledger", "tier": "local", "stand_in": needs_stand_in},
    ]


@pytest.mark.parametrize("status", ["failed", "skipped", "undefined", "pending", "ambiguous", "unknown"])
def test_what_did_not_pass_has_no_standing(billed, status):
    opened = billed.open()
    billed.step(opened, opened.services.billing.bill("x"))
    assert ended(opened, status, "because") is None
    (end,) = billed.records("scenario_finished")
    assert (end["status"], end["standing"], end["message"]) == (status, None, "because")


def test_a_scenario_that_used_no_service_has_no_standing(billed):
    assert ended(billed.open(), "passed", None) is None
    (end,) = billed.records("scenario_finished")
    assert (end["status"], end["standing"], end["services"]) == ("passed", None, [])


def test_a_scenario_that_belongs_to_a_service_and_never_used_it_proved_nothing(billed):
    billed.run(service_tags=MappingProxyType({"pay": "ledger"}))
    opened = billed.open(tags=("@pay", "@high"))
    billed.step(opened, opened.services.billing.through_ledger("not by its own step"))
    wrong = "it proved nothing: it is tagged @pay, and none of its steps used ledger"
    assert ended(opened, "passed", None) == wrong
    (end,) = billed.records("scenario_finished")
    assert (end["status"], end["standing"], end["message"]) == ("failed", None, wrong)


def test_what_is_done_outside_of_steps_proves_nothing(billed):
    opened = billed.open(tags=("@billing",), service_tags={"billing": "billing"})
    billed.task.run(opened.services.billing.bill("in a fixture"))
    assert "proved nothing" in ended(opened, "passed", None)


def test_a_scenario_that_used_the_service_that_it_belongs_to(billed):
    opened = billed.open(tags=("@billing",), service_tags={"billing": "billing"})
    billed.step(opened, opened.services.billing.bill("x"))
    assert ended(opened, "passed", None) is None


@pytest.mark.parametrize(
    ("need", "why"),
    [
        ("billing.invoices", None),
        ("billing.refunds", "it needs refunds, which billing (mock) does not have here"),
        ("search.any", "this project has no service 'search'"),
    ],
)
def test_what_a_scenario_needs_and_nothing_has_is_the_reason_of_its_skip(billed, need, why):
    assert billed.open(needs=(need,)).missing() == why


def test_a_tier_that_does_not_answer_is_told_before_and_when_it_is_used(desk):
    desk.register("billing", Billing, tier=Tier.LOCAL, up=False)
    desk.run(mode=Mode.LOCAL)
    opened = desk.open(tags=("@billing",), service_tags={"billing": "billing"})
    assert opened.missing() == "nothing answers billing: local: refused"
    with pytest.raises(MissingCapability, match="nothing answers billing: local: refused"):
        desk.step(opened, opened.services.billing.bill("x"))
    assert opened.observations == []


def test_a_tier_without_an_adapter_is_a_usage_error_and_writes_nothing(billed):
    session = billed.run(mode=Mode.LOCAL)
    with pytest.raises(NoAdapter):
        _ = session.resolution
    with pytest.raises(NoAdapter):
        billed.open()
    session.finish(4)
    assert not (billed.root / ".goldenpath").exists()


def test_a_fault_that_there_is_not_is_a_usage_error(billed):
    session = billed.run(fault="no-such-fault")
    with pytest.raises(UsageError, match="there is no fault 'no-such-fault'"):
        _ = session.resolution


def test_adapters_get_their_own_settings_the_scripts_and_the_fault(desk):
    seen = []

    def port(context):
        seen.append(context)
        return Ledger()

    desk.register("ledger", port)
    desk.run(service_settings={"ledger": {"size": 3}}, scripts=(Path("a.toml"),), fault="answer-is-not-saved")
    opened = desk.open()
    desk.step(opened, opened.services.ledger.write("x"))
    assert seen[0].settings == {"size": 3, "scripts": [str(desk.root / "a.toml")]}
    assert seen[0].fault == "answer-is-not-saved"
    assert seen[0].scenario == "a.feature::It works"


def test_an_adapter_that_fails_to_close_fails_the_scenario(desk):
    class Broken(FakeAdapter):
        @asynccontextmanager
        async def open(self, context):
            yield {"ledger": Ledger()}
            raise OSError("the disk is full")

    desk.registry.register("ledger.mock", Broken("ledger", None, []))
    opened = desk.open()
    desk.step(opened, opened.services.ledger.write("x"))
    assert ended(opened, "passed", None) == "a service did not close: OSError: the disk is full"
    assert desk.records("scenario_finished")[0]["status"] == "failed"


def test_an_adapter_that_never_closes_holds_nobody(desk, monkeypatch):
    monkeypatch.setattr(opening, "CLOSING", 0.05)

    class Stuck(FakeAdapter):
        @asynccontextmanager
        async def open(self, context):
            try:
                yield {"ledger": Ledger()}
            finally:
                await asyncio.Event().wait()

    desk.registry.register("ledger.mock", Stuck("ledger", None, []))
    opened = desk.open()
    desk.step(opened, opened.services.ledger.write("x"))
    assert "TimeoutError" in ended(opened, "passed", None)


def test_an_adapter_that_fails_to_open_tells_everyone_who_asks(desk):
    class Absent(FakeAdapter):
        @asynccontextmanager
        async def open(self, context):
            raise ServiceUnavailable("ledger", "the line is dead")
            yield {}

    desk.registry.register("ledger.mock", Absent("ledger", None, []))
    opened = desk.open()
    for _ in range(2):
        with pytest.raises(ServiceUnavailable, match="the line is dead"):
            desk.step(opened, opened.services.ledger.write("x"))
    assert [each.outcome for each in opened.observations] == ["ServiceUnavailable"] * 2
    assert ended(opened, "failed", "lost") is None


def test_an_operation_after_the_end_is_told_so(billed):
    opened = billed.open()
    billed.step(opened, opened.services.billing.bill("x"))
    ended(opened, "passed", None)
    with pytest.raises(GoldenPathError, match="used after its scenario was over"):
        billed.task.run(opened.services.billing.bill("y"))
    assert billed.log == ["open ledger", "open billing", "close billing", "close ledger"]


def test_one_adapter_may_answer_several_services_and_is_opened_once(desk):
    class Both(FakeAdapter):
        services = ("billing", "ledger")

        def __init__(self, log):
            super().__init__("billing", None, log)
            self.services = ("billing", "ledger")

        @asynccontextmanager
        async def open(self, context):
            self.log.append("open both")
            yield {"billing": Billing(context), "ledger": Ledger()}

    desk.registry.register("both.mock", Both(desk.log))
    opened = desk.open()
    desk.step(opened, opened.services.ledger.write("x"))
    desk.step(opened, opened.services.billing.bill("x"))
    assert desk.log == ["open both"]


def test_messages_and_texts_of_steps_are_redacted(billed):
    opened = billed.open()
    billed.step(opened, opened.services.billing.bill("x", password="tulip-99"))
    opened.step_finished(
        index=1,
        keyword="Then",
        text="she types tulip-99",
        line=5,
        status="failed",
        seconds=0.5,
        message="assert 'tulip-99' == 'x'",
    )
    ended(opened, "failed", "it was tulip-99")
    text = "".join(json.dumps(each) for each in billed.session.records())
    assert "tulip-99" not in text
    assert text.count("<password 1>") == 4
