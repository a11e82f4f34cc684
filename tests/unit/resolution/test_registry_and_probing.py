"""Adapters come in by entry points and by hand; they are looked at all at once, in bounded time."""

import asyncio
import subprocess
import sys
import time
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from goldenpath.domain.errors import UsageError
from goldenpath.domain.values import SERVICES, Availability, Tier
from goldenpath.ports.adapter import Adapter
from goldenpath.resolution import Candidate, Registry, probe
from goldenpath.resolution.probing import printable
from goldenpath.resolution.registry import GROUP


class Fake:
    services = ("cache",)
    tier = Tier.MOCK
    stand_in = True
    needs = ()
    capabilities = frozenset()

    def __init__(self, look=None):
        self.look = look

    async def probe(self):
        return await self.look() if self.look else Availability(True, "here")

    def open(self, context):
        raise NotImplementedError


class Unmakeable(Fake):
    def __init__(self):
        raise OSError("no licence")


def test_ours_are_installed_by_the_door_that_everyone_uses():
    registry = Registry.installed()
    assert set(SERVICES) <= set(registry.services)
    assert all(isinstance(each.adapter, Adapter) for each in registry)
    assert "cache.mock" in [each.name for each in registry.of("cache")]


def test_a_name_is_given_once():
    registry = Registry()
    registry.register("cache.mock", Fake())
    with pytest.raises(UsageError, match=r"two adapters are named 'cache\.mock'"):
        registry.register("cache.mock", Fake())


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("no_such_module:Adapter", "ModuleNotFoundError"),
        ("json:NoSuchName", "AttributeError"),
        (f"{__name__}:Unmakeable", "OSError: no licence"),
    ],
)
def test_an_entry_point_that_cannot_be_loaded_is_named(value, words, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or _this_module())
    with pytest.raises(UsageError) as caught:
        Registry([EntryPoint("cache.broken", value, GROUP)])
    assert "'cache.broken'" in caught.value.message
    assert words in caught.value.message
    assert value in caught.value.where


def _this_module():
    from types import SimpleNamespace

    return SimpleNamespace(Unmakeable=Unmakeable)


def test_what_is_no_adapter_is_refused():
    with pytest.raises(UsageError, match="'x' lacks services, tier, stand_in"):
        Registry().register("x", object())


def test_a_tier_that_does_not_exist_is_refused():
    fake = Fake()
    fake.tier = "cloud"
    with pytest.raises(UsageError, match="no tier 'cloud'"):
        Registry().register("x", fake)


async def _raises():
    raise ConnectionRefusedError("port 5432")


async def _hangs():
    await asyncio.Event().wait()


async def _clings():
    while True:
        try:
            await asyncio.sleep(0.2)
        except asyncio.CancelledError:
            await asyncio.sleep(0.2)
            return Availability(True, "too late")


async def _nonsense():
    return True


@pytest.mark.parametrize(
    ("look", "up", "reason"),
    [
        (None, True, "here"),
        (_raises, False, "its probe failed: ConnectionRefusedError: port 5432"),
        (_hangs, False, "no answer within 0.05 s"),
        (_clings, False, "no answer within 0.05 s"),
        (_nonsense, False, "its probe gave True, no Availability"),
    ],
)
def test_each_look_gives_an_availability(look, up, reason):
    async def looks():
        others = [Candidate(f"other {number}", Fake(_hangs)) for number in range(3)]
        return await probe([Candidate("it", Fake(look)), *others], deadline=0.05)

    seen = asyncio.run(looks())
    assert (seen["it"].up, seen["it"].reason) == (up, reason)
    assert [each.up for name, each in seen.items() if name != "it"] == [False] * 3
    assert seen["it"].seconds > 0


def test_nothing_to_look_at():
    assert asyncio.run(probe([])) == {}


def in_time(looks, deadline=0.3):
    """What was seen, far sooner than what was looked at is done: that takes a minute."""

    async def run():
        return await probe([Candidate(f"it {n}", Fake(each)) for n, each in enumerate(looks)], deadline)

    begun = time.monotonic()
    seen = list(asyncio.run(run()).values())
    assert time.monotonic() - begun < 20
    return seen


async def _blocks():
    time.sleep(60)  # noqa: ASYNC251


async def _blocks_elsewhere():
    await asyncio.to_thread(time.sleep, 60)


async def _clings_for_ever():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue


def test_no_probe_keeps_another_waiting_whatever_it_does():
    seen = in_time([_blocks, _blocks_elsewhere, _clings_for_ever, _hangs, None])
    assert [each.reason for each in seen] == ["no answer within 0.3 s"] * 4 + ["here"]


def test_a_process_ends_though_its_probes_do_not():
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_registry_and_probing as it; "
    )
    program += "it.test_no_probe_keeps_another_waiting_whatever_it_does()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_probe_made_ends_with_it():
    ended = []

    async def careful():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    assert not in_time([careful], 0.1)[0]
    assert ended == [True]


def test_a_probe_is_given_its_services_settings():
    class Curious(Fake):
        async def probe(self, settings):
            return Availability(True, settings["real"]["url"])

    candidate = Candidate("it", Curious(), {"real": {"url": "http://localhost:1"}})
    assert asyncio.run(probe([candidate]))["it"].reason == "http://localhost:1"


def test_a_probe_that_ends_the_program_does_not():
    async def leaves():
        raise SystemExit(3)

    assert in_time([leaves])[0].reason == "its probe failed: SystemExit: 3"


def test_what_a_service_says_cannot_steer_a_terminal():
    assert printable("a\x1b[2Jb\x07\rc\nd\u202ee") == "a [2Jb  c\nd e"
