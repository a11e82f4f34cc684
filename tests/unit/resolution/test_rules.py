"""What a test runs on, by its tags, its folder, and what makes sense together: tables."""

from dataclasses import replace

import pytest
from unit.resolution.made import FIVE, NEEDS, Made, adapters, reasons, registry, seen, settings

from goldenpath.config import Platform
from goldenpath.domain.values import Availability, Mode
from goldenpath.resolution import Registry, candidates, demands_of, resolve, resolve_for, without

ALL = [f"{service}.{tier}" for service in FIVE for tier in ("mock", "local", "real")]
OURS = tuple(f"{service}.local" for service in ("auth", "events", "agents"))


def of(known, given=None, *, up=None, tags=(), path="", to_start=(), needs=()):
    return resolve_for(given or settings(), known, seen(known, up, to_start), tags, path, needs)


def chosen(*arguments, **named):
    return adapters(of(*arguments, **named))


class TestCategories:
    known = registry("cache.mock", "cache.local", "cache.real", "search.mock", stand_ins=("cache.local",))

    @pytest.mark.parametrize(
        ("mode", "tags", "cache", "search"),
        [
            (Mode.HYBRID, (), "cache.real", "search.mock"),
            (Mode.HYBRID, ("@hybrid",), "cache.real", "search.mock"),
            (Mode.HYBRID, ("@service_independent",), "cache.mock", "search.mock"),
            (Mode.HYBRID, ("service_independent",), "cache.mock", "search.mock"),
            (Mode.HYBRID, ("@real_services",), "cache.real", None),
            (Mode.LOCAL, (), "cache.local", None),
            (Mode.LOCAL, ("@service_independent",), "cache.mock", "search.mock"),
            (Mode.MOCK, ("@hybrid",), "cache.mock", "search.mock"),
            (Mode.MOCK, ("@real_services",), None, None),
            (Mode.HYBRID, ("@service_independent", "@real_services"), "cache.real", None),
        ],
    )
    def test_of_a_tag(self, mode, tags, cache, search):
        answers = chosen(self.known, settings(mode=mode), tags=tags)
        assert (answers.get("cache"), answers.get("search")) == (cache, search)

    @pytest.mark.parametrize(
        ("path", "tags", "cache"),
        [
            ("tests/integration/test_a.py", (), "cache.real"),
            ("tests/integration/alone/test_a.py", (), "cache.mock"),
            ("tests\\integration\\alone\\test_a.py", (), "cache.mock"),
            ("tests/integration/alone_not/test_a.py", (), "cache.real"),
            ("tests/integration/alone/real/test_a.py", (), "cache.real"),
            ("tests/integration/alone/test_a.py", ("real_services",), "cache.real"),
        ],
    )
    def test_of_a_folder_and_a_tag_says_more(self, path, tags, cache):
        given = settings(
            paths={"tests/integration/alone/": "service_independent", "tests/integration/alone/real": "real_services"}
        )
        assert chosen(self.known, given, tags=tags, path=path)["cache"] == cache

    def test_what_was_said_for_one_service_does_not_stand_above_always_on_mocks(self):
        given = settings(services={"cache": "local"}, stand_ins=False)
        assert chosen(self.known, given, tags=["@service_independent"])["cache"] == "cache.mock"

    def test_each_says_so(self):
        independent = of(self.known, tags=["@service_independent"])
        assert independent["cache"].reason == "tests of service_independent run on mocks: it is there"
        assert set(reasons(independent, "cache").values()) == {"tests of service_independent run on mocks"}
        real = of(self.known, tags=["@real_services"])
        assert reasons(real, "search") == {"search.mock": "tests of real_services never run on a mock"}


