"""A probe proves the service, not the port, and says what it met."""

import asyncio
import base64
import hashlib
import os
import re
import struct
import sys

import pytest
from unit.resolution.rude import closing, dripping, greeting, saying, silent

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.resolution.probes import probe_docker, probe_http, probe_postgres, probe_redis, probe_websocket
from goldenpath.stack.postgres import Postgres
from goldenpath.stack.valkey import Valkey

SHORT = 0.3
PROBES = {
    "http": ("http", lambda url: probe_http(f"{url}/ready", SHORT)),
    "websocket": ("ws", lambda url: probe_websocket(f"{url}/ws", SHORT)),
    "postgres": ("postgresql", lambda url: probe_postgres(f"{url}/postgres", SHORT)),
    "redis": ("redis", lambda url: probe_redis(f"{url}/0", SHORT)),
    "docker": ("tcp", lambda url: probe_docker(url, SHORT)),
}


def http(status, body="", *headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", body]
    return "\r\n".join(lines).encode()


def look(kind, port, user=""):
    scheme, probe = PROBES[kind]
    return asyncio.run(probe(f"{scheme}://{user}127.0.0.1:{port}"))


@pytest.mark.parametrize("kind", PROBES)
class TestWhateverItIs:
    def test_nothing_listens(self, kind, closed_port):
        seen = look(kind, closed_port)
        assert not seen
        assert seen.reason == f"nothing listens on 127.0.0.1:{closed_port}"

    def test_it_accepts_and_says_nothing(self, kind, rude):
        seen = look(kind, rude(silent))
        assert not seen
        assert "accepts connections and says nothing, for 0.3 s" in seen.reason

    def test_it_drips(self, kind, rude):
        answers = {
            "http": http("200 OK", '{"status": "ready"}'),
            "docker": http("200 OK", "OK"),
            "websocket": http("101 Switching Protocols"),
            "postgres": b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I",
            "redis": b"+PONG is what it would say\r\n",
        }
        seen = look(kind, rude(dripping(answers[kind])))
        assert not seen
        assert re.search(r"too slow: after 0.3 s 127.0.0.1:\d+ had sent [1-9]\d* bytes and was not done", seen.reason)

    def test_it_closes_without_a_word(self, kind, rude):
        seen = look(kind, rude(closing))
        assert not seen
        assert seen.reason.endswith("accepts connections and closes them without a word")

    def test_it_speaks_another_protocol(self, kind, rude):
        seen = look(kind, rude(greeting(b"SSH-2.0-OpenSSH_9.2p1\r\n")))
        assert not seen
        assert "it speaks another protocol than" in seen.reason
        assert "SSH-2.0-OpenSSH_9.2p1" in seen.reason

    def test_there_is_no_such_host(self, kind):
        scheme, probe = PROBES[kind]
        seen = asyncio.run(probe(f"{scheme}://no-such-host.invalid:1"))
        assert not seen
        assert "no-such-host.invalid" in seen.reason

    def test_an_address_that_is_none(self, kind):
        scheme, probe = PROBES[kind]
        seen = asyncio.run(probe(f"{scheme}://"))
        assert not seen
        assert seen.reason

    def test_a_password_in_the_address_is_never_told(self, kind, rude, closed_port):
        for port in (closed_port, rude(silent), rude(closing), rude(greeting(b"SSH-2.0"))):
            assert "s3cret" not in look(kind, port, "ada:s3cret@").reason


@pytest.mark.parametrize(
    ("answer", "up", "reason"),
    [
        (http("200 OK", '{"status": "ready", "version": "4.2"}'), True, "it answers at"),
        (http("200 OK", "fine"), True, "it answers at"),
        (http("401 Unauthorized"), False, "asks for a password"),
        (http("403 Forbidden"), False, "does not let us in (403)"),
        (http("404 Not Found"), False, "speaks HTTP and has nothing at /ready (it answers 404)"),
        (http("302 Found"), False, "speaks HTTP and has nothing at /ready (it answers 302)"),
        (http("500 Oops"), False, "is broken: it answers 500"),
        (
            http("503 Not Ready", '{"status": "not_ready", "checks": {"database": "away", "cache": "ok"}}'),
            False,
            "says that it is not ready (503): database away",
        ),
        (http("200 OK", '{"status": "starting"}'), False, "says of itself: starting"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", False, "closes them in the middle of its answer"),
        (b"HTTP/nonsense\r\n\r\n", False, "speaks another protocol than HTTP"),
    ],
)
def test_what_an_http_service_says(answer, up, reason, rude):
    seen = look("http", rude(saying(answer)))
    assert (seen.up, reason in seen.reason) == (up, True), seen


def test_a_keys_document_has_keys(rude):
    def looked(body):
        port = rude(saying(http("200 OK", body)))
        return asyncio.run(probe_http(f"http://127.0.0.1:{port}/.well-known/jwks.json", SHORT, expects="keys"))

    assert looked('{"keys": [{}]}')
    assert "no document that has keys" in looked('{"hello": 1}').reason


def upgrading(connection, over):
    asked = connection.recv(4096).decode()
    key = re.search(r"Sec-WebSocket-Key: (\S+)", asked)[1]
    accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()).decode()
    connection.sendall(f"HTTP/1.1 101 Switching\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode())
    over.wait()


def test_a_gateway_completes_a_handshake(rude):
    seen = look("websocket", rude(upgrading))
    assert seen
    assert seen.reason == "it completes a WebSocket handshake"


def test_a_gateway_that_accepts_what_was_not_offered(rude):
    assert not look("websocket", rude(saying(http("101 Switching", "", "Sec-WebSocket-Accept: lies"))))


def test_a_gateway_that_asks_who_is_there(rude):
    answer = saying(http("401 Unauthorized"))
    assert "asks for a password" in look("websocket", rude(answer)).reason
    url = f"ws://127.0.0.1:{rude(answer)}/ws"
    assert asyncio.run(probe_websocket(url, SHORT, signs_in_first=True))


def test_a_web_page_is_no_gateway(rude):
    seen = look("websocket", rude(saying(http("200 OK", "<html>"))))
    assert "completes no WebSocket handshake (it answers 200)" in seen.reason


def test_a_gateway_of_the_library_that_others_use():
    import websockets

    async def talk():
        async def handler(connection):
            await connection.wait_closed()

        async with websockets.serve(handler, "127.0.0.1", 0) as server:
            return await probe_websocket(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", 2)

    seen = asyncio.run(talk())
    assert seen, seen.reason


def started(server):
    try:
        made = server()
        made.launch()
        made.ready()
    except ServiceUnavailable as absent:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(absent))
    return made


@pytest.fixture(scope="module")
def valkey(tmp_path_factory):
    server = started(lambda: Valkey(tmp_path_factory.mktemp("valkey")))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    server = started(lambda: Postgres(tmp_path_factory.mktemp("postgres")))
    yield server
    server.stop()


def test_a_valkey_answers_a_ping(valkey):
    seen = asyncio.run(probe_redis(valkey.url, 5))
    assert seen, seen.reason
    assert re.match(r"\d+\.\d+", seen.version)


def test_a_valkey_that_asks_for_a_password(valkey):
    assert asyncio.run(probe_redis(f"redis://127.0.0.1:{valkey.port}", 5)).reason.endswith("asks for a password")
    wrong = asyncio.run(probe_redis(f"redis://:wrong@127.0.0.1:{valkey.port}", 5))
    assert wrong.reason.endswith("refuses the password")


def test_a_redis_that_is_still_loading(rude):
    seen = look("redis", rude(saying(b"-LOADING the dataset\r\n")))
    assert seen.reason.endswith("is not ready: the dataset")


def test_a_postgres_answers_a_query(postgres):
    seen = asyncio.run(probe_postgres(postgres.url("postgres"), 5))
    assert seen, seen.reason
    assert re.match(r"\d+\.\d+", seen.version)


def test_a_postgres_that_asks_for_a_password(postgres):
    place = f"127.0.0.1:{postgres.port}/postgres"
    user = re.match(r"postgresql://(\w+):", postgres.url("postgres"))[1]
    assert asyncio.run(probe_postgres(f"postgresql://{user}@{place}", 5)).reason.endswith("asks for a password")
    wrong = asyncio.run(probe_postgres(f"postgresql://{user}:wr0ng@{place}", 5))
    assert wrong.reason.endswith(f"refuses the password of {user}")


def test_a_postgres_without_the_database(postgres):
    seen = asyncio.run(probe_postgres(postgres.url("nothing_here"), 5))
    assert not seen
    assert 'database "nothing_here" does not exist' in seen.reason


def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


READY = message(b"Z", b"I")
LET_IN = message(b"R", b"\0\0\0\0") + message(b"S", b"TimeZone\0UTC\0") + READY


@pytest.mark.parametrize(
    ("answers", "up", "reason"),
    [
        ((LET_IN, message(b"D", b"\0\x01\0\0\0\x0417.2") + READY), True, "it answers a query"),
        ((LET_IN, READY), False, ""),
        ((LET_IN, message(b"E", b"C53300\0Mtoo many\0\0")), False, "is not ready: too many"),
        ((message(b"E", b"C57P03\0Mstarting up\0\0"),), False, "is not ready: starting up"),
        ((message(b"E", b"C28000\0Mno entry\0\0"),), False, "does not let us in: no entry"),
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), False, "speaks another protocol than PostgreSQL"),
        ((LET_IN,), False, "closes them in the middle of its answer"),
    ],
)
def test_what_a_postgres_says(answers, up, reason, rude):
    seen = look("postgres", rude(saying(*answers)))
    assert (seen.up, reason in seen.reason) == (up, True), seen
    assert seen.version == ("17.2" if up else "")


