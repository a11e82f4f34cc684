"""The gateway's sockets, as clients that others wrote see them."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import CloseCode

from goldenpath.ports.events import Connection, Event
from goldenpath.reference.servers.windows import AHEAD, ServedWindow

from .conftest import sign_in

pytestmark = pytest.mark.asyncio

WITHIN = 10


def address(here, query: str = "") -> str:
    return f"{here.urls['gateway'].replace('http', 'ws')}/ws{query}"


async def heard(socket, kind: str) -> dict:
    """The next message of a kind."""
    async with asyncio.timeout(WITHIN):
        while True:
            said = json.loads(await socket.recv())
            if said["type"] == kind:
                return said


async def test_a_browser_signs_in_by_subprotocol(memory_platform):
    async with memory_platform.scenario() as here:
        offer = f"bearer.{await sign_in(here)}"
        for offers, agreed in ((["goldenpath.v1", offer], "goldenpath.v1"), ([offer], offer)):
            async with connect(address(here), subprotocols=offers, additional_headers=here.headers()) as socket:
                assert socket.subprotocol == agreed
                await socket.send(json.dumps({"type": "start_agent", "prompt": "hello", "request_id": "r1"}))
                assert (await heard(socket, "agent_completed"))["data"]["answer"]


@pytest.mark.parametrize(
    ("query", "status"),
    [("?ticket=nobodys", 401), ("?run_id=unknown&last_seq=0", 404), ("?run_id=x&last_seq=many", 422), ("", 401)],
)
async def test_a_handshake_is_refused_like_every_request(memory_platform, query, status):
    async with memory_platform.scenario() as here:
        headers = dict(here.headers())
        if status in (404, 422):
            headers["Authorization"] = f"Bearer {await sign_in(here)}"
        with pytest.raises(InvalidStatus) as refused:
            await connect(address(here, query), additional_headers=headers)
        answer = refused.value.response
        assert answer.status_code == status
        assert set(json.loads(answer.body)["error"]) == {"code", "message"}
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    "message",
    ["{", "[]", b"\x00", '{"type": "sing"}', '{"type": "start_agent"}', '{"type": "start_agent", "prompt": 7}'],
)
async def test_what_is_no_question_is_answered_and_the_window_stays(memory_platform, message):
    async with memory_platform.scenario() as here:
        headers = dict(here.headers()) | {"Authorization": f"Bearer {await sign_in(here)}"}
        async with connect(address(here), additional_headers=headers) as socket:
            await socket.send(message)
            said = await heard(socket, "error")
            assert (said["status"], said["error"]["code"]) == (422, "ill_formed")
            await socket.send(json.dumps({"type": "start_agent", "prompt": "hello", "request_id": "r2"}))
            assert (await heard(socket, "run_accepted"))["request_id"] == "r2"


async def test_a_message_that_is_too_large_ends_the_window(memory_platform):
    async with memory_platform.scenario() as here:
        headers = dict(here.headers()) | {"Authorization": f"Bearer {await sign_in(here)}"}
        async with connect(address(here), additional_headers=headers) as socket:
            await socket.send("x" * 70_000)
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(socket.recv(), WITHIN)
            assert socket.close_code == CloseCode.MESSAGE_TOO_BIG


class Stuck:
    """A socket whose client reads nothing and says nothing."""

    def __init__(self) -> None:
        self.closed = None

    async def send_text(self, text: str) -> None:
        await asyncio.Event().wait()

    async def receive(self) -> dict:
        await asyncio.Event().wait()

    async def close(self, code: int, reason: str) -> None:
        self.closed = code


def _event(number: int) -> Event:
    return Event("agent_thinking", f"e{number}", number, "r", "t", "u", "assistant", datetime.now(UTC), {})


async def test_who_reads_nothing_is_let_go():
    connection, socket = Connection(None), Stuck()
    serving = asyncio.create_task(ServedWindow(socket, connection).serve())
    await asyncio.sleep(0)
    for number in range(1, AHEAD + 1):
        connection.deliver(_event(number))
    await asyncio.sleep(0)
    assert connection.is_open
    for number in range(2):
        connection.deliver(_event(AHEAD + number))
    await asyncio.wait_for(serving, WITHIN)
    assert socket.closed == CloseCode.TRY_AGAIN_LATER