class TestCapabilities:
    known = registry(
        "auth.mock",
        "auth.real",
        "agents.mock",
        "agents.real",
        "database.mock",
        "database.real",
        "cache.mock",
        "cache.real",
        can={"auth.mock": ["accounts", "rotation"], "auth.real": ["accounts"], "agents.mock": ["scripted"]},
    )

    @pytest.mark.parametrize(
        ("needs", "auth", "agents"),
        [
            ((), "auth.real", "agents.real"),
            (("auth.accounts",), "auth.real", "agents.real"),
            (("auth.accounts", "agents.scripted"), "auth.real", "agents.mock"),
            # An assistant that others run does not know our mock's people.
            (("auth.rotation",), "auth.mock", "agents.mock"),
            # What nobody has is no reason to take less: the scenario is skipped, and says so.
            (("auth.magic",), "auth.real", "agents.real"),
            (("search.any", "auth."), "auth.real", "agents.real"),
        ],
    )
    def test_what_lacks_one_leaves_the_place_to_what_has_it(self, needs, auth, agents):
        answers = chosen(self.known, needs=needs)
        assert (answers["auth"], answers["agents"]) == (auth, agents)
        assert (answers["database"], answers["cache"]) == ("database.real", "cache.real")

    def test_and_both_say_so(self):
        resolution = of(self.known, needs=("auth.rotation",))
        assert resolution["auth"].reason == "the product that answers does not have rotation: it is there"
        assert reasons(resolution, "auth") == {"auth.real": "it does not have rotation"}

    def test_a_tier_that_was_named_stays(self):
        given = settings(services={"auth": "real"})
        assert chosen(self.known, given, needs=("auth.rotation",))["auth"] == "auth.real"


class TestOneServiceOfTheTeamsAmongStandIns:
    """``--mode mock --service agents=local``, where ``agents.local`` is a process of the team's own."""

    known = registry(
        *[f"{service}.{tier}" for service in FIVE for tier in ("mock", "local")],
        reference=("auth.local", "events.local"),
        needs=NEEDS | {"agents": ("auth", "database")},
        knows={"events.mock": ["agents"], "events.local": ["agents"]},
    )

    def test_what_it_needs_is_started_and_all_else_stays_a_mock(self):
        given = settings(mode=Mode.MOCK, services={"agents": "local"})
        resolution = of(self.known, given)
        assert adapters(resolution) == {
            "agents": "agents.local",
            "auth": "auth.local",
            "database": "database.local",
            # Auth of ours is a process then, too, and needs both.
            "cache": "cache.local",
        }
        assert {each.service for each in resolution.choices if not each.stand_in} == {"agents", "database", "cache"}
        assert resolution["auth"].reason == "mode mock, and another process needs it: it is there"
        assert reasons(resolution, "events") == {
            "events.mock": "it hears nothing of agents that are not the reference platform's",
            "events.local": "it hears nothing of agents that are not the reference platform's",
        }

    def test_a_product_is_not_left_for_a_stand_in_that_could_not_hear_it(self):
        known = registry(
            "agents.real",
            "agents.mock",
            "events.mock",
            needs={"events": ("agents",)},
            knows={"events.mock": ["agents"]},
        )
        resolution = of(known)
        assert adapters(resolution) == {"agents": "agents.real"}
        assert "hears nothing of agents" in reasons(resolution, "events")["events.mock"]

    def test_what_nobody_needs_is_not_started(self):
        known = registry("agents.mock", "agents.local", "cache.mock", "cache.local", needs={})
        given = settings(mode=Mode.MOCK, services={"agents": "local"})
        assert chosen(known, given) == {"agents": "agents.local", "cache": "cache.mock"}

    @pytest.mark.parametrize("services", [{}, {"agents": "mock"}, {"agents": "real"}, {"agents": "none"}])
    def test_where_nothing_was_asked_for_in_a_process_of_ours_all_stays_as_named(self, services):
        answers = chosen(self.known, settings(mode=Mode.MOCK, services=services))
        assert not any(adapter.endswith(".local") for adapter in answers.values())

    def test_what_was_named_stays_as_it_was_named(self):
        given = settings(mode=Mode.MOCK, services={"agents": "local", "database": "mock"})
        assert "agents" not in chosen(self.known, given)


