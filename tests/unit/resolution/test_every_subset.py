"""Whatever is up, everything that can run runs, makes sense together, and the truth is told: held to oracles."""

import itertools
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.resolution.made import FIVE, NEEDS, Made, adapters, reasons, registry, seen, settings

from goldenpath.config import Platform
from goldenpath.domain.values import Availability, Mode, Tier
from goldenpath.resolution import Registry, resolve_for

OURS = tuple(f"{service}.local" for service in ("auth", "events", "agents"))
SUBSETS = [set(each) for size in range(6) for each in itertools.combinations(FIVE, size)]


def known():
    """The product's five services run by others, our platform's servers, real stores of our starting, and mocks."""
    names = [f"{service}.{tier}" for service in FIVE for tier in ("mock", "local", "real")]
    return registry(*names, reference=OURS)


def usable(up):
    """The oracle: what others run can be used as far as all that it is wired to, at any remove, is used as well."""
    left = set(up)
    while bad := {service for service in left if not left.issuperset(NEEDS.get(service, ()))}:
        left -= bad
    return left


def coherent(answers):
    """Nothing real over anything else, and no process over a mock in this one."""
    for service, adapter in answers.items():
        tier = adapter.partition(".")[2]
        below = {answers[need].partition(".")[2] for need in NEEDS.get(service, ()) if need in answers}
        assert not (tier == "real" and below - {"real"}), answers
        assert not (tier == "local" and "mock" in below), answers


def resolved(up, tags=(), **asked):
    there = known()
    names = {each.name for each in there if not each.name.endswith(".real")} | {f"{service}.real" for service in up}
    return resolve_for(settings(**asked), there, seen(there, names), tags)


@pytest.mark.parametrize("up", SUBSETS, ids=lambda each: "+".join(sorted(each)) or "nothing")
class TestEverySubset:
    def expect(self, resolution, up, otherwise):
        answers = adapters(resolution)
        coherent(answers)
        real = usable(up)
        assert answers == {each: f"{each}.{'real' if each in real else otherwise[each]}" for each in FIVE}
        for service in FIVE:
            told = reasons(resolution, service)
            assert len(told) == 2
            assert all(told.values())
            if service not in up:
                assert told[f"{service}.real"] == "refused"
            elif service not in real:
                assert "as others run it and would not see" in told[f"{service}.real"]

    def test_hybrid(self, up):
        resolution = resolved(up)
        self.expect(resolution, up, dict.fromkeys(FIVE, "mock") | {"database": "local", "cache": "local"})
        for service in ("auth", "events", "agents"):
            assert resolution[service].stand_in is (service not in usable(up))

    def test_where_our_platform_is_the_product(self, up):
        resolution = resolved(up, platform=Platform(product=True))
        self.expect(resolution, up, dict.fromkeys(FIVE, "local"))
        assert not any(each.stand_in for each in resolution.choices)

    def test_with_a_floor(self, up):
        resolution = resolved(up, ["@critical"], require={"critical": "local"})
        self.expect(resolution, up, dict.fromkeys(FIVE, "local"))
        assert not resolution.fallback

    def test_on_real_services_only(self, up):
        resolution = resolved(up, mode=Mode.REAL)
        assert adapters(resolution) == {each: f"{each}.real" for each in FIVE if each in up}
        assert {each.service for each in resolution.unanswered} == set(FIVE) - up

    def test_independent_of_services(self, up):
        resolution = resolved(up, ["@service_independent"])
        assert adapters(resolution) == {each: f"{each}.mock" for each in FIVE}

    def test_never_on_a_mock(self, up):
        answers = adapters(resolved(up, ["@real_services"]))
        coherent(answers)
        assert set(answers) == set(FIVE)
        assert not [each for each in answers.values() if each.endswith(".mock")]


SERVICES = ("a", "b", "c")
TIERS = [each.value for each in Tier]
CANDIDATE = st.tuples(
    st.sampled_from(SERVICES),
    st.sampled_from(TIERS),
    st.booleans(),
    st.frozensets(st.sampled_from(SERVICES), max_size=2),
    st.booleans(),
    st.booleans(),
)
ASKED = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(list(Mode)),
        "services": st.dictionaries(st.sampled_from(SERVICES), st.sampled_from([*TIERS, "none"]), max_size=2),
        "require": st.dictionaries(st.sampled_from(["critical", "slow"]), st.sampled_from(TIERS), max_size=2),
        "stand_ins": st.booleans(),
    }
)
TAGS = st.lists(st.sampled_from(["@critical", "slow", "@real_services", "@service_independent", "@x"]), max_size=3)


def world(drawn):
    known, availability = Registry(), {}
    for number, (service, tier, stand_in, needs, up, to_start) in enumerate(drawn):
        name = f"{service}.{tier}.{number}"
        made = Made((service,), tier, stand_in=stand_in or tier == "mock", needs=tuple(needs - {service}))
        known.register(name, made)
        availability[name] = Availability(up, "seen", to_start=to_start)
    return known, availability


