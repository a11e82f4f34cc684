"""Adapters come in by entry points and by hand; they are looked at all at once, in bounded time."""

import asyncio
from importlib.metadata import EntryPoint

import pytest

from goldenpath.domain.errors import UsageError
from goldenpath.domain.values import SERVICES, Availability, Tier
from goldenpath.ports.adapter import Adapter
from goldenpath.resolution import Candidate, Registry, probe
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
    assert [each.name for each in registry.of("cache")] == ["cache.mock"]


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
