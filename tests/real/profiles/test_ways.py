"""Real ways to a server that is elsewhere: through a proxy, over TLS, with headers, no more often than is welcome."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
import websockets
from forward import Authority, ForwardProxy
from live import running
from sqlalchemy import text

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.domain.pace import Pace
from goldenpath.domain.route import AT_WORK, Route, with_query
from goldenpath.reference.clients.events import WsEvents
from goldenpath.reference.clients.http import HttpWire, open_client
from goldenpath.reference.storage.postgres import engine_on
from goldenpath.reference.storage.server import server_cache
from goldenpath.resolution.probes import probe_http, probe_postgres, probe_redis, probe_websocket
from goldenpath.stack.postgres import Postgres
from goldenpath.stack.valkey import Valkey

HOST = "staging.example.test"
"""A name that nobody can look up: only a proxy knows what it means."""


@asynccontextmanager
async def service(trust: ssl.SSLContext | None = None):
    """A server that says what it was asked, and its port; it also takes WebSockets."""
    asked = []

    async def answer(connection, request):
        asked.append({name.lower(): value for name, value in request.headers.raw_items()})
        if "upgrade" in request.headers:
            return None
        return connection.respond(200, json.dumps({"path": request.path, "status": "ok"}))

    async def talk(connection):
        with suppress(websockets.ConnectionClosed):
            await connection.recv()

    async with websockets.serve(talk, "127.0.0.1", 0, ssl=trust, process_request=answer, close_timeout=0.2) as server:
        yield server.sockets[0].getsockname()[1], asked


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), HOST)


@pytest.fixture(scope="module")
def their_tls(authority):
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(authority.certificate, authority.key)
    return trust


@asynccontextmanager
async def proxied(port, password=""):
    proxy = await asyncio.to_thread(ForwardProxy, {HOST: port}, password)
    try:
        yield proxy
    finally:
        await asyncio.to_thread(proxy.close)


async def ask(url, route):
    async with open_client(url, route) as client:
        return await HttpWire("auth", url, client, deadline=5).ask(dict, "GET", "/me?x=1")


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_requests_go_through_the_proxy_with_their_headers(authority, their_tls, tls):
    async def go():
        async with service(their_tls if tls else None) as (port, asked), proxied(port, "me:geheim") as proxy:
            route = Route(
                headers={"X-Api-Key": "k1"},
                ca=authority.ca if tls else None,
                proxy=proxy.url.replace("//", "//me:geheim@"),
            )
            url = f"{'https' if tls else 'http'}://{HOST}"
            assert await ask(url, route) == {"path": "/me?x=1", "status": "ok"}
            AT_WORK.set(route)
            seen = await probe_http(f"{url}/ready", 5)
            assert seen.up, seen.reason
        return asked, proxy.asked

    asked, through = asyncio.run(go())
    assert [each["x-api-key"] for each in asked] == ["k1", "k1"]
    assert [each["host"].partition(":")[0] for each in asked] == [HOST, HOST]
    assert "proxy-authorization" not in asked[0]
    expected = f"CONNECT {HOST}:443 " if tls else f"GET http://{HOST}"
    assert all(first.startswith(expected) for first, _ in through)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_web_sockets_go_through_the_proxy_with_their_headers(authority, their_tls, tls):
    async def go():
        async with service(their_tls if tls else None) as (port, asked), proxied(port) as proxy:
            route = Route(headers={"X-Api-Key": "k1"}, ca=authority.ca if tls else None, proxy=proxy.url)
            url = f"{'wss' if tls else 'ws'}://{HOST}/ws"
            async with open_client(url, route) as client:
                events = WsEvents(url, client, route=route, deadline=5)
                await events.connect("a.b.c")
                await events.close()
            AT_WORK.set(route)
            seen = await probe_websocket(url, 5)
            assert seen.up, seen.reason
        return asked

    asked = asyncio.run(go())
    assert [each["x-api-key"] for each in asked] == ["k1", "k1"]
    assert asked[0]["authorization"] == "Bearer a.b.c"


def test_who_is_not_vouched_for_is_not_believed(tmp_path, their_tls):
    others = Authority(tmp_path / "others", HOST)

    async def go():
        async with service(their_tls) as (port, asked), proxied(port) as proxy:
            for ca in (None, others.ca):
                route = Route(proxy=proxy.url, ca=ca)
                with pytest.raises(ServiceUnavailable, match="certificate verify failed"):
                    await ask(f"https://{HOST}", route)
                AT_WORK.set(route)
                assert "is not trusted" in (await probe_http(f"https://{HOST}/ready", 5)).reason
            assert asked == []

    asyncio.run(go())


@pytest.mark.parametrize("url", [f"http://{HOST}", f"https://{HOST}"])
def test_a_proxy_that_says_no_is_told(url):
    async def go():
        async with service() as (port, asked), proxied(port, "me:geheim") as proxy:
            with pytest.raises(Exception) as caught:  # noqa: PT011  # what is refused differs; who did is told
                await ask(url, Route(proxy=proxy.url))
            assert asked == []
            return str(caught.value)

    assert "407" in asyncio.run(go())


def test_no_route_leads_away_from_this_machine_without_a_profile(monkeypatch):
    def nobody(*args, **kwargs):
        raise AssertionError(f"somebody was to be reached: {args}")

    monkeypatch.setattr(asyncio, "open_connection", nobody)
    route = Route(anywhere=False)

    async def go():
        for url in (f"http://{HOST}", "http://192.0.2.1", "http://127.0.0.1.example.test"):
            with pytest.raises(ServiceUnavailable, match="is not on this machine"):
                await ask(url, route)
            async with open_client(url, route) as client:
                with pytest.raises(ServiceUnavailable, match="is not on this machine"):
                    await WsEvents(url, client, route=route).connect("a.b.c")

    asyncio.run(go())


def test_a_limit_holds_requests_back_and_their_deadline_with_them(monkeypatch):
    """The clock is the test's: turns are far apart, and waiting for one costs nothing of the deadline."""
    now, slept = [0.0], []

    async def sleep(seconds):
        slept.append(round(seconds, 6))
        now[0] += seconds

    monkeypatch.setattr("goldenpath.domain.pace.time.monotonic", lambda: now[0])
    monkeypatch.setattr("goldenpath.domain.pace.asyncio.sleep", sleep)

    async def go():
        async with service() as (port, asked):
            route = Route(limit=0.05, pace=Pace(0.05))
            for _ in range(3):
                await ask(f"http://127.0.0.1:{port}", route)
            return len(asked)

    assert asyncio.run(go()) == 3
    assert slept == [20.0, 20.0]


