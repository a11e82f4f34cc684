"""Ports on which servers behave badly, and one on which nothing is."""

from __future__ import annotations

import socket

import pytest
from unit.resolution.rude import Rude


@pytest.fixture
def rude():
    """Start a server with the given manners; its port."""
    servers = []

    def start(manners, path=None):
        servers.append(Rude(manners, path))
        return servers[-1].port

    yield start
    for each in servers:
        each.close()


@pytest.fixture
def closed_port():
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