class TestDocker:
    pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such sockets on Windows")

    def test_an_engine_answers(self, rude, tmp_path):
        def engine(connection, over):
            asked = connection.recv(4096)
            body = b"OK" if b"/_ping" in asked else b'{"Version": "27.3"}'
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + body)
            connection.close()

        rude(engine, tmp_path / "docker.sock")
        seen = asyncio.run(probe_docker(f"unix://{tmp_path}/docker.sock", 2))
        assert (seen.up, seen.version) == (True, "27.3"), seen

    def test_a_hung_engine(self, rude, tmp_path):
        rude(silent, tmp_path / "docker.sock")
        seen = asyncio.run(probe_docker(f"unix://{tmp_path}/docker.sock", SHORT))
        assert seen.reason.startswith("hung: ")

    def test_an_engine_that_drips(self, rude, tmp_path):
        rude(dripping(b"HTTP/1.0 200 OK\r\n\r\nOK"), tmp_path / "docker.sock")
        seen = asyncio.run(probe_docker(f"unix://{tmp_path}/docker.sock", SHORT))
        assert seen.reason.startswith("too slow: ")

    def test_something_else_on_its_socket(self, rude, tmp_path):
        rude(saying(http("200 OK", "hello")), tmp_path / "docker.sock")
        seen = asyncio.run(probe_docker(f"unix://{tmp_path}/docker.sock", SHORT))
        assert "is no Docker engine" in seen.reason

    def test_no_engine(self, tmp_path, monkeypatch):
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
        assert asyncio.run(probe_docker()).reason == f"nothing listens on {tmp_path}/none.sock"

    def test_a_host_that_is_not_looked_at(self):
        assert "begins with ssh" in asyncio.run(probe_docker("ssh://somewhere")).reason
