"""Settings: one option table, read from flags, environment variables, the settings file and defaults, in that order."""

from __future__ import annotations

from goldenpath.config.options import MODES, OPTIONS, Exec, Option, Platform, StepModules, option
from goldenpath.config.settings import Settings, load

__all__ = ["MODES", "OPTIONS", "Exec", "Option", "Platform", "Settings", "StepModules", "load", "option"]
