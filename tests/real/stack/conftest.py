"""Real servers, in folders of the tests' own."""

from __future__ import annotations

import os

import pytest
from stacks import Owner

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.stack.binaries import find_postgres, find_valkey
from goldenpath.stack.client import Keeper


@pytest.fixture(scope="session")
def stored(tmp_path_factory):
    """A cache of this session's own, so that a cluster is made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def surroundings(stored, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(stored))
    try:
        find_postgres()
        find_valkey()
    except ServiceUnavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture
def owner(tmp_path):
    found = Owner(tmp_path / "owner.lock")
    yield found
    found.end()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


@pytest.fixture
def keeper(folder, owner):
    found = Keeper.at(folder, owner.path)
    yield found
    found.stop()
