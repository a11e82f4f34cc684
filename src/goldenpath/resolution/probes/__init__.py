"""Looks at services that prove the service, not the port, each under one deadline for everything together.

They tell apart: nothing listens; it accepts and says nothing; it is too slow; it closes without an answer; it speaks
another protocol; it asks for a password; it is not ready; it is up. No password is ever in what they say.
"""

from __future__ import annotations

from goldenpath.resolution.probes.http import probe_docker, probe_http, probe_websocket
from goldenpath.resolution.probes.stores import probe_postgres, probe_redis

__all__ = ["probe_docker", "probe_http", "probe_postgres", "probe_redis", "probe_websocket"]
