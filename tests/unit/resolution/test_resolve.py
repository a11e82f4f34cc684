"""What answers each service, by settings and by what the probes saw: a table."""

from types import MappingProxyType

import pytest

from goldenpath.config import Settings
from goldenpath.domain.errors import NoAdapter
from goldenpath.domain.values import Availability, Mode, Tier
from goldenpath.resolution import Registry, candidates, resolve

NEEDS = {"auth": ("database", "cache"), "agents": ("auth", "database")}


class Fake:
    def __init__(self, service, tier, *, stand_in, needs=None):
        self.services = (service,)
        self.tier = Tier(tier)
        self.stand_in = stand_in
        self.needs = NEEDS.get(service, ()) if needs is None else needs
        self.capabilities = frozenset({"x"})

    async def probe(self):
        raise AssertionError("resolving looks at nothing")

    def open(self, context):
        raise AssertionError("resolving opens nothing")


def registry(*names, **needs):
    """Adapters by names: ``auth.mock``; a ``*`` at the end makes it a stand-in. Mocks are stand-ins always."""
    found = Registry()
    for name in names:
        service, _, tier = name.rstrip("*").partition(".")
        fake = Fake(
            service, tier.partition("-")[0], stand_in=name.endswith("*") or tier == "mock", needs=needs.get(service)
        )
        found.register(name.rstrip("*"), fake)
    return found


def resolved(known, *, up=None, mode=Mode.HYBRID, services=None, stand_ins=True):
    settings = Settings(mode=mode, services=MappingProxyType(services or {}), stand_ins=stand_ins)
    names = [each.name for each in candidates(settings, known)]
    seen = {
        name: Availability(up is None or name in up, "it is there" if up is None or name in up else "refused")
        for name in names
    }
    return resolve(settings, known, seen)


def adapters(resolution):
    return {choice.service: choice.adapter for choice in resolution.choices}


MOCKS = ("auth.mock", "agents.mock", "database.mock", "cache.mock")


def test_a_mode_that_names_a_tier_takes_that_tier():
    resolution = resolved(registry(*MOCKS, "cache.local", "database.real"), mode=Mode.MOCK)
    assert adapters(resolution) == {each.split(".")[0]: each for each in MOCKS}
    assert resolution.services == ("auth", "agents", "database", "cache")
    assert resolution["cache"].reason == "mode mock: it is there"
    assert [(each.tier, each.reason) for each in resolution["cache"].rejected] == [(Tier.LOCAL, "mock was asked for")]
    assert resolution["auth"].capabilities == {"x"}


def test_a_mode_that_names_a_tier_never_falls_lower():
    known = registry("cache.mock", "cache.local", "database.mock", "database.local")
    resolution = resolved(known, mode=Mode.LOCAL, up={"database.local"})
    assert adapters(resolution) == {"database": "database.local"}
    assert [(each.service, each.reason) for each in resolution.unanswered] == [
        ("cache", "local: refused; mock: local was asked for")
    ]


@pytest.mark.parametrize("mode", [Mode.LOCAL, Mode.DOCKER, Mode.REAL])
def test_a_tier_without_an_adapter_is_a_usage_error_that_names_what_exists(mode):
    with pytest.raises(NoAdapter) as caught:
        resolved(registry("cache.mock"), mode=mode)
    assert caught.value.message == f"the service 'cache' has no {mode} adapter; what exists: cache.mock (mock)"
    assert caught.value.try_next == "--service cache=mock"


def test_a_misspelt_service_is_told_with_the_one_that_was_meant():
    with pytest.raises(NoAdapter) as caught:
        resolved(registry("cache.mock", "auth.mock"), mode=Mode.MOCK, services={"cahce": "mock"})
    assert caught.value.message == "the service 'cahce' has no mock adapter; did you mean 'cache'?"
    assert caught.value.try_next == "one of: auth, cache"


def test_a_service_that_only_the_settings_name():
    with pytest.raises(NoAdapter, match="'billing' has no local adapter; what exists: none"):
        resolved(registry("cache.mock"), services={"billing": "local"})


def test_a_word_for_one_service_stands_above_the_mode():
    known = registry("cache.mock", "cache.local", "database.mock", "database.local")
    resolution = resolved(known, mode=Mode.MOCK, services={"cache": "local"})
    assert adapters(resolution) == {"database": "database.mock", "cache": "cache.local"}
    assert resolution["cache"].reason == "local was asked for: it is there"


def test_a_service_that_the_project_does_not_have_leaves_nothing():
    resolution = resolved(registry("cache.mock", "database.mock"), services={"cache": "none"})
    assert adapters(resolution) == {"database": "database.mock"}
    assert resolution.unanswered == ()


def test_a_sixth_service_has_the_same_rights():
    resolution = resolved(registry("billing.mock", "cache.mock", "cache.local", billing=("cache",)))
    assert adapters(resolution) == {"cache": "cache.local", "billing": "billing.mock"}


@pytest.mark.parametrize(
    ("up", "expected"),
    [
        ({"cache.mock", "cache.local", "cache.docker", "cache.real"}, "cache.real"),
        ({"cache.mock", "cache.local", "cache.docker"}, "cache.docker"),
        ({"cache.mock", "cache.local"}, "cache.local"),
        ({"cache.mock"}, "cache.mock"),
    ],
)
def test_hybrid_takes_the_product_first_and_the_most_real_of_it(up, expected):
    known = registry("cache.mock", "cache.local", "cache.docker", "cache.real")
    resolution = resolved(known, up=up)
    assert adapters(resolution) == {"cache": expected}
    assert {each.reason for each in resolution["cache"].rejected} <= {"refused", f"{expected} comes first"}
    assert len(resolution["cache"].rejected) == 3


