"""A gateway over WebSockets, seen from the client: what arrives, and every way in which a connection ends."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Response

from goldenpath.domain.errors import (
    Conflict,
    GoldenPathError,
    Invalid,
    NotFound,
    NotSeen,
    NotSignedIn,
    ServiceUnavailable,
)
from goldenpath.ports.events import Closed, Resume
from goldenpath.reference.clients.address import http_address, socket_address
from goldenpath.reference.clients.events import WsEvents
from goldenpath.reference.clients.http import open_client

pytestmark = pytest.mark.asyncio


def _event(seq, kind="agent_thinking", **more):
    envelope = {"type": kind, "event_id": f"e{seq}", "seq": seq, "run_id": "r", "thread_id": "t", "user_id": "u"}
    envelope |= {"agent": "a", "timestamp": "2026-03-01T12:00:00+00:00", "data": {"step": seq}}
    return json.dumps(envelope | more)


@asynccontextmanager
async def _gateway(talk, refuse=None, deadline=5.0):
    """``talk(socket)`` is the server's side; gives the client, and the list of handshakes."""
    seen = []

    def look(connection, request):
        seen.append(request)
        return refuse and Response(refuse[0], "No", Headers({"Content-Length": str(len(refuse[1]))}), refuse[1])

    async with (
        serve(talk, "127.0.0.1", 0, process_request=look, close_timeout=0.2) as server,
        open_client("http://x") as client,
    ):
        port = server.sockets[0].getsockname()[1]
        events = WsEvents(f"http://127.0.0.1:{port}", client, lambda: {"X-Whose": "mine"}, deadline=deadline)
        try:
            yield events, seen
        finally:
            await events.close()


async def _waits(socket):
    await socket.wait_closed()


async def test_what_is_sent_arrives_in_order_whatever_else_comes():
    async def talk(socket):
        for text in (_event(1, "agent_started"), '{"type": "hello"}', _event(2, more="unknown")):
            await socket.send(text)
        await socket.wait_closed()

    async with _gateway(talk) as (events, seen):
        window = await events.connect("t1")
        assert (await window.next("agent_thinking")).data == {"step": 2}
        assert [event.seq for event in window.received] == [1, 2]
        assert window.received[0].timestamp.utcoffset() is not None
    assert seen[0].path == "/ws"
    assert seen[0].headers["Authorization"] == "Bearer t1"
    assert seen[0].headers["X-Whose"] == "mine"


async def test_a_ticket_and_what_was_seen_last_go_with_the_handshake():
    async with _gateway(_waits) as (events, seen):
        await events.connect(ticket="a b", resume=Resume("r/1", 7))
    assert seen[0].path == "/ws?ticket=a+b&run_id=r%2F1&last_seq=7"
    assert "Authorization" not in seen[0].headers


@pytest.mark.parametrize(
    ("status", "kind"), [(401, NotSignedIn), (404, NotFound), (422, Invalid), (503, ServiceUnavailable)]
)
async def test_a_refusal_comes_before_anything_is_accepted(status, kind):
    body = json.dumps({"error": {"code": "c", "message": "so it is"}}).encode()
    async with _gateway(_waits, refuse=(status, body)) as (events, _):
        with pytest.raises(kind, match="so it is"):
            await events.connect("t")


async def test_nobody_there_is_a_lost_service():
    async with _gateway(_waits) as (events, _):
        address = events._wire.url
    async with open_client(address) as client:
        with pytest.raises(ServiceUnavailable):
            await WsEvents(address, client).connect("t")