def test_a_turn_that_is_late_costs_nothing_of_the_deadline():
    """Requests at once, each with a deadline that is over before the last turn comes."""

    async def go():
        async with service() as (port, asked):
            route, url = Route(limit=5, pace=Pace(5)), f"http://127.0.0.1:{port}"
            async with open_client(url, route) as client:
                wire = HttpWire("auth", url, client, deadline=1)
                await asyncio.gather(*(wire.send("GET", "/me") for _ in range(7)))
            return len(asked)

    assert asyncio.run(go()) == 7


@asynccontextmanager
async def tls_before(port, trust, *, asked_for=False):
    """TLS in front of a server that has none; at once, or when it is asked for as PostgreSQL's clients do."""

    async def carry(reader, writer):
        if asked_for:
            await reader.readexactly(8)
            writer.write(b"S")
            try:
                await writer.start_tls(trust)
            except (OSError, ssl.SSLError):
                return
        back, forth = await asyncio.open_connection("127.0.0.1", port)
        with suppress(OSError):
            await asyncio.gather(_pump(reader, forth), _pump(back, writer))
        for each in (forth, writer):
            each.transport.abort()

    server = await asyncio.start_server(carry, "127.0.0.1", 0, ssl=None if asked_for else trust)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _pump(reader, writer):
    with suppress(OSError, ssl.SSLError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()


def test_a_cache_over_tls_is_believed_by_its_authority(tmp_path):
    authority = Authority(tmp_path, "localhost")
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(authority.certificate, authority.key)

    async def go(valkey):
        async with tls_before(valkey.port, trust) as port:
            url = valkey.url.replace("redis://", "rediss://").replace(f"127.0.0.1:{valkey.port}", f"localhost:{port}")
            AT_WORK.set(Route(ca=authority.ca))
            seen = await probe_redis(url, 5)
            assert seen.up, seen.reason
            async with server_cache(with_query(url, ssl_ca_certs=str(authority.ca)), "p:") as cache:
                await cache.set("a", "1")
                assert await cache.get("a") == "1"
            AT_WORK.set(replace(AT_WORK.get(), ca=None))
            assert "is not trusted" in (await probe_redis(url, 5)).reason

    with running(Valkey) as valkey:
        asyncio.run(go(valkey))


def test_a_database_over_tls_is_believed_by_its_authority(tmp_path):
    authority = Authority(tmp_path / "one", "localhost")
    others = Authority(tmp_path / "other", "localhost")
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(authority.certificate, authority.key)

    async def go(postgres):
        plain = postgres.url("postgres")
        async with tls_before(postgres.port, trust, asked_for=True) as port:
            url = plain.replace(f"127.0.0.1:{postgres.port}", f"localhost:{port}")
            AT_WORK.set(Route(ca=authority.ca))
            seen = await probe_postgres(url, 5)
            assert seen.up, seen.reason
            engine = engine_on(with_query(url, sslmode="verify-full", sslrootcert=str(authority.ca)))
            async with engine.connect() as connection:
                assert (await connection.execute(text("SELECT 1"))).scalar() == 1
            await engine.dispose()
            AT_WORK.set(Route(ca=others.ca))
            assert not (await probe_postgres(url, 5)).up

    with running(Postgres) as postgres:
        asyncio.run(go(postgres))
