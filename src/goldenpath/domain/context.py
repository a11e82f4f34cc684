"""Where in a run the running code is: the context through which observations find their scenario and step."""

from __future__ import annotations

from contextvars import ContextVar

caller: ContextVar[str] = ContextVar("goldenpath_caller", default="scenario")
"""Who calls a port: ``scenario``, or the service whose adapter does."""