@asynccontextmanager
async def _stranger(says):
    """A client of a server that speaks no WebSocket, and is done when the context is."""
    done = asyncio.Event()

    async def talk(reader, writer):
        try:
            await says(reader, writer)
        finally:
            writer.transport.abort()
            done.set()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, open_client(url) as client:
        yield WsEvents(url, client, deadline=0.2)
        await asyncio.wait_for(done.wait(), 5)


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-X\r\n"])
async def test_who_hangs_up_or_speaks_otherwise_gives_no_connection(said):
    async def says(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()

    async with _stranger(says) as events:
        with pytest.raises(GoldenPathError):
            await events.connect("t")


async def test_a_silent_gateway_is_lost_at_the_deadline():
    async def silent(reader, writer):
        await reader.read()

    async with _stranger(silent) as events:
        with pytest.raises(ServiceUnavailable, match="handshake"):
            await events.connect("t")


async def test_answers_find_their_questions_in_any_order():
    async def talk(socket):
        asked = [json.loads(await socket.recv()) for _ in range(2)]
        for each in reversed(asked):
            answer = {"type": "run_accepted", "request_id": each["request_id"]}
            await socket.send(json.dumps(answer | {"run_id": f"run {each['prompt']}", "thread_id": "t"}))
        await socket.wait_closed()

    async with _gateway(talk) as (events, _):
        window = await events.connect("t")
        first, second = await asyncio.gather(window.ask("1"), window.ask("2", "t"))
    assert (first.run_id, second.run_id) == ("run 1", "run 2")


async def test_a_question_may_be_refused():
    async def talk(socket):
        asked = json.loads(await socket.recv())
        error = {"code": "empty", "message": "it is blank"}
        said = {"type": "error", "request_id": asked["request_id"], "error": error, "status": 422}
        await socket.send(json.dumps(said))
        await socket.wait_closed()

    async with _gateway(talk) as (events, _):
        window = await events.connect("t")
        with pytest.raises(Invalid, match="it is blank") as refused:
            await window.ask(" ")
        assert refused.value.code == "empty"
        assert window.is_open


async def test_a_question_that_nobody_answers_has_a_deadline():
    async with _gateway(_waits, deadline=0.1) as (events, _):
        window = await events.connect("t")
        with pytest.raises(ServiceUnavailable, match="no answer to a question"):
            await window.ask("Hello")


async def test_how_the_server_ends_it_is_handed_on():
    async def talk(socket):
        await socket.send(_event(1))
        await socket.close(1008, "the session has ended")

    async with _gateway(talk) as (events, _):
        window = await events.connect("t")
        assert await window.closed() == Closed(1008, "the session has ended")
        assert len(window.received) == 1
        with pytest.raises(Conflict):
            await window.ask("Hello")
        with pytest.raises(NotSeen, match="closed"):
            await window.next("agent_completed", within=0.01)


async def test_a_goodbye_is_a_normal_end():
    async with _gateway(_waits) as (events, _):
        window = await events.connect("t")
        await window.close()
        await window.close()
        assert (await window.closed()).code == 1000
        with pytest.raises(Conflict):
            await window.ask("Hello")


async def test_a_cut_line_ends_on_both_sides_without_a_goodbye():
    ended = asyncio.get_running_loop().create_future()

    async def talk(socket):
        await socket.wait_closed()
        ended.set_result(socket.close_code)

    async with _gateway(talk) as (events, _):
        window = await events.connect("t")
        await window.drop()
        assert (await window.closed()).code == 1006
        assert await asyncio.wait_for(ended, 5) == 1006
        with pytest.raises(NotSeen):
            await window.next(within=0.01)


async def test_a_lost_line_is_told_at_once_to_who_waits():
    async def talk(socket):
        await socket.send(_event(1))
        await socket.recv()
        socket.transport.abort()

    async with _gateway(talk) as (events, _):
        window = await events.connect("t")
        waiting = asyncio.ensure_future(window.next("agent_completed", within=60))
        with pytest.raises(ServiceUnavailable):
            await window.ask("Hello")
        with pytest.raises(ServiceUnavailable, match="without a goodbye"):
            await asyncio.wait_for(waiting, 5)
        assert (await window.closed()).code == 1006
        assert (await window.next("agent_thinking")).seq == 1


@pytest.mark.parametrize("text", ["{", "[]", '{"event_id": 1}', _event(1, timestamp="noon")])
async def test_a_message_of_another_shape_ends_the_connection_and_is_told(text):
    async def talk(socket):
        await socket.send(text)
        await socket.wait_closed()

    async with _gateway(talk) as (events, _):
        window = await events.connect("t")
        assert (await window.closed()).code == 1002
        with pytest.raises(GoldenPathError, match="cannot be read"):
            await events.close()


async def test_nothing_reads_on_when_the_scenario_is_over():
    before = asyncio.all_tasks()
    async with _gateway(_waits) as (events, _):
        windows = [await events.connect("t") for _ in range(3)]
    assert not any(window.is_open for window in windows)
    assert asyncio.all_tasks() == before


async def test_an_address_may_be_of_http_or_of_the_socket():
    assert socket_address("http://h:1") == "ws://h:1/ws"
    assert socket_address("https://h/") == "wss://h/ws"
    assert socket_address("ws://h:1/live") == "ws://h:1/live"
    assert http_address("wss://h:1/live") == "https://h:1"
