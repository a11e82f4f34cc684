"""The way to a service that others run is cut in the middle of a stream of events."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from acceptance.local.conftest import tables


class Way:
    """A way to a server, which can be cut: what is sent from then on arrives nowhere."""

    def __init__(self, to: str) -> None:
        place = urlsplit(to)
        self._to = (place.hostname, place.port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._door, selectors.EVENT_READ)
        self._is_cut = threading.Event()
        self._is_over = False
        self._cut_at: int | None = None
        self._by_reset = False
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def cut_after(self, told: int, *, by_reset: bool) -> None:
        """Cut it when the server has told a client so much on one connection: by a reset, or in silence."""
        self._cut_at, self._by_reset = told, by_reset

    def is_cut(self) -> bool:
        return self._is_cut.is_set()

    def close(self) -> None:
        self._is_over = True
        self._thread.join(10)
        for each in [self._door, *self._pairs]:
            each.close()

    def _carry(self) -> None:
        told: dict[socket.socket, int] = {}
        while not self._is_over:
            for key, _ in self._selector.select(0.05):
                if key.fileobj is self._door:
                    self._accept()
                    continue
                source: socket.socket = key.fileobj
                with suppress(OSError):
                    said = source.recv(65536)
                    other = self._pairs[source]
                    if not said:
                        self._selector.unregister(source)
                        if not self._is_cut.is_set():
                            other.shutdown(socket.SHUT_WR)
                        continue
                    if self._is_cut.is_set():
                        continue
                    if key.data == "server":
                        told[source] = told.get(source, 0) + len(said)
                        if self._cut_at is not None and told[source] > self._cut_at:
                            self._cut()
                            continue
                    other.sendall(said)

    def _accept(self) -> None:
        client, _ = self._door.accept()
        if self._is_cut.is_set():
            # Taken in and never answered, or hung up on.
            self._pairs[client] = client
            if self._by_reset:
                client.close()
            return
        server = socket.create_connection(self._to)
        self._pairs |= {client: server, server: client}
        self._selector.register(client, selectors.EVENT_READ, "client")
        self._selector.register(server, selectors.EVENT_READ, "server")

    def _cut(self) -> None:
        self._is_cut.set()
        if self._by_reset:
            for each in list(self._pairs):
                with suppress(KeyError, ValueError):
                    self._selector.unregister(each)
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                each.close()
            self._pairs = {}


@pytest.fixture
def way(run_by_others) -> Iterator[Way]:
    """The way to the gateway."""
    way = Way(run_by_others["events"]["url"])
    yield way
    way.close()


@pytest.mark.parametrize("by_reset", [True, False], ids=["reset", "silence"])
@pytest.mark.parametrize("mode", ["hybrid", "real"])
def test_a_stream_of_events_that_is_cut_off(local, run_by_others, way, mode, by_reset):
    """Nothing hangs, nothing passes on what was not there, no record is lost; in hybrid the rest runs elsewhere."""
    places = run_by_others | {"events": {"url": way.url}}
    (local.root / "goldenpath.toml").write_text(tables(places))
    local.start("--mode", mode, "--tags", "@events and not @critical")
    local.wait_for(3)
    way.cut_after(1200, by_reset=by_reset)
    status = local.end()
    ends = local.ends
    assert way.is_cut()
    lost = [each for each in ends if "events" in each["lost"]]
    assert len(lost) == 1, local.said[-3000:]
    started = {each["scenario"] for each in local.records if each["event"] == "scenario_started"}
    assert {each["scenario"] for each in ends} == started
    later = ends[ends.index(lost[0]) + 1 :]
    assert later
    for each in later:
        assert ("events", "real") not in {(use["service"], use["tier"]) for use in each["services"]}
    if mode == "hybrid":
        assert status == 0, local.said[-3000:]
        assert {each["status"] for each in later} == {"passed"}
        again = [each for each in later if each["scenario"] == lost[0]["scenario"]]
        assert [each["degraded"] for each in again] == [True]
    else:
        assert status == 1
        assert lost[0]["status"] == "failed"
        assert {each["status"] for each in later} == {"skipped"}
