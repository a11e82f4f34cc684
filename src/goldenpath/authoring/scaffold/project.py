"""The beginning of a project: its settings, the promises that hold for it as features of its own, sentences, CI."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

from goldenpath.authoring.scaffold.looking import Found
from goldenpath.authoring.scaffold.settings import OWN_STEPS
from goldenpath.authoring.scaffold.writing import filled
from goldenpath.config.file import OWN_FILE
from goldenpath.domain.values import SERVICES

CI_FILES: Final[Mapping[str, str]] = {
    "github": ".github/workflows/golden-path.yml",
    "gitlab": ".gitlab/golden-path.yml",
}
"""Where the job goes, by whose CI it is."""

_EXAMPLES: Final = {
    "auth": "http://localhost:8001",
    "agents": "http://localhost:8002",
    "events": "ws://localhost:8003/ws",
    "database": "postgresql://me@localhost/shop",
    "cache": "redis://localhost:6379/0",
}
_START: Final = "python -m shop.{service} --port {{port}}"
_SHOWN: Final = 8


class Promise(NamedTuple):
    """One of the features that come with us.

    Attributes:
        name: Of its file, without what follows the dot: ``signing_in``.
        title: Of the feature.
        text: The whole file.
        services: What each of its scenarios belongs to, by scenario.
    """

    name: str
    title: str
    text: str
    services: tuple[frozenset[str], ...]

    def holds_with(self, services: Collection[str]) -> bool:
        """Whether some scenario of it can run in a project with these services."""
        return any(each <= frozenset(services) for each in self.services)


@dataclass
class Project:
    """What a project is to begin with.

    Attributes:
        services: The services that it has.
        promises: The names of the features that hold for it.
        urls: Where a service runs already, by service.
        commands: How a service is started, by service.
        ci: Whose CI, or empty for none.
        found: What was seen in the repository.
    """

    services: tuple[str, ...]
    promises: tuple[str, ...]
    urls: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, str] = field(default_factory=dict)
    ci: str = ""
    found: Found = field(default_factory=Found)

    def texts(self, root: Path) -> dict[str, str]:
        """The text of each file, by its path below ``root``; sentences that are there already need no beginning."""
        written = {OWN_FILE: self._settings()}
        if not (root / OWN_STEPS).exists():
            written[f"{OWN_STEPS}/own.py"] = filled("own_steps.py.jinja")
        written |= {f"features/{each.name}.feature": each.text for each in promises() if each.name in self.promises}
        if self.ci:
            written[CI_FILES[self.ci]] = filled(f"{self.ci}.yml.jinja")
        return written

    def _settings(self) -> str:
        absent = [each for each in SERVICES if each not in self.services]
        return filled("settings.toml.jinja", absent=absent, services=[self._service(each) for each in self.services])

    def _service(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "why": self.found.reasons.get(name, ""),
            "operations": self.found.operations.get(name, ())[:_SHOWN],
            "url": self.urls.get(name, ""),
            "command": self.commands.get(name, ""),
            "example": self.found.addresses.get(name) or _EXAMPLES.get(name, ""),
            "start": self._start(name),
        }

    def _start(self, name: str) -> str:
        seen = [command for _, command in self.found.commands]
        return seen[0] if seen else _START.format(service=name)


def promises() -> tuple[Promise, ...]:
    """The features that come with us, by name."""
    from goldenpath.gherkin import read

    folder = Path(str(files("goldenpath.features")))
    found = []
    for path in sorted(folder.glob("*.feature")):
        feature = read(path, rootdir=folder, features_root=folder)
        services = tuple(frozenset(_services(each.tags)) for each in feature.pickles)
        text = path.read_text(encoding="utf-8")
        found.append(Promise(path.name.partition(".")[0], feature.name, text, services))
    return tuple(found)


def _services(tags: Iterable[str]) -> Iterable[str]:
    return (tag.removeprefix("@") for tag in tags if tag.removeprefix("@") in SERVICES)
