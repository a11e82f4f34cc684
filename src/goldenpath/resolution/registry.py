"""The adapters that there are: those of installed packages, and those that a project registers itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final

from goldenpath.domain.errors import UsageError
from goldenpath.domain.values import SERVICES, Tier
from goldenpath.ports.adapter import Adapter

GROUP: Final = "goldenpath.adapters"
"""The entry-point group; a name is ``SERVICE.TIER``, a value a class or function that gives an adapter."""

PLACES: Final = "goldenpath.places"
"""The entry-point group of what makes an adapter from settings alone; a name is a tier, a value a ``Place``."""

Place = Callable[[str, Mapping[str, Any], Path], Adapter | None]
"""Gives the adapter of a service, by its name, its table of the settings and the project's folder; None where the
table names none at that place. Raises ``SettingsError``."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A registered adapter under its name. The later it came, the nearer it is to the project.

    Attributes:
        name: ``SERVICE.TIER`` by custom.
        adapter: The adapter.
        settings: Its service's own table in the settings, for its probe.
    """

    name: str
    adapter: Adapter
    settings: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def tier(self) -> Tier:
        """How real its machinery is."""
        return Tier(self.adapter.tier)


class Registry:
    """Adapters by name, in the order in which they came."""

    def __init__(self, entries: Iterable[EntryPoint] = ()) -> None:
        """Start with the adapters of ``entries``; see ``installed`` for those of this environment.

        Raises:
            UsageError: One of them cannot be loaded, is no adapter, or has a name that is taken.
        """
        self._adapters: dict[str, Adapter] = {}
        for entry in entries:
            self.register(entry.name, _load(entry))

    @classmethod
    def installed(cls) -> Registry:
        """The adapters that the packages of this environment bring."""
        return cls(entry_points(group=GROUP))

    def register(self, name: str, adapter: Adapter) -> None:
        """Add an adapter. Among several of one service and tier, the last one is taken first.

        Args:
            name: ``SERVICE.TIER`` by custom; what reports call it.
            adapter: An instance, see ``goldenpath.ports.adapter.Adapter``.

        Raises:
            UsageError: The name is taken, or the adapter lacks something that every adapter has.
        """
        if name in self._adapters:
            raise UsageError(f"two adapters are named {name!r}", where=name, try_next="give one of them another name")
        if lacking := [each for each in _EVERY_ADAPTER_HAS if not hasattr(adapter, each)]:
            raise UsageError(f"the adapter {name!r} lacks {', '.join(lacking)}", where=name)
        if adapter.tier not in list(Tier):
            raise UsageError(f"the adapter {name!r} has no tier {adapter.tier!r}", where=name)
        for each in _NAMES:
            named: object = getattr(adapter, each)
            if not isinstance(named, tuple | list | set | frozenset) or not all(isinstance(one, str) for one in named):
                said = f"the adapter {name!r} has {each} = {named!r}, which is no tuple or set of names"
                raise UsageError(said, where=name, try_next=f'{each} = ("...",)')
        self._adapters[name] = adapter

    def configured(self, tables: Mapping[str, Mapping[str, Any]], root: Path | None = None) -> Registry:
        """The same adapters, each that asks for it with its service's settings, and those that the settings alone make.

        Args:
            tables: ``[services]`` of the settings, by service.
            root: The project's folder: commands run there, and modules that the settings name are looked for there,
                behind everywhere else; None for where the process stands.

        Raises:
            SettingsError: What the settings say of a service cannot be read.
        """
        registry = Registry()
        for name, adapter in self._adapters.items():
            configure = getattr(adapter, "configured", None)
            table = tables.get(adapter.services[0] if adapter.services else "", {})
            registry.register(name, configure(table) if configure is not None and table else adapter)
        for name, adapter in _placed(tables, (root or Path.cwd()).absolute()):
            registry._adapters.pop(name, None)  # the settings are nearer to the project than any package
            registry.register(name, adapter)
        return registry

    def __iter__(self) -> Iterator[Candidate]:
        return (Candidate(name, adapter) for name, adapter in self._adapters.items())

    def __getitem__(self, name: str) -> Adapter:
        return self._adapters[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all, in the order in which they came."""
        return tuple(self._adapters)

    def of(self, service: str) -> tuple[Candidate, ...]:
        """The adapters that answer a service, the last one registered first."""
        return tuple(each for each in reversed(list(self)) if service in each.adapter.services)

    @property
    def services(self) -> tuple[str, ...]:
        """The services that some adapter answers: ours in our order, then the others by name."""
        answered = {service for each in self for service in each.adapter.services}
        return (*(each for each in SERVICES if each in answered), *sorted(answered - set(SERVICES)))


_NAMES: Final = ("services", "needs", "capabilities")
_EVERY_ADAPTER_HAS: Final = ("services", "tier", "stand_in", "needs", "capabilities", "probe", "open")


def _placed(tables: Mapping[str, Mapping[str, Any]], root: Path) -> Iterator[tuple[str, Adapter]]:
    """The adapters that the settings alone make, each with its name."""
    asked = {tier for table in tables.values() for tier in table if tier in list(Tier)}
    if not asked:
        return
    if str(root) not in sys.path:
        sys.path.append(str(root))
    for entry in entry_points(group=PLACES):
        for service, table in tables.items():
            if entry.name not in asked or not isinstance(table.get(entry.name), Mapping):
                continue
            place: Place = entry.load()
            if (adapter := place(service, table, root)) is not None:
                yield f"{service}.{entry.name}", adapter


def _load(entry: EntryPoint) -> Adapter:
    """Make the adapter of an entry point.

    Raises:
        UsageError: It cannot be imported or made; the message names the entry point and its package.
    """
    package = entry.dist.name if entry.dist is not None else "an unknown package"
    try:
        adapter: Adapter = entry.load()()
    except Exception as error:
        message = f"the adapter {entry.name!r} of {package} cannot be loaded: {type(error).__name__}: {error}"
        raise UsageError(
            message, where=f"{GROUP}: {entry.value}", try_next=f"pip install --upgrade {package}"
        ) from error
    return adapter