class TestFloors:
    known = registry(
        "cache.mock", "cache.local", "cache.docker", "cache.real", stand_ins=("cache.local", "cache.docker")
    )

    @pytest.mark.parametrize(
        ("floor", "up", "cache"),
        [
            ("local", None, "cache.real"),
            ("local", {"cache.mock", "cache.local", "cache.docker"}, "cache.local"),
            ("docker", {"cache.mock", "cache.local", "cache.docker"}, "cache.docker"),
            ("real", {"cache.mock", "cache.local", "cache.docker"}, None),
            ("mock", {"cache.mock", "cache.local"}, "cache.mock"),
        ],
    )
    def test_nothing_less_answers(self, floor, up, cache):
        given = settings(require={"critical": floor})
        assert chosen(self.known, given, up=up, tags=["@critical"]).get("cache") == cache

    def test_only_for_what_bears_the_tag(self):
        given = settings(require={"critical": "real"})
        assert chosen(self.known, given, up={"cache.mock"}, tags=["@normal"]) == {"cache": "cache.mock"}

    def test_the_highest_of_several_counts_and_is_named(self):
        given = settings(require={"critical": "local", "slow": "docker"})
        resolution = of(self.known, given, up={"cache.mock", "cache.local"}, tags=["@critical", "@slow"])
        assert reasons(resolution, "cache") == {
            "cache.real": "refused",
            "cache.docker": "refused",
            "cache.local": "@slow asks for at least docker",
            "cache.mock": "@slow asks for at least docker",
        }

    def test_a_mode_that_names_less_does_not_run_it(self):
        resolution = of(self.known, settings(mode=Mode.MOCK, require={"critical": "local"}), tags=["@critical"])
        assert resolution.choices == ()
        assert reasons(resolution, "cache")["cache.mock"] == "@critical asks for at least local"

    @pytest.mark.parametrize(
        ("mode", "tags", "fallback"),
        [
            (Mode.HYBRID, (), True),
            (Mode.HYBRID, ("@critical",), False),
            (Mode.LOCAL, (), False),
        ],
    )
    def test_what_is_critical_is_not_tried_on_less(self, mode, tags, fallback):
        assert of(self.known, settings(mode=mode), tags=tags).fallback is fallback


class TestProduct:
    known = registry(*[f"{service}.mock" for service in FIVE], "database.local", "cache.local", *OURS, reference=OURS)

    def test_our_platform_is_a_stand_in_elsewhere(self):
        answers = chosen(self.known)
        assert answers["auth"] == "auth.mock"
        assert answers["database"] == "database.local"

    def test_here_it_is_the_product(self):
        resolution = of(self.known, settings(platform=Platform(product=True)))
        assert adapters(resolution) == {service: f"{service}.local" for service in FIVE}
        assert not any(each.stand_in for each in resolution.choices)

    def test_its_mocks_never_are(self):
        known = registry("cache.mock", reference=("cache.mock",))
        assert of(known, settings(platform=Platform(product=True)))["cache"].stand_in

    def test_somebody_elses_stand_in_stays_one(self):
        known = registry("cache.local", stand_ins=("cache.local",))
        assert of(known, settings(platform=Platform(product=True)))["cache"].stand_in

    def test_what_others_run_may_be_none_either(self):
        known = registry("cache.real", "cache.mock")
        given = settings(service_settings={"cache": {"real": {"stand_in": True}}})
        assert chosen(known, given) == {"cache": "cache.mock"}
        assert chosen(known, given, up={"cache.real"}) == {"cache": "cache.real"}
        assert of(known, given, up={"cache.real"})["cache"].stand_in


class TestOurPlatformRunByOthers:
    """A server that says of itself that it is the reference platform's, at an address that the settings name."""

    known = registry(
        "auth.real", "auth.mock", "database.real", "cache.real", "database.local", needs={"auth": ("database",)}
    )

    def answers(self, given=None, **named):
        there = seen(self.known, named.pop("up", None), named.pop("to_start", ()))
        there["auth.real"] = replace(there["auth.real"], is_reference=True)
        return resolve_for(given or settings(), self.known, there)

    def test_is_a_stand_in(self):
        resolution = self.answers()
        assert resolution["auth"].adapter == "auth.mock"
        assert reasons(resolution, "auth")["auth.real"] == "a stand-in, too, and auth.mock comes first"

    def test_is_none_for_those_who_say_so(self):
        given = settings(service_settings={"auth": {"real": {"stand_in": False}}})
        resolution = self.answers(given)
        assert (resolution["auth"].adapter, resolution["auth"].stand_in) == ("auth.real", False)

    def test_is_the_product_here(self):
        resolution = self.answers(settings(platform=Platform(product=True)))
        assert (resolution["auth"].adapter, resolution["auth"].stand_in) == ("auth.real", False)

    def test_where_no_stand_in_was_asked_for_it_does_not_answer(self):
        resolution = self.answers(settings(stand_ins=False))
        assert reasons(resolution, "auth")["auth.real"] == "no stand-in was asked for"

    def test_nothing_new_is_shared_with_what_is_there_already(self):
        given = settings(service_settings={"auth": {"real": {"stand_in": False, "shares": ["database"]}}})
        resolution = self.answers(given, up={"auth.real", "database.local", "auth.mock"}, to_start={"database.local"})
        assert resolution["auth"].adapter == "auth.mock"
        assert reasons(resolution, "auth")["auth.real"] == (
            "it shares database with what is there, and this one would be new"
        )


