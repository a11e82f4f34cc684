"""One feature file, from the disk: out of the cache where it is known, else parsed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from goldenpath.domain.errors import FeatureError
from goldenpath.gherkin.cache import Entry
from goldenpath.gherkin.model import Compiled, Feature


def read(path: Path, *, rootdir: Path, features_root: Path, cache: Path | None = None) -> Feature:
    """Read one feature file.

    Args:
        path: The file. It is UTF-8, with or without a byte order mark; Markdown if it ends in ``.md``.
        rootdir: What ``uri`` is relative to: pytest's rootdir.
        features_root: What scenario ids are relative to: the folder of features that was asked for or is set.
        cache: The folder where compiled features are kept by their content; None keeps none.

    Raises:
        FeatureError: The file is not UTF-8 or does not parse, a column of an Examples table is there twice, the
            first step of a scenario or background has no kind, or a misspelt keyword would hide a step. It names all
            syntax errors; ``where`` is the first, ``envelopes`` tells them to a report.
        OSError: The file cannot be read.
    """
    raw = path.read_bytes()
    uri, below = _relative(path, rootdir), _relative(path, features_root)
    if cache is None:
        return _feature(*_compiled(raw, uri, below), path, features_root)
    entry = Entry(cache, raw, uri, below)
    compiled = entry.load()
    if compiled is None:
        compiled, envelopes = _compiled(raw, uri, below)
        if not entry.store(compiled, envelopes):
            return _feature(compiled, envelopes, path, features_root)
    return _feature(compiled, lambda: entry.envelopes() or _envelopes_anew(path, entry), path, features_root)


def _feature(compiled: Compiled, envelopes: bytes | Callable[[], bytes], path: Path, root: Path) -> Feature:
    said = msgspec.structs.asdict(compiled)
    return Feature(path=path, root=root, held_envelopes=envelopes, **said)


def _envelopes_anew(path: Path, entry: Entry) -> bytes:
    """The envelopes of a feature whose entry was removed since it was read."""
    raw = path.read_bytes()
    if not entry.is_of(raw):
        raise FeatureError(
            "the file was changed while its scenarios ran, and the cache was emptied",
            where=entry.uri,
            try_next="run again",
        )
    return _compiled(raw, entry.uri, entry.below)[1]


def _compiled(raw: bytes, uri: str, below: str) -> tuple[Compiled, bytes]:
    from goldenpath.gherkin import reading

    return reading.compiled(raw, uri, below)


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive of Windows
        return path.as_posix()
