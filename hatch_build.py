"""Puts goldenpath.pth beside the package, in a wheel and in an editable install alike; see goldenpath/early.py."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class EarlyHook(BuildHookInterface[Any]):
    """Adds one file to the root of the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the file under the key of the kind of wheel that is built."""
        key = "force_include_editable" if version == "editable" else "force_include"
        build_data[key]["goldenpath.pth"] = "goldenpath.pth"
