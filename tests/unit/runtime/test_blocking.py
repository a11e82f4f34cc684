"""The blocking face has the types of the ports."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from goldenpath.ports import agents, auth, blocking, cache, clock, database, events

ROOT = Path(__file__).parents[3]
PAIRS = [
    (auth.AuthPort, blocking.BlockingAuth),
    (agents.AgentsPort, blocking.BlockingAgents),
    (events.EventsPort, blocking.BlockingEvents),
    (events.Connection, blocking.BlockingConnection),
    (database.DatabasePort, blocking.BlockingDatabase),
    (cache.CachePort, blocking.BlockingCache),
    (cache.Subscription, blocking.BlockingSubscription),
    (clock.Clock, blocking.BlockingClock),
]
BLOCKING = {
    "Connection": "BlockingConnection",
    "AbstractAsyncContextManager[Subscription]": "AbstractContextManager[BlockingSubscription]",
}
OF_ADAPTERS = {"deliver", "ended", "lost", "watch", "broke", "untold"}
"""What a connection has for its adapter alone."""


def operations(cls: type) -> dict[str, object]:
    members = {name: getattr(member, "fget", member) for name, member in vars(cls).items()}
    return {
        name: inspect.signature(member)
        for name, member in members.items()
        if not name.startswith("_") and name not in OF_ADAPTERS and inspect.isfunction(member)
    }


@pytest.mark.parametrize(("port", "face"), PAIRS, ids=lambda each: each.__name__)
def test_the_blocking_face_says_what_the_port_says(port: type, face: type) -> None:
    wanted = {
        name: signature.replace(
            return_annotation=BLOCKING.get(signature.return_annotation, signature.return_annotation)
        )
        for name, signature in operations(port).items()
    }
    assert operations(face) == wanted
    assert not any(inspect.iscoroutinefunction(member) for member in vars(face).values())


def test_a_type_checker_knows_the_blocking_face(tmp_path: Path) -> None:
    snippet = tmp_path / "snippet.py"
    snippet.write_text(
        "from typing import assert_type\n"
        "from goldenpath.ports.auth import Grant\n"
        "from goldenpath.ports.events import Event\n"
        "from goldenpath.runtime.services import Services\n"
        "def use(services: Services) -> None:\n"
        "    grant = services.sync.auth.login('a', 'b')\n"
        "    assert_type(grant, Grant)\n"
        "    assert_type(services.sync.events.connect(grant.access_token).next(), Event)\n"
        "    with services.sync.cache.subscribe('news') as news:\n"
        "        assert_type(news.get(1), str | None)\n"
        "    services.sync.auth.login('a')\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"), str(snippet)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    (error,) = (line for line in done.stdout.splitlines() if ": error:" in line)
    assert ':11: error: Missing positional argument "password"' in error
