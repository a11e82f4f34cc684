"""Names of scenarios among pytest's nodes: ``features/login.feature::Wrong password[ada-secret]#2``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


class NodeNames:
    """The node names of one feature file, each given once."""

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()

    def of(self, name: str, row: Sequence[str] = ()) -> str:
        """The name of the next scenario: its title, the values of its row, and an ordinal among equals."""
        base = _plain(name) or "(no name)"
        if row:
            base += f"[{_plain('-'.join(row))}]"
        self._given[base] += 1
        return base if self._given[base] == 1 else f"{base}#{self._given[base]}"


def _plain(text: str) -> str:
    """The text without what means something in a node id."""
    return " ".join(text.split()).replace("::", ":")