class TestCoherence:
    def test_what_others_run_sees_nothing_of_ours(self):
        known = registry("auth.real", "auth.local", "auth.mock", "database.local", "cache.real", "cache.local")
        resolution = of(known)
        assert adapters(resolution) == {"auth": "auth.local", "database": "database.local", "cache": "cache.real"}
        assert reasons(resolution, "auth")["auth.real"] == (
            "it needs database as others run it and would not see the local one"
        )

    @pytest.mark.parametrize("shares", [["database"], "database"])
    def test_unless_the_settings_say_that_both_share_it(self, shares):
        known = registry("auth.real", "auth.mock", "database.local", "cache.real")
        given = settings(service_settings={"auth": {"real": {"shares": shares}}})
        assert chosen(known, given)["auth"] == "auth.real"

    def test_what_others_run_needs_nothing_that_the_project_does_not_look_at(self):
        known = registry("auth.real", "auth.mock", "cache.mock", "database.mock")
        given = settings(services={"cache": "none", "database": "none"})
        assert chosen(known, given) == {"auth": "auth.real"}

    def test_a_process_cannot_see_a_mock_in_another_one(self):
        known = registry("auth.local", "database.mock", "cache.mock")
        resolution = of(known)
        assert reasons(resolution, "auth")["auth.local"] == (
            "it needs database and, being another process, cannot see the mock in this one"
        )

    def test_a_mock_writes_through_whatever_is_there(self):
        known = registry("auth.mock", "database.real", "cache.local")
        assert chosen(known) == {"auth": "auth.mock", "database": "database.real", "cache": "cache.local"}

    def test_what_the_product_needs_is_taken_in_a_process_that_it_sees(self):
        """A stand-in for the need is a mock by preference; the product cannot see that, so the other one is taken."""
        known = registry(
            "search.mock",
            "search.local",
            "auth.mock",
            "auth.local",
            stand_ins=("search.local",),
            needs={"auth": ("search",)},
        )
        resolution = of(known)
        assert adapters(resolution) == {"auth": "auth.local", "search": "search.local"}
        assert reasons(resolution, "search")["search.mock"] == "auth.local needs search and would not see this one"
        assert chosen(known, up={"search.mock", "auth.mock", "auth.local"}) == {
            "auth": "auth.mock",
            "search": "search.mock",
        }

    def test_a_chain_of_needs_goes_all_the_way(self):
        up = {"events.real", "agents.real", "auth.real", "cache.real", *(f"{each}.mock" for each in FIVE)}
        assert chosen(registry(*ALL), up=up) == {
            service: f"{service}.mock" for service in FIVE if service != "cache"
        } | {"cache": "cache.real"}

    def test_without_stand_ins_as_much_as_makes_sense_is_answered(self):
        up = {"events.real", "agents.real", "auth.real", "database.local", "cache.local"}
        resolution = of(registry(*ALL), settings(stand_ins=False), up=up)
        assert adapters(resolution) == {"auth": "auth.real", "events": "events.real", "agents": "agents.real"}
        assert reasons(resolution, "database")["database.local"].endswith("needs database and would not see this one")

    def test_needs_in_a_circle_are_told(self):
        known = registry("auth.mock", "agents.mock", needs={"auth": ("agents",), "agents": ("auth",)})
        resolution = of(known)
        assert resolution.choices == ()
        assert reasons(resolution, "auth") == {"auth.mock": "it needs agents, which needs it in turn"}

    def test_one_adapter_of_several_services_needs_nothing_of_its_own(self):
        known = Registry()
        known.register("all", Made(("auth", "database"), "local", stand_in=False, needs=("database",)))
        assert chosen(known) == {"auth": "all", "database": "all"}


