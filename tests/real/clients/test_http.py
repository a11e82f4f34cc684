"""Requests to servers that answer well, badly, slowly, strangely or not at all."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest

from goldenpath.domain.errors import GoldenPathError, NotFound, NotSeen, NotSignedIn, ServiceUnavailable
from goldenpath.reference.clients.agents import HttpAgents
from goldenpath.reference.clients.auth import HttpAuth
from goldenpath.reference.clients.http import HttpWire, bearer, open_client, place, query, segment


def _answer(status=200, body=b"{}", *headers):
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Server:
    """A server on a free port that answers each request with what ``said`` gives, and keeps what it was asked."""

    def __init__(self, said):
        self.said = said
        self.asked = []
        self.connections = 0

    async def _serve(self, reader, writer):
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-l")),
                    0,
                )
                self.asked.append((head.decode(), await reader.readexactly(length)))
                if not await self.said(writer, len(self.asked)):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()

    @asynccontextmanager
    async def running(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()


def _says(*answers):
    async def said(writer, number):
        writer.write(answers[min(number, len(answers)) - 1])
        await writer.drain()
        return True

    return Server(said)


@asynccontextmanager
async def _wire(server, deadline=5.0):
    async with server.running() as url, open_client(url) as client:
        yield HttpWire("agents", url, client, lambda: {"X-Whose": "mine"}, deadline)


@pytest.mark.asyncio
async def test_a_request_carries_token_body_and_what_goes_with_each():
    server = _says(_answer())
    async with _wire(server) as wire:
        await wire.send("POST", "/a/b", token="t1", body={"name": "\ud800 é"})
    head, body = server.asked[0]
    assert head.startswith("POST /a/b HTTP/1.1\r\n")
    assert "authorization: bearer t1\r\n" in head.lower()
    assert "x-whose: mine\r\n" in head.lower()
    assert json.loads(body) == {"name": "\ud800 é"}


@pytest.mark.asyncio
async def test_a_connection_is_used_again_and_a_form_is_a_form():
    server = _says(_answer())
    async with _wire(server) as wire:
        await wire.send("GET", "/")
        await wire.send("POST", "/", form={"a": "1 &", "b": None})
    assert server.connections == 1
    assert server.asked[1][1] == b"a=1+%26"


@pytest.mark.asyncio
async def test_an_answer_in_chunks_is_read_whole():
    chunked = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n4\r\n: 1}\r\n0\r\n\r\n'
    async with _wire(_says(chunked)) as wire:
        assert await wire.ask(dict, "GET", "/") == {"a": 1}


@pytest.mark.asyncio
async def test_a_connection_that_the_server_has_left_is_not_used_again():
    async def one_each(writer, number):
        writer.write(_answer())
        await writer.drain()
        return False

    server = Server(one_each)
    async with _wire(server) as wire:
        for _ in range(3):
            await wire.send("GET", "/")
    assert server.connections == 3


@pytest.mark.asyncio
async def test_requests_at_once_do_not_wait_for_each_other():
    together = asyncio.Barrier(5)

    async def all_at_once(writer, number):
        await together.wait()
        writer.write(_answer())
        await writer.drain()
        return True

    server = Server(all_at_once)
    async with _wire(server) as wire:
        await asyncio.gather(*(wire.send("GET", "/") for _ in range(5)))
    assert server.connections == 5


@pytest.mark.asyncio
async def test_nobody_there_is_a_lost_service():
    async with _says(_answer()).running() as url:
        pass
    async with open_client(url) as client:
        with pytest.raises(ServiceUnavailable, match=r"127\.0\.0\.1") as lost:
            await HttpWire("agents", url, client).send("GET", "/")
    assert lost.value.service == "agents"


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", b"SSH-2.0-OpenSSH\r\n\r\n"]
)
@pytest.mark.asyncio
async def test_who_hangs_up_or_speaks_otherwise_is_lost(said):
    async def says(writer, number):
        writer.write(said)
        await writer.drain()
        return False

    async with _wire(Server(says)) as wire:
        with pytest.raises(ServiceUnavailable):
            await wire.send("GET", "/")


@pytest.mark.asyncio
async def test_silence_ends_at_the_deadline():
    async def silent(writer, number):
        await asyncio.sleep(60)

    async with _wire(Server(silent), deadline=0.1) as wire:
        with pytest.raises(ServiceUnavailable, match=r"no answer within 0\.1 s"):
            await wire.send("GET", "/")


@pytest.mark.asyncio
async def test_a_drip_ends_at_the_deadline_too():
    async def drips(writer, number):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with _wire(Server(drips), deadline=0.2) as wire:
        with pytest.raises(ServiceUnavailable, match="no answer within"):
            await wire.send("GET", "/")


@pytest.mark.asyncio
async def test_nothing_is_left_open_when_the_client_ends():
    before = asyncio.all_tasks()
    async with _wire(_says(_answer())) as wire:
        await wire.send("GET", "/")
    async with asyncio.timeout(5):
        while asyncio.all_tasks() - before:  # noqa: ASYNC110  # the server's side hears of the end
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"id": 1}', b"\xff"])
@pytest.mark.asyncio
async def test_an_answer_of_another_shape_is_told_with_its_place(body):
    async with _says(_answer(200, body)).running() as url, open_client(url) as client:
        with pytest.raises(GoldenPathError, match=r"GET /auth/me \(200\) cannot be read") as wrong:
            await HttpAuth(url, client).me("t")
    assert not isinstance(wrong.value, ServiceUnavailable)


@pytest.mark.asyncio
async def test_an_address_to_return_to_is_not_followed():
    server = _says(_answer(302, b"", "Location: https://app.test/back?code=c&state=s"))
    async with server.running() as url, open_client(url) as client:
        back = await HttpAuth(url, client).authorize(
            "a@b.c", "p w", client_id="c", redirect_uri="https://app.test/back", state="s", code_challenge="x"
        )
    assert back == "https://app.test/back?code=c&state=s"
    assert len(server.asked) == 1
    assert b"password=p+w" in server.asked[0][1]


def _run(status):
    at = "2026-03-01T12:00:00+00:00"
    ended = at if status != "running" else None
    told = {"id": "r", "thread_id": "t", "prompt": "p", "status": status, "answer": None, "error": None}
    return _answer(200, json.dumps(told | {"created_at": at, "finished_at": ended}).encode())


@pytest.mark.asyncio
async def test_a_run_is_asked_for_until_it_has_ended():
    server = _says(_run("running"), _run("running"), _run("completed"))
    async with server.running() as url, open_client(url) as client:
        run = await HttpAgents(url, client).finished("t", "r", 5)
    assert run.status == "completed"
    assert len(server.asked) == 3


@pytest.mark.asyncio
async def test_a_run_that_does_not_end_is_not_seen_to():
    async with _says(_run("running")).running() as url, open_client(url) as client:
        with pytest.raises(NotSeen, match="still at work"):
            await HttpAgents(url, client).finished("t", "r", 0.05)


@pytest.mark.parametrize("token", ["é", "a\r\nX: y", " a", "a\0"])
@pytest.mark.asyncio
async def test_a_token_that_no_header_can_have_is_nobodys(token):
    with pytest.raises(NotSignedIn):
        bearer(token)


@pytest.mark.asyncio
async def test_addresses_are_put_together_safely():
    assert bearer("") == bearer(None) == {}
    assert segment("../a/b c?é") == "%2E%2E%2Fa%2Fb%20c%3F%C3%A9"
    assert query({"a": "x&y", "none": None, "n": 1}) == "a=x%26y&n=1"
    assert place("http://user:secret@127.0.0.1:80/x") == "127.0.0.1:80"
    with pytest.raises(NotFound):
        segment("")


@pytest.mark.asyncio
async def test_an_id_keeps_its_dots_and_slashes_on_the_wire():
    server = _says(_answer(404, b""))
    async with server.running() as url, open_client(url) as client:
        with pytest.raises(NotFound):
            await HttpAgents(url, client).thread("t", "../runs/1")
    assert server.asked[0][0].startswith("GET /api/threads/%2E%2E%2Fruns%2F1 ")


def test_environment_and_proxies_are_left_aside(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    async def ask():
        async with _wire(_says(_answer())) as wire:
            return await wire.send("GET", "/")

    assert isinstance(asyncio.run(ask()), httpx.Response)