@pytest.mark.parametrize(
    ("up", "expected"),
    [
        ({"auth.mock", "auth.local", "auth.docker"}, "auth.mock"),
        ({"auth.local", "auth.docker"}, "auth.local"),
        ({"auth.mock", "auth.local", "auth.docker", "auth.real"}, "auth.real"),
    ],
)
def test_hybrid_takes_the_mock_first_among_stand_ins(up, expected):
    known = registry("auth.docker*", "auth.local*", "auth.mock", "auth.real", auth=())
    assert adapters(resolved(known, up=up)) == {"auth": expected}


def test_hybrid_says_why_a_stand_in_answers():
    resolution = resolved(registry("cache.mock", "cache.real"), up={"cache.mock"})
    assert resolution["cache"].stand_in
    assert resolution["cache"].reason == "nothing of the product answers: it is there"
    assert [(each.tier, each.reason) for each in resolution["cache"].rejected] == [(Tier.REAL, "refused")]


def test_without_stand_ins_what_is_left_is_not_answered():
    resolution = resolved(registry("cache.mock", "cache.real"), up={"cache.mock"}, stand_ins=False)
    assert adapters(resolution) == {}
    assert resolution.unanswered[0].reason == "real: refused; mock: no stand-in was asked for"


def test_without_stand_ins_a_service_with_nothing_else_is_a_usage_error():
    with pytest.raises(NoAdapter, match=r"no adapter that is not a stand-in; what exists: cache\.mock"):
        resolved(registry("cache.mock"), stand_ins=False)


def test_nothing_is_taken_whose_need_is_answered_by_nothing():
    known = registry("auth.local", "auth.mock", "database.local", "cache.mock", auth=("database",))
    resolution = resolved(known, up={"auth.local", "auth.mock", "cache.mock"})
    assert adapters(resolution) == {"cache": "cache.mock"}
    assert {each.service: each.reason for each in resolution.unanswered} == {
        "auth": "local: it needs database, which nothing answers; mock: it needs database, which nothing answers",
        "database": "local: refused",
    }


def test_stand_ins_have_behind_them_what_the_project_does_not_have():
    resolution = resolved(registry(*MOCKS), services={"cache": "none"})
    assert adapters(resolution) == {each: f"{each}.mock" for each in ("auth", "agents", "database")}
    assert resolution.unanswered == ()
    assert "cache" not in resolution
    assert "cache" not in resolution.services
    assert [each.adapter for each in resolution.behind] == ["cache.mock"]
    assert resolution.answering("cache") == resolution["cache"] == resolution.behind[0]


def test_what_nobody_needs_of_what_the_project_does_not_have_is_not_there():
    resolution = resolved(registry(*MOCKS), services=dict.fromkeys(("cache", "auth", "agents", "events"), "none"))
    assert adapters(resolution) == {"database": "database.mock"}
    assert resolution.behind == ()


def test_code_of_the_teams_needs_nothing_that_the_project_does_not_have():
    known = registry("auth.local", "cache.mock", "cache.local", auth=("cache",))
    resolution = resolved(known, services={"cache": "none"})
    assert resolution.unanswered[0].reason == "local: it needs cache, which this project does not have"


def test_what_others_run_sees_no_stand_in_of_ours_behind_it():
    known = registry("auth.real", "auth.mock", "database.mock", "database.real", auth=("database",))
    assert adapters(resolved(known)) == {"auth": "auth.real", "database": "database.real"}
    resolution = resolved(known, up={"auth.real", "auth.mock", "database.mock"})
    assert adapters(resolution) == {"auth": "auth.mock", "database": "database.mock"}
    assert resolution["auth"].rejected[0].reason == "it needs database as others run it and would not see the mock one"


def test_a_mock_writes_through_a_real_store():
    resolution = resolved(registry("auth.mock", "database.real", "cache.real", "cache.mock"))
    assert adapters(resolution) == {"auth": "auth.mock", "database": "database.real", "cache": "cache.real"}


def test_services_that_need_each_other_are_rejected_and_not_asked_for_ever():
    known = registry("auth.mock", "agents.mock", auth=("agents",), agents=("auth",))
    assert adapters(resolved(known)) == {}


def test_of_two_adapters_of_one_tier_the_later_one_is_taken():
    known = registry("cache.mock")
    known.register("cache.ours", Fake("cache", "mock", stand_in=True))
    assert adapters(resolved(known, mode=Mode.MOCK)) == {"cache": "cache.ours"}


def test_a_candidate_that_nobody_looked_at_counts_as_down():
    resolution = resolve(Settings(), registry("cache.mock"), {})
    assert resolution.unanswered[0].reason == "mock: nobody looked whether it is there"


def test_only_what_may_be_chosen_and_the_mocks_are_worth_a_probe():
    known = registry("cache.mock", "cache.local", "database.mock", "database.real")
    settings = Settings(mode=Mode.MOCK, services={"database": "real"})
    assert [each.name for each in candidates(settings, known)] == ["database.real", "database.mock", "cache.mock"]
