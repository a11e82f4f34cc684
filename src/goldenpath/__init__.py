"""Golden Path: a product's most important journey, written in Gherkin, run anywhere, honest about what it ran on.

Importing this package imports nothing else; each public name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "given": "goldenpath.bdd",
    "when": "goldenpath.bdd",
    "then": "goldenpath.bdd",
    "step": "goldenpath.bdd",
    "parameter_type": "goldenpath.bdd",
    "GoldenPathError": "goldenpath.domain.errors",
    "ServiceUnavailable": "goldenpath.domain.errors",
    "ServiceAvailabilityChecker": "goldenpath.strategy",
    "HybridExecutionManager": "goldenpath.strategy",
    "ServiceIndependentIntegrationTest": "goldenpath.unittesting",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'goldenpath' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
