"""The close code of a window whose sign-in has ended is the WebSocket protocol's own."""

from __future__ import annotations

from websockets.frames import CloseCode

from goldenpath.ports.events import SESSION_ENDED


def test_a_session_that_ends_is_a_policy_violation() -> None:
    assert SESSION_ENDED == CloseCode.POLICY_VIOLATION
