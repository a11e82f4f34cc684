"""The folder in which a keeper and those who ask it find each other."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from goldenpath.stack.locks import is_held


class KeeperFolder:
    """The files of one keeper."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = path / "keeper.lock"
        self.starting = path / "starting.lock"
        self.log = path / "keeper.log"
        self._state = path / "keeper.json"

    def is_kept(self) -> bool:
        """Whether a keeper lives here."""
        return is_held(self.lock)

    def tell(self, state: dict[str, Any]) -> None:
        """Write how the keeper is reached; nobody else on the machine may read it."""
        part = self.path / f".{secrets.token_hex(4)}.part"
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(state, file)
        part.replace(self._state)

    def is_told(self) -> bool:
        """Whether the keeper can still be found."""
        return self._state.exists()

    def told(self) -> dict[str, Any] | None:
        """How the keeper is reached; None while there is none."""
        try:
            state = json.loads(self._state.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return state if isinstance(state, dict) else None

    def files(self) -> list[Path]:
        """The files that are there, the locks of owners that are gone among them."""
        ours = (self._state, self.starting, self.log, self.lock)
        owners = [lock for lock in sorted(self.path.glob("*.lock")) if lock not in ours and not is_held(lock)]
        return [path for path in (*owners, *ours) if path.exists()]

    def clear(self) -> None:
        """Remove the files, the keeper's lock last; the folder too when nothing else is in it."""
        for path in self.files():
            with suppress(OSError):  # Windows removes no file that is open
                path.unlink()
        with suppress(OSError):  # a run's folder holds more than this
            self.path.rmdir()
