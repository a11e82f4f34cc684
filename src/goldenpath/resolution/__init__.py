"""Which adapter answers for which service: registry, probing, and the choice itself, which is pure."""

from __future__ import annotations

from goldenpath.resolution.probing import probe
from goldenpath.resolution.registry import Candidate, Registry
from goldenpath.resolution.resolve import candidates, resolve

__all__ = ["Candidate", "Registry", "candidates", "probe", "resolve"]
