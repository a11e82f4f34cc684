"""A real Valkey for the tests of this folder."""

from __future__ import annotations

import pytest
from live import running

from goldenpath.stack.valkey import Valkey


@pytest.fixture(scope="session")
def valkey():
    with running(Valkey) as server:
        yield server