def forbidden(asked, tags, service, candidate):
    """Whether the settings or the tags forbid a candidate: their words, read anew."""
    words = {tag.removeprefix("@") for tag in tags}
    tier = candidate.tier.value
    absent = asked["services"].get(service) == "none"
    if absent and tier == "real":
        return True
    if "real_services" not in words and "service_independent" in words:
        return tier != "mock" or any(tag in words and least != "mock" for tag, least in asked["require"].items())
    mode = asked["mode"].value if asked["mode"] is not Mode.HYBRID else None
    named = mode if absent else asked["services"].get(service) or mode
    if risen(asked, service, candidate):
        named = tier
    least = [TIERS.index(least) for tag, least in asked["require"].items() if tag in words]
    return (
        (named is not None and tier != named)
        or (candidate.adapter.stand_in and not asked["stand_ins"])
        or ("real_services" in words and tier == "mock")
        or TIERS.index(tier) < max(least, default=0)
    )


def risen(asked, service, candidate):
    """Whether a candidate is more than the mode names, and may be so for a service that was asked for as a process."""
    said = asked["services"]
    above = {"local", "docker"}.intersection(said.values())
    return (
        bool(above)
        and asked["mode"] is Mode.MOCK
        and candidate.tier is Tier.LOCAL
        and said.get(service, "none") == "none"
    )


@given(st.lists(CANDIDATE, max_size=7), ASKED, TAGS)
def test_whatever_is_asked_of_whatever_there_is(drawn, asked, tags):
    there, availability = world(drawn)
    before = deepcopy(availability)
    asked_for = settings(**asked)
    resolution = resolve_for(asked_for, there, availability, tags)

    by_name = {each.name: each for each in there}
    answers = {choice.service: by_name[choice.adapter] for choice in resolution.choices}
    services = [each for each in there.services if asked["services"].get(each) != "none"]
    behind = {choice.service: by_name[choice.adapter] for choice in resolution.behind}
    assert not set(behind) & set(services)
    everything = answers | behind
    for service, candidate in everything.items():
        assert availability[candidate.name].up
        assert not forbidden(asked, tags, service, candidate)
        for need in candidate.adapter.needs:
            below = everything.get(need)
            if candidate.tier is Tier.REAL:
                assert need not in services or below is None or below.tier is Tier.REAL
            else:
                assert below is not None
                assert candidate.tier is Tier.MOCK or below.tier is not Tier.MOCK
    for service in services:
        told = reasons(resolution, service)
        chosen = {answers[service].name} if service in answers else set()
        assert set(told) | chosen == {each.name for each in there.of(service)}
        assert not set(told) & chosen
        assert all(told.values())
    assert {*answers, *(each.service for each in resolution.unanswered)} >= set(services)

    assert availability == before
    assert resolve_for(settings(**asked), world(drawn)[0], availability, tags) == resolution


def most_answered(there, availability, asked, tags):
    """The oracle: of all combinations that are allowed and make sense, how many services the fullest one answers."""
    services = list(there.services)
    absent = {each for each in services if asked["services"].get(each) == "none"}
    options = [
        [None, *(each for each in there.of(s) if availability[each.name].up and not forbidden(asked, tags, s, each))]
        for s in services
    ]
    return max(
        sum(answers[each] is not None for each in services if each not in absent)
        for combination in itertools.product(*options)
        if _fits(answers := dict(zip(services, combination, strict=True)), absent, asked)
    )


def _fits(answers, absent, asked):
    for service, each in answers.items():
        if each is None:
            continue
        users = [
            user for user in answers.values() if user and service in user.adapter.needs and user.tier is not Tier.MOCK
        ]
        if risen(asked, service, each) and not users:
            return False
        for need in each.adapter.needs:
            if need in absent and each.tier is not Tier.MOCK:
                if each.tier is Tier.REAL:
                    continue
                return False
            below = answers.get(need)
            if each.tier is Tier.REAL:
                fits = below is None or below.tier is Tier.REAL
            else:
                fits = below is not None and (each.tier is Tier.MOCK or below.tier is not Tier.MOCK)
            if not fits:
                return False
    return not _in_a_circle(answers)


def _in_a_circle(answers):
    edges = {s: [n for n in each.adapter.needs if answers.get(n)] for s, each in answers.items() if each}

    def reaches(start, goal, been):
        return any(n == goal or (n not in been and reaches(n, goal, been | {n})) for n in edges.get(start, ()))

    return any(reaches(service, service, frozenset()) for service in edges)


@given(st.lists(CANDIDATE, max_size=7), ASKED, TAGS)
def test_as_much_is_answered_as_can_be(drawn, asked, tags):
    there, availability = world(drawn)
    resolution = resolve_for(settings(**asked), there, availability, tags)
    assert len(resolution.choices) == most_answered(there, availability, asked, tags)
