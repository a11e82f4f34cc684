"""Addresses under the names that programs read."""

import pytest

from goldenpath.stack.environment import environment

ADDRESSES = {
    "database": {"url": "postgresql://ada:s%40crum@127.0.0.1:21000/shop"},
    "cache": {"url": "redis://:hush@127.0.0.1:22000/3", "prefix": "up:"},
    "auth": {"url": "http://127.0.0.1:23000"},
    "agents": {"url": "http://127.0.0.1:24000"},
    "events": {"url": "http://127.0.0.1:25000"},
}


def test_every_name_that_programs_read():
    found = environment(ADDRESSES)
    assert found["DATABASE_URL"] == "postgresql://ada:s%40crum@127.0.0.1:21000/shop"
    for prefix, name in (("POSTGRES_", "POSTGRES_DB"), ("PG", "PGDATABASE")):
        values = [found[f"{prefix}{key}"] for key in ("HOST", "PORT", "USER", "PASSWORD")]
        assert values == ["127.0.0.1", "21000", "ada", "s@crum"]
        assert found[name] == "shop"
    assert found["REDIS_URL"] == "redis://:hush@127.0.0.1:22000/3"
    assert [found[f"REDIS_{key}"] for key in ("HOST", "PORT", "PASSWORD", "DB")] == ["127.0.0.1", "22000", "hush", "3"]
    assert found["AUTH_SERVICE_URL"] == "http://127.0.0.1:23000"
    assert found["WEBSOCKET_URL"] == "ws://127.0.0.1:25000/ws"
    assert found["AGENTS_URL"] == found["BACKEND_URL"] == "http://127.0.0.1:24000"
    assert found["JWT_JWKS_URL"] == "http://127.0.0.1:23000/.well-known/jwks.json"
    assert found["JWT_ALGORITHM"] == "RS256"
    assert found["JWT_ISSUER"]
    assert found["JWT_AUDIENCE"]


def test_what_was_not_started_has_no_name():
    found = environment({"cache": ADDRESSES["cache"], "database": {}})
    assert {name.partition("_")[0] for name in found} == {"REDIS"}


def test_a_socket_of_others_keeps_its_path_and_its_safety():
    assert environment({"events": {"url": "https://example.test/live/"}})["WEBSOCKET_URL"] == "wss://example.test/live"


def test_further_names():
    names = {"DB_DSN": "DATABASE_URL", "ASYNC": "postgresql+asyncpg://{PGHOST}:{PGPORT}/{PGDATABASE}", "STAGE": "test"}
    found = environment(ADDRESSES, names)
    assert found["DB_DSN"] == found["DATABASE_URL"]
    assert found["ASYNC"] == "postgresql+asyncpg://127.0.0.1:21000/shop"
    assert found["STAGE"] == "test"
    with pytest.raises(KeyError):
        environment({}, {"DB_DSN": "{DATABASE_URL}"})
