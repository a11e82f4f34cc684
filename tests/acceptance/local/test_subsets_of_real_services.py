"""Any of the five services run by others, the rest not: everything runs, makes sense together, and says on what."""

from __future__ import annotations

import itertools
from importlib.resources import files
from pathlib import Path

import pytest
from acceptance.local.conftest import tables

from goldenpath.domain.values import SERVICES

SUBSETS = [each for size in range(6) for each in itertools.combinations(SERVICES, size)]

GOLDEN_PATH = str(Path(str(files("goldenpath.features"))) / "golden_path.feature")

NEEDS = {"auth": {"database", "cache"}, "agents": {"auth", "database", "cache"}, "events": {"auth", "agents", "cache"}}


def usable(up: tuple[str, ...]) -> set[str]:
    """What others run can be used as far as all that it is wired to, at any remove, is used as well."""
    left = set(up)
    while bad := {service for service in left if NEEDS.get(service, set()) - left}:
        left -= bad
    return left


@pytest.mark.parametrize("up", SUBSETS, ids=lambda each: "+".join(each) or "nothing")
def test_everything_runs_on_what_is_there(local, run_by_others, up):
    """The Golden Path in ``hybrid``: what is up and can be used is, local stores next, mocks for the rest."""
    (local.root / "goldenpath.toml").write_text(tables({each: run_by_others[each] for each in up}))
    local.start("--mode", "hybrid", "-c", "pytest.ini", "--rootdir", ".", features=GOLDEN_PATH)
    assert local.end() == 0, local.said
    assert "skipped" not in local.said
    assert {each["status"] for each in local.ends} == {"passed"}
    assert len(local.ends) == len({each["scenario"] for each in local.ends}) >= 5

    # The tier of every observation is the one that was chosen, and the choice makes sense.
    real = usable(up)
    otherwise = {service: "local" if service in {"database", "cache"} else "mock" for service in SERVICES}
    expected = {service: "real" if service in real else otherwise[service] for service in SERVICES}
    seen = {(use["service"], use["tier"], use["stand_in"]) for each in local.ends for use in each["services"]}
    assert {(service, tier) for service, tier, _ in seen} <= set(expected.items())
    assert {service for service, _, _ in seen} >= {"auth", "agents", "events", "database"}
    assert all(stand_in == (tier == "mock") for _, tier, stand_in in seen)
    for each in local.ends:
        rehearsed = any(use["stand_in"] for use in each["services"])
        assert each["standing"] == ("rehearsed" if rehearsed else "verified")
