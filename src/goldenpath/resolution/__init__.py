"""Which adapter answers for which service: registry, probing, and the choice itself, which is pure."""

from __future__ import annotations

from goldenpath.resolution.demands import Demands, demands_of
from goldenpath.resolution.probing import probe
from goldenpath.resolution.registry import Candidate, Registry
from goldenpath.resolution.resolve import candidates, resolve, resolve_for, services, without

__all__ = [
    "Candidate",
    "Demands",
    "Registry",
    "candidates",
    "demands_of",
    "probe",
    "resolve",
    "resolve_for",
    "services",
    "without",
]
