"""Step modules: found by the names that the settings give, imported once, with their asserts rewritten."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import sys
import traceback
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final, Protocol

from goldenpath.domain.errors import StepModuleError


class StepModules(Protocol):
    """One entry of the settings' step modules, as ``goldenpath.config`` reads it."""

    @property
    def module(self) -> str:
        """A dotted name, or the path of a ``.py`` file or of a folder."""

    @property
    def features(self) -> str | None:
        """The folder of features, or the one feature, that alone sees them; None for all."""


@dataclass(frozen=True)
class Loaded:
    """A module that an entry of the settings brought in.

    Attributes:
        module: The module.
        features: The folder of features, or the one feature, that alone sees its sentences; None for all.
        entry: The entry as written. The modules of one entry are one scope.
    """

    module: ModuleType
    features: str | None
    entry: str


def load(modules: Sequence[StepModules], root: Path) -> list[Loaded]:
    r"""Import the step modules of the settings.

    A dotted name brings in a module, or a package with all that is in it, however deep, sorted by name. A path (with a
    ``/`` or ``\`` in it, or ending in ``.py``) brings in a file, or all Python files of a folder, sorted; of a folder
    ``conftest.py`` and test modules are left to pytest. A module that is imported already, under whichever name, is
    not imported again.

    Args:
        modules: In the order of the settings.
        root: The folder of the settings file. Paths are relative to it, and it is on ``sys.path`` during the import.

    Raises:
        StepModuleError: There is no such module, or it does not import; ``where`` is the ``file:line`` that failed.
    """
    root = root.absolute()
    loaded = []
    with _on_path(root):
        for entry in modules:
            found = _from_path(entry.module, root) if _is_path(entry.module) else _from_name(entry.module, root)
            loaded += [Loaded(module, entry.features, entry.module) for module in found]
    return loaded


def _is_path(name: str) -> bool:
    return "/" in name or "\\" in name or name.endswith(".py") or name in {".", ".."}


@contextmanager
def _on_path(folder: Path) -> Iterator[None]:
    text = str(folder)
    if text in sys.path:
        yield
        return
    sys.path.insert(0, text)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        if text in sys.path:
            sys.path.remove(text)


def _from_name(name: str, root: Path) -> Iterator[ModuleType]:
    top = _import(name, name, root)
    yield top
    for inner in _submodules(top):
        yield _import(inner, name, root)


_PYTESTS_OWN: Final = ("conftest", "__main__")


def _submodules(package: ModuleType) -> Iterator[str]:
    """The dotted names of all that is in a package, sorted; packages are not imported to look into them."""
    for found in sorted(_walk(getattr(package, "__path__", ()), package.__name__)):
        if found.rpartition(".")[2] not in _PYTESTS_OWN:
            yield found


def _walk(folders: Iterable[str], name: str) -> Iterator[str]:
    for found in pkgutil.iter_modules(folders, f"{name}."):
        yield found.name
        if found.ispkg:
            tail = found.name.rpartition(".")[2]
            yield from _walk([str(Path(folder) / tail) for folder in folders], found.name)


def _from_path(name: str, root: Path) -> Iterator[ModuleType]:
    path = Path(os.path.normpath(root / name))
    if path.is_file():
        yield _import_file(path, name, root)
    elif path.is_dir():
        for file in sorted(path.rglob("*.py")):
            if not _is_left_to_pytest(file):
                yield _import_file(file, name, root)
    else:
        raise StepModuleError(
            f'there is no step module "{name}"', where=str(path), try_next=f"name a file or folder below {root}"
        )


def _is_left_to_pytest(file: Path) -> bool:
    return file.stem in _PYTESTS_OWN or file.stem.startswith("test_") or file.stem.endswith("_test")


