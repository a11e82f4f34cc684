"""Our own platform, spoken as a mapping says that is written out in full: the Golden Path passes on it as verified."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from acceptance.local.conftest import tables

GOLDEN_PATH = str(Path(str(files("goldenpath.features"))) / "golden_path.feature")

AUTH = """
[services.auth]
capabilities = ["accounts", "fresh", "password_login", "sessions", "rotation", "lockout", "clock"]

[services.auth.operations.me]
request = "GET /auth/me"
answer = { id = "id", email = "email", permissions = "permissions" }
"""
AGENTS = """
[services.agents]
capabilities = ["cancel", "scripted", "clock"]

[services.agents.operations.thread]
request = "GET /api/threads/{thread_id}"
answer = { id = "id", title = "title", created_at = "created_at", last_activity_at = "last_activity_at" }
"""
EVENTS = """
[services.events.socket]
path = "/ws"
query = { ticket = "{ticket}", run_id = "{run_id}", last_seq = "{last_seq}" }
headers = { Authorization = "Bearer {access_token}" }
closes = { "1008" = "session_ended" }

[services.events.envelope]
type = "type"
event_id = "event_id"
seq = "seq"
run_id = "run_id"
thread_id = "thread_id"
user_id = "user_id"
agent = "agent"
timestamp = "timestamp"
data = "data"

[services.events.types]
agent_started = "agent_started"
agent_thinking = "agent_thinking"
tool_executing = "tool_executing"
tool_completed = "tool_completed"
agent_completed = "agent_completed"
agent_failed = "agent_failed"
run_accepted = "ignore"

[services.events.ask]
message = { type = "start_agent", prompt = "{prompt}", thread_id = "{thread_id}", request_id = "{request_id}" }
answer = { match = "type == 'run_accepted'", request_id = "request_id", run_id = "run_id", thread_id = "thread_id" }
refusal = { match = "type == 'error'", request_id = "request_id", code = "error.code", message = "error.message" }
"""


@pytest.mark.parametrize(
    "mapped", [("auth",), ("agents",), ("events",), ("auth", "agents", "events")], ids=lambda each: "+".join(each)
)
def test_the_golden_path_passes_on_a_mapping(local, run_by_others, mapped):
    said = {"auth": AUTH, "agents": AGENTS, "events": EVENTS}
    text = tables(run_by_others) + "".join(said[each] for each in mapped)
    (local.root / "goldenpath.toml").write_text(text)
    local.start("--mode", "real", "-c", "pytest.ini", "--rootdir", ".", features=GOLDEN_PATH)
    assert local.end() == 0, local.said
    assert {each["status"] for each in local.ends} == {"passed"}, local.said
    assert {each["standing"] for each in local.ends} == {"verified"}


def test_a_mapping_that_does_not_fit_says_what_came_and_what_to_mend(local, run_by_others):
    text = tables(run_by_others) + AUTH + AUTH_THAT_IS_WRONG
    (local.root / "goldenpath.toml").write_text(text)
    local.start("--mode", "real", "-c", "pytest.ini", "--rootdir", ".", features=GOLDEN_PATH)
    assert local.end() == 1
    said = " ".join(local.said.split())
    assert "POST /auth/login" in said, local.said
    assert "services.auth.operations.login" in said, local.said
    assert "Traceback" not in said


AUTH_THAT_IS_WRONG = """
[services.auth.operations.login]
answer = { access_token = "token.value" }
"""
