"""Services that others run: where they are, who may be asked, and what a look at them proves."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest

from goldenpath.adapters.agents.real import RealAgents
from goldenpath.adapters.auth.real import RealAuth
from goldenpath.adapters.cache.real import OUR_PREFIX, RealCache
from goldenpath.adapters.database.real import OUR_SCHEMA, RealDatabase
from goldenpath.adapters.events.real import RealEvents
from goldenpath.domain.errors import MissingCapability, NotSignedIn, ServiceUnavailable, WrongCredentials
from goldenpath.domain.route import is_here
from goldenpath.domain.values import Tier
from goldenpath.ports.adapter import Adapter, OpenContext, StartContext
from goldenpath.ports.clock import ScenarioClock, SeededIds

EVERY = (RealAuth, RealEvents, RealAgents, RealDatabase, RealCache)


def _at(tier, kind):
    """The adapter of that kind, for what the tier has started."""
    return kind({"url": tier.addresses[kind.service]["url"]}, {})


@asynccontextmanager
async def _opened(adapter, settings=None, **address):
    context = OpenContext("a scenario", ScenarioClock(), SeededIds("x"), settings=settings or {}, address=address)
    async with adapter.open(context) as ports:
        yield ports[adapter.service]


@pytest.mark.parametrize("kind", EVERY)
def test_what_others_run_is_no_stand_in_unless_the_settings_say_so(kind):
    adapter = kind({}, {})
    assert isinstance(adapter, Adapter)
    assert (adapter.tier, adapter.stand_in, adapter.services) == (Tier.REAL, False, (kind.service,))
    assert adapter.configured({"stand_in": True}).stand_in is True
    assert not adapter.capabilities & {"accounts", "clock", "restart", "scripted", "oauth_code"}


@pytest.mark.parametrize("kind", EVERY)
def test_without_an_address_it_says_where_to_put_one(kind):
    seen = asyncio.run(kind({}, {}).probe())
    assert not seen.up
    assert f"[services.{kind.service}.real] url" in seen.reason
    assert f"GOLDENPATH_{kind.service.upper()}_URL" in seen.reason


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("host", ["auth.example.com", "10.0.0.1", "127.0.0.1.example.com", "[2001:db8::1]"])
def test_another_machine_is_not_even_looked_at(kind, host):
    seen = asyncio.run(kind({"url": f"http://{host}:1"}, {}).probe())
    assert not seen.up
    assert "--profile" in seen.reason
    with pytest.raises(ServiceUnavailable, match="--profile"):
        kind({"url": f"http://{host}:1"}, {}).url()


@pytest.mark.parametrize("url", ["nothing", "http://[", "http://", "/a/path"])
def test_what_is_no_address_is_said_to_be_none(url):
    seen = asyncio.run(RealAuth({"url": url}, {}).probe())
    assert not seen.up
    assert "no address" in seen.reason


def test_an_address_comes_from_the_environment_first_then_from_the_settings():
    adapter = RealAuth({"url": "http://127.0.0.1:1"}, {"GOLDENPATH_AUTH_URL": "http://localhost:2"})
    assert adapter.url() == "http://localhost:2"
    assert RealAuth({"url": "http://127.0.0.1:1"}, {}).url() == "http://127.0.0.1:1"
    assert RealAuth({}, {}).url({"real": {"url": "http://[::1]:3"}}) == "http://[::1]:3"
    assert RealAuth({}, {}).configured({"url": "http://127.0.0.1:4"}).url() == "http://127.0.0.1:4"


@pytest.mark.parametrize(
    ("host", "here"),
    [("localhost", True), ("x.localhost", True), ("127.8.8.8", True), ("::1", True), ("0.0.0.0", False), ("a", False)],
)
def test_this_machine_is_known_by_its_names(host, here):
    assert is_here(host) is here


@pytest.mark.parametrize("kind", EVERY)
def test_a_look_proves_the_service(tier, kind):
    seen = asyncio.run(_at(tier, kind).probe())
    assert seen.up, seen.reason
    assert not seen.to_start


@pytest.mark.parametrize("kind", EVERY)
def test_a_look_at_another_service_is_not_fooled(tier, kind):
    wrong = "cache" if kind.service == "database" else "database"
    url = tier.addresses[wrong]["url"].partition("@")[2].partition("/")[0]
    scheme = {"database": "postgresql", "cache": "redis"}.get(kind.service, "http")
    seen = asyncio.run(kind({"url": f"{scheme}://{url}"}, {}).probe())
    assert not seen.up
    assert seen.reason


@pytest.mark.parametrize("kind", EVERY)
def test_nobody_there_is_not_up(kind):
    assert not asyncio.run(kind({"url": "http://127.0.0.1:9"}, {}).probe()).up


@pytest.mark.parametrize("kind", [RealDatabase, RealCache])
def test_a_missing_password_is_told(tier, kind):
    head, _, rest = tier.addresses[kind.service]["url"].rpartition("@")
    seen = asyncio.run(kind({"url": f"{head.partition('//')[0]}//{rest}"}, {}).probe())
    assert not seen.up
    assert "password" in seen.reason


@pytest.mark.asyncio
async def test_the_wire_is_the_platforms_without_its_control_path(tier):
    async with _opened(_at(tier, RealAuth)) as auth, _opened(_at(tier, RealAgents)) as agents:
        with pytest.raises(WrongCredentials):
            await auth.login("nobody@example.com", "x")
        with pytest.raises(MissingCapability):
            await auth.create_account("ada")
        with pytest.raises(MissingCapability):
            await agents.crash()
        with pytest.raises(NotSignedIn):
            await agents.threads("x")
    async with _opened(_at(tier, RealEvents)) as events:
        with pytest.raises(NotSignedIn):
            await events.connect("x")


SECRET = {"secret_env": "THEIR_SECRET"}


def _platform(tier, kind):
    """The adapter of that kind, which has the secret that the tier was started with."""
    address = tier.addresses[kind.service]
    secret = tier.addresses["auth"]["secret"]
    return kind({"url": address["url"], "prefix": address.get("prefix", "")} | SECRET, {"THEIR_SECRET": secret})


@pytest.mark.parametrize("kind", [RealAuth, RealAgents, RealEvents, RealCache])
def test_a_platform_of_ours_is_a_stand_in_wherever_it_runs(kind):
    assert kind(SECRET, {"THEIR_SECRET": "x"}).stand_in is True
    assert kind(SECRET | {"stand_in": False}, {"THEIR_SECRET": "x"}).stand_in is False
    assert kind(SECRET, {"THEIR_SECRET": "x"}).capabilities == kind.capabilities | kind.controlled
    assert kind(SECRET, {}).capabilities == kind.capabilities


@pytest.mark.asyncio
async def test_who_has_the_secret_of_a_platform_makes_accounts_and_moves_their_time_alone(tier):
    clock, ids = ScenarioClock(), SeededIds("x")
    context = OpenContext("a scenario", clock, ids, key="withsecret")
    elsewhere = OpenContext("another", ScenarioClock(), ids, key="another")
    auth, cache = _platform(tier, RealAuth), _platform(tier, RealCache)
    async with auth.open(context) as ours, cache.open(context) as kept, cache.open(elsewhere) as others:
        account = await ours["auth"].create_account("ada")
        grant = await ours["auth"].login(account.email, account.password)
        await kept["cache"].set("a", "1", 60)
        await others["cache"].set("a", "2", 60)
        await clock.advance(timedelta(hours=1))
        assert await kept["cache"].get("a") is None
        assert await others["cache"].get("a") == "2"
        with pytest.raises(NotSignedIn):
            await ours["auth"].me(grant.access_token)


def _start(adapter, settings=None):
    return adapter.start(StartContext("main", None, None, settings=settings or {}))


@pytest.mark.asyncio
async def test_keys_are_our_own_unless_the_settings_say_how_a_products_begin(tier):
    adapter = _at(tier, RealCache)
    products = adapter.configured({"url": tier.addresses["cache"]["url"], "prefix": ""})
    assert (await _start(adapter))["prefix"] == OUR_PREFIX
    async with _opened(adapter) as ours, _opened(products) as theirs:
        await ours.set("only here", "v", 60)
        assert await theirs.get("only here") is None
        assert await theirs.take(f"{OUR_PREFIX}only here") == "v"


@pytest.mark.asyncio
async def test_tables_are_our_own_unless_the_settings_say_where_a_products_are(tier):
    adapter = _at(tier, RealDatabase)
    url = tier.addresses["database"]["url"]
    await asyncio.gather(*(_start(adapter) for _ in range(3)))
    async with tier.scenario() as on:
        account = await on.auth.create_account("ada")
    async with _opened(adapter, **await _start(adapter)) as ours:
        assert await ours.user(account.user.id) is None
    settings = {"real": {"schema": "public"}}
    async with _opened(adapter, settings, **await _start(adapter, settings)) as theirs:
        assert (await theirs.user(account.user.id)).email == account.email
    connection = await asyncpg.connect(url)
    await connection.execute(f"DROP SCHEMA {OUR_SCHEMA} CASCADE")
    await connection.close()


@pytest.mark.asyncio
async def test_a_database_that_nobody_has_looked_at_is_not_opened(tier):
    with pytest.raises(ServiceUnavailable):
        await _at(tier, RealDatabase).open(OpenContext("s", ScenarioClock(), SeededIds("x"))).__aenter__()