def _import_file(file: Path, entry: str, root: Path) -> ModuleType:
    name, base = _name_of(file, root)
    folder = above_packages(file)
    with _named(entry, root), _on_path(base), _on_path(folder):
        if (there := _already_imported(file)) is not None:
            return there
        if name not in sys.modules and _origin(name) == file.resolve():
            _rewrite_asserts(name)
            return importlib.import_module(name)
        return _import_alone(file)


def _already_imported(file: Path | None) -> ModuleType | None:
    """The module that came from a file, under whichever name, links followed."""
    if file is None:
        return None
    real = file.resolve()
    for module in list(sys.modules.values()):
        # Some modules make their attributes, or whole modules, when they are asked for them.
        seen = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(seen, str) and os.path.basename(seen) == real.name and Path(seen).resolve() == real:  # noqa: PTH119
            return module
    return None


def _name_of(file: Path, root: Path) -> tuple[str, Path]:
    """The name by which other modules import a file, and the folder that must be on ``sys.path`` for it."""
    base = above_packages(file)
    if file.is_relative_to(root):
        base = min(base, root, key=lambda folder: len(folder.parts))
    parts = file.relative_to(base).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts), base


def above_packages(file: Path) -> Path:
    """The folder that pytest puts on ``sys.path`` for a test module, whose siblings it may thus import."""
    folder = file.parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder


def _origin(name: str) -> Path | None:
    """The file that an import of this name would read, links followed; packages on the way there are imported."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            return None
        raise  # a package on the way there is broken
    except ValueError:  # a module that says nothing of where it came from
        return None
    return Path(spec.origin).resolve() if spec and spec.origin and spec.has_location else None


def _import_alone(file: Path) -> ModuleType:
    """Import a file that no import statement would find, under a name of its own."""
    name = f"goldenpath_steps_{zlib.crc32(str(file).encode()):08x}.{file.stem}"
    _rewrite_asserts(name)
    specs = (finder.find_spec(name, [str(file.parent)]) for finder in sys.meta_path)
    spec = next((spec for spec in specs if spec and spec.origin and Path(spec.origin) == file), None)
    spec = spec or importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _import(name: str, entry: str, root: Path) -> ModuleType:
    with _named(entry, root):
        if name not in sys.modules:
            if (there := _already_imported(_origin(name))) is not None:
                return there
            _rewrite_asserts(name)
        return importlib.import_module(name)


def _rewrite_asserts(name: str) -> None:
    """Have pytest rewrite the asserts of a module; outside of pytest there is nobody to show them to."""
    pytest = sys.modules.get("pytest")
    if pytest is not None and name not in sys.modules:
        pytest.register_assert_rewrite(name)


@contextmanager
def _named(entry: str, root: Path) -> Iterator[None]:
    """Turn whatever an import raises into an error that names the entry and the line; only Ctrl-C goes through.

    ``SystemExit`` and pytest's skip at module level are no exceptions by class, and would end the whole run.
    """
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a module of somebody else's does when it is imported
        raise _failed(entry, root, error) from None


def _failed(entry: str, root: Path, error: BaseException) -> StepModuleError:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing and (entry == missing or entry.startswith(f"{missing}.")):
        return StepModuleError(
            f'there is no step module "{entry}"',
            where=str(root),
            try_next=f"name a module that can be imported from {root}, or a path that ends in .py or has a / in it",
        )
    said = traceback.format_exception_only(error)[-1].strip()
    return StepModuleError(f'the step module "{entry}" cannot be imported: {said}', where=_where(root, error))


def _where(root: Path, error: BaseException) -> str:
    """The line that failed: the innermost one below the root, since what a library did there is not to blame."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno or 1}"
    ours = Path(__file__)
    frames = [
        (Path(frame.filename), frame.lineno or 1)
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<") and Path(frame.filename) != ours
    ]
    frames = [frame for frame in frames if "importlib" not in frame[0].parts] or frames
    own = [frame for frame in frames if frame[0].is_relative_to(root) and "site-packages" not in frame[0].parts]
    file, line = (own or frames or [(root, 0)])[-1]
    return f"{file}:{line}" if line else str(file)
