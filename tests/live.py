"""Real servers for tests, from the binaries of the local tier: absent they skip at a desk and fail where CI is set."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.stack.postgres import Postgres
from goldenpath.stack.valkey import Valkey


@contextmanager
def running(kind: type[Postgres | Valkey]) -> Iterator[Postgres | Valkey]:
    """A server of its own, on a free port, gone with the context."""
    with tempfile.TemporaryDirectory(prefix="goldenpath-test-", ignore_cleanup_errors=True) as home:
        try:
            server = kind(Path(home))
        except ServiceUnavailable as absent:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(absent))
        try:
            server.launch()
            server.ready()
            yield server
        finally:
            server.stop()
