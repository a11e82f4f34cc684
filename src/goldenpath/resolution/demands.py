"""What one test demands of what it runs on: by its tags or markers, and by the folder in which it lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from goldenpath.config import Settings
from goldenpath.domain.values import Tier

INDEPENDENT: Final = "service_independent"
REAL_SERVICES: Final = "real_services"
CRITICAL: Final = "critical"

_STRICTEST_FIRST: Final = (REAL_SERVICES, "hybrid", INDEPENDENT)


@dataclass(frozen=True, slots=True)
class Demands:
    """What a test asks for besides what the run asks for; tests with equal demands run on the same.

    Attributes:
        category: ``service_independent`` (always on mocks), ``real_services`` (never on a mock), or neither.
        floor: The least tier that may answer; None for any.
        floor_by: The tag or marker that says so.
        critical: Whether a lost service is an error, and no other adapter may take its place.
        needs: The capabilities without which another adapter takes the place, as ``service.capability``.
    """

    category: str = ""
    floor: Tier | None = None
    floor_by: str = ""
    critical: bool = False
    needs: frozenset[str] = frozenset()


def demands_of(settings: Settings, tags: Iterable[str] = (), path: str = "", needs: Iterable[str] = ()) -> Demands:
    """What a test demands.

    Args:
        settings: What was asked for, with its floors and folders.
        tags: Its tags and markers, with or without ``@``; of two that say different things the stricter counts.
        path: The file that it is in, relative to the root of the project. A tag says more than a folder, a folder
            more than one around it.
        needs: The capabilities that it needs, as ``service.capability``.
    """
    words = {tag.removeprefix("@") for tag in tags}
    category = next((each for each in _STRICTEST_FIRST if each in words), None) or _by_folder(settings, path)
    floors = [(Tier(tier), tag) for tag, tier in settings.require.items() if tag in words]
    floor, floor_by = max(floors, key=lambda each: each[0].rank, default=(None, ""))
    return Demands(
        category=category if category in {REAL_SERVICES, INDEPENDENT} else "",
        floor=floor,
        floor_by=floor_by,
        critical=CRITICAL in words,
        needs=frozenset(needs),
    )


def _by_folder(settings: Settings, path: str) -> str:
    if not settings.paths or not path:
        return ""
    file = PurePosixPath(path.replace("\\", "/"))
    around = [folder for folder in settings.paths if file.is_relative_to(PurePosixPath(folder))]
    return settings.paths[max(around, key=lambda each: len(PurePosixPath(each).parts))] if around else ""