class TestWhatRunsAlready:
    @pytest.mark.parametrize("mode", [Mode.HYBRID, Mode.LOCAL])
    @pytest.mark.parametrize(("to_start", "cache"), [("cache.ours", "cache.local"), ("cache.local", "cache.ours")])
    def test_it_comes_first_within_a_tier(self, mode, to_start, cache):
        known = registry("cache.local", "cache.mock")
        known.register("cache.ours", Made(("cache",), "local", stand_in=False))
        assert chosen(known, settings(mode=mode), to_start={to_start}) == {"cache": cache}

    def test_but_not_before_a_better_tier(self):
        known = registry("cache.real", "cache.local")
        assert chosen(known, to_start={"cache.real"}) == {"cache": "cache.real"}


class TestAddresses:
    @pytest.mark.parametrize(
        ("url", "here"),
        [
            ("http://localhost:1", True),
            ("http://127.0.0.1:1", True),
            ("http://127.9.9.9", True),
            ("redis://[::1]:6379", True),
            ("http://shop.localhost", True),
            ("http://staging.example.com", False),
            ("https://10.0.0.7", False),
            ("http://localhost.example.com", False),
            ("postgresql://ada:s3cret@db.internal/x", False),
        ],
    )
    def test_what_is_not_on_this_machine_is_not_asked_unasked(self, url, here):
        known = registry("cache.real", "cache.mock")
        given = settings(service_settings={"cache": {"real": {"url": url}}})
        assert ("cache.real" in [each.name for each in candidates(given, known)]) is here
        resolution = of(known, given)
        assert adapters(resolution) == {"cache": "cache.real" if here else "cache.mock"}
        if not here:
            reason = reasons(resolution, "cache")["cache.real"]
            assert "is not on this machine" in reason
            assert "s3cret" not in reason

    def test_the_mode_real_says_so_too(self):
        given = settings(mode=Mode.REAL, service_settings={"cache": {"real": {"url": "http://example.com"}}})
        known = registry("cache.real")
        assert [each.name for each in candidates(given, known)] == []
        assert "is not on this machine" in resolve(given, known, {}).unanswered[0].reason


class TestAskedForEachTest:
    def test_tests_with_equal_demands_share_one(self):
        known, given = registry(*ALL), settings(require={"critical": "local"})
        availability = seen(known)
        first = resolve_for(given, known, availability, ["@auth", "@quick"], "a.feature")
        assert resolve_for(given, known, availability, ["@slow"], "b.feature") is first
        assert resolve_for(given, known, availability, ["@critical"], "a.feature") is not first

    def test_what_changes_is_seen(self):
        known, given = registry("cache.mock", "cache.local"), settings()
        availability = seen(known)
        assert adapters(resolve_for(given, known, availability)) == {"cache": "cache.local"}
        lost = without(availability, "cache.local", "it was lost")
        again = resolve_for(given, known, lost)
        assert adapters(again) == {"cache": "cache.mock"}
        assert reasons(again, "cache") == {"cache.local": "it was lost"}
        availability["cache.local"] = Availability(False, "refused")
        assert adapters(resolve_for(given, known, availability)) == {"cache": "cache.mock"}
        known.register("cache.real", Made(("cache",), "real", stand_in=False))
        assert adapters(resolve_for(given, known, seen(known))) == {"cache": "cache.real"}
        assert adapters(resolve_for(replace(given, mode=Mode.MOCK), known, seen(known))) == {"cache": "cache.mock"}

    def test_without_demands_it_is_the_resolution_of_the_run(self):
        known, given = registry(*ALL), settings()
        assert resolve_for(given, known, seen(known)) == resolve(given, known, seen(known))

    def test_demands_are_told_apart_by_what_counts_only(self):
        given = settings(require={"critical": "local"})
        assert demands_of(given, ["@auth"], "x") == demands_of(given, ["@cache", "hybrid"], "y")
        assert demands_of(given, ["@critical"]) != demands_of(given, ["@auth"])


def test_needs_of_the_made_up_are_those_of_the_design():
    assert NEEDS["agents"] == ("auth", "database", "cache")
