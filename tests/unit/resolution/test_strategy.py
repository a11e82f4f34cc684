"""The strategy paper's two faces: what is there, and a test that runs on the best of it."""

import asyncio
import logging

import pytest
from unit.resolution.made import settings
from unit.resolution.rude import silent

import goldenpath
from goldenpath import HybridExecutionManager, ServiceAvailabilityChecker
from goldenpath.domain.errors import NotSeen, ServiceUnavailable, UsageError
from goldenpath.domain.values import Availability, Tier
from goldenpath.resolution import Registry

PAPER = {"docker", "postgres", "redis", "auth_service", "websocket"}


class Looked:
    """An adapter that is or is not there."""

    capabilities = frozenset()
    needs = ()

    def __init__(self, service, tier, up, *, stand_in=False):
        self.services, self.tier, self.stand_in = (service,), Tier(tier), stand_in
        self._seen = up if isinstance(up, Availability) else Availability(up, "answers" if up else "refused", "7")

    async def probe(self):
        return self._seen

    def open(self, context):
        raise NotImplementedError


@pytest.fixture
def checker(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")

    def make(*adapters, **asked):
        known = Registry()
        for number, each in enumerate(adapters):
            known.register(f"{each.services[0]}.{each.tier}.{number}", each)
        return ServiceAvailabilityChecker(settings(**asked), known)

    return make


def test_the_matrix_knows_the_papers_names_and_ours(checker):
    there = checker(
        Looked("database", "local", True),
        Looked("cache", "real", False),
        Looked("cache", "mock", True, stand_in=True),
        Looked("auth", "local", True, stand_in=True),
        Looked("events", "real", True),
        Looked("search", "real", True),
    )
    matrix = asyncio.run(there.get_service_matrix())
    assert set(matrix) == PAPER | {"database", "cache", "auth", "events", "search"}
    assert {name for name, seen in matrix.items() if seen} == {"postgres", "database", "websocket", "events", "search"}
    assert matrix["postgres"].version == "7"
    assert matrix["redis"].reason == "cache.real.1: refused"
    assert matrix["auth_service"].reason == "only stand-ins could answer it"
    assert matrix["docker"].reason.startswith("nothing listens on")


def test_whatever_the_mode_is_all_is_looked_at(checker):
    there = checker(Looked("database", "real", True), services={"database": "mock", "cache": "none"})
    matrix = asyncio.run(there.get_service_matrix())
    assert matrix["postgres"]
    assert matrix["redis"].reason == "this project does not have it"


def test_one_service_by_either_name(checker):
    there = checker(Looked("database", "real", True), Looked("database", "local", False))
    assert asyncio.run(there.check_service_health("database"))
    assert asyncio.run(there.check_service_health("postgres")).reason == "answers"
    assert not asyncio.run(there.check_service_health("docker"))
    with pytest.raises(UsageError, match="there is no service 'billing'"):
        asyncio.run(there.check_service_health("billing"))


def test_what_can_be_used_is_preferred_to_what_cannot(checker):
    there = checker(Looked("database", "real", False), Looked("database", "local", True))
    assert asyncio.run(there.check_service_health("database")).reason == "answers"


def test_a_hung_docker_is_told_in_time(checker, rude, tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/hung.sock")
    rude(silent, tmp_path / "hung.sock")
    seen = asyncio.run(checker(probe_deadline=0.4).check_docker_available())
    assert seen.reason.startswith("hung: ")


def test_of_this_environment_by_default(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    matrix = asyncio.run(ServiceAvailabilityChecker(deadline=5).get_service_matrix())
    assert set(matrix) > PAPER


@pytest.mark.parametrize(
    ("there", "mode"),
    [
        (dict.fromkeys(PAPER, True), "real_services"),
        (dict.fromkeys(PAPER, True) | {"docker": False}, "real_services"),
        (dict.fromkeys(PAPER, True) | {"redis": False}, "docker_services"),
        (dict.fromkeys(PAPER, False) | {"docker": True}, "docker_services"),
        (dict.fromkeys(PAPER, False), "mock_services"),
        ({"docker": True}, "docker_services"),
        ({}, "mock_services"),
        ({"postgres": Availability(True, "answers")}, "real_services"),
        ({"postgres": Availability(False, "refused")}, "mock_services"),
    ],
)
def test_the_mode_of_what_is_there(there, mode):
    assert HybridExecutionManager().determine_execution_mode(there) == mode
    assert HybridExecutionManager(there).execution_mode == mode


class Losing:
    """A test that loses a service so many times."""

    def __init__(self, times):
        self.modes = []
        self._times = times

    async def run(self, word, *, execution_mode):
        self.modes.append(execution_mode)
        if len(self.modes) <= self._times:
            raise ServiceUnavailable("database", "reset, at postgresql://ada:s3cret-w0rd@localhost/x")
        return f"{word} on {execution_mode}"


@pytest.mark.parametrize(
    ("there", "times", "modes"),
    [
        (None, 0, ["real_services"]),
        (None, 1, ["real_services", "docker_services"]),
        (None, 2, ["real_services", "docker_services", "mock_services"]),
        ({"docker": False, "redis": True}, 1, ["real_services", "mock_services"]),
        ({"docker": False, "redis": False}, 0, ["mock_services"]),
    ],
)
def test_only_a_lost_service_lets_less_answer(there, times, modes, caplog):
    manager, test = HybridExecutionManager(there), Losing(times)
    with caplog.at_level(logging.WARNING, "goldenpath.strategy"):
        assert asyncio.run(manager.execute_with_fallback(test.run, "done")) == f"done on {modes[-1]}"
    assert test.modes == modes
    assert manager.degraded is (times > 0)
    assert [each.service for each in manager.losses] == ["database"] * times
    assert len(caplog.records) == times
    assert "s3cret-w0rd" not in caplog.text
    assert all("degraded: database was lost on real_services" in caplog.text for _ in manager.losses)


def test_with_nothing_less_left_the_loss_is_an_error():
    manager, test = HybridExecutionManager({"docker": False, "redis": True}), Losing(5)
    with pytest.raises(ServiceUnavailable, match="database is lost"):
        asyncio.run(manager.execute_with_fallback(test.run, "done"))
    assert test.modes == ["real_services", "mock_services"]


class LostAndWrong(ServiceUnavailable, AssertionError):
    pass


@pytest.mark.parametrize(
    "error",
    [
        AssertionError("2 != 3"),
        NotSeen("the answer", 5, "nothing came"),
        ConnectionError("reset"),
        TimeoutError(),
        LostAndWrong("database", "gone"),
        KeyboardInterrupt(),
    ],
    ids=lambda each: type(each).__name__,
)
def test_nothing_else_is_ever_tried_again(error):
    calls = []

    def wrong():
        calls.append(1)
        raise error

    manager = HybridExecutionManager()
    with pytest.raises(type(error)):
        asyncio.run(manager.execute_with_fallback(wrong))
    assert calls == [1]
    assert not manager.degraded


def test_a_plain_function_needs_no_parameter_for_the_mode():
    manager = HybridExecutionManager()
    assert asyncio.run(manager.execute_with_fallback(lambda a, b: a + b, 1, b=2)) == 3
    assert asyncio.run(manager.execute_with_fallback(max, 1, 2)) == 2


def test_what_was_lost_stays_lost():
    manager = HybridExecutionManager({"docker": False, "redis": True})
    asyncio.run(manager.execute_with_fallback(Losing(1).run, "first"))
    second = Losing(0)
    asyncio.run(manager.execute_with_fallback(second.run, "second"))
    assert second.modes == ["mock_services"]
    assert manager.degraded


def test_both_are_public():
    assert {"HybridExecutionManager", "ServiceAvailabilityChecker"} <= set(goldenpath.__all__)
