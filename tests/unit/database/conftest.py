"""A real PostgreSQL for the tests of this folder; each test has a database of its own."""

from __future__ import annotations

import itertools

import pytest
from live import running

from goldenpath.stack.postgres import Postgres

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres():
    with running(Postgres) as server:
        yield server


@pytest.fixture
def database_url(postgres):
    """The address of a database with the platform's tables, empty, and this test's alone."""
    name = f"test_{next(_numbers)}"
    postgres.create(name, tables=True)
    yield postgres.url(name)
    postgres.drop(name)
