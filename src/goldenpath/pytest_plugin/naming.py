"""Names of scenarios among pytest's nodes: ``features/login.feature::Wrong password[ada-secret]#2``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


class NodeNames:
    """The node names of one feature file, each given once."""

    def __init__(self) -> None:
        self._equals: Counter[str] = Counter()
        self._given: set[str] = set()

    def of(self, name: str, row: Sequence[str] = ()) -> str:
        """The name of the next scenario: its title, the values of its row, and an ordinal among equals."""
        base = _plain(name) or "(no name)"
        if row:
            base += f"[{_plain('-'.join(row))}]"
        name = ""
        # A title may end as an ordinal does.
        while not name or name in self._given:
            self._equals[base] += 1
            name = base if self._equals[base] == 1 else f"{base}#{self._equals[base]}"
        self._given.add(name)
        return name


def _plain(text: str) -> str:
    """The text without what means something in a node id."""
    return " ".join(text.split()).replace("::", ":")
