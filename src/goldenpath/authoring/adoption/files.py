"""Finding and reading Python files that others wrote, whatever they are."""

from __future__ import annotations

import ast
import os
import stat
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 2_000_000
"""Larger files are made by programs; they are not read."""

_PASSED_BY: Final = frozenset({"__pycache__", "build", "dist", "node_modules", "venv", "site-packages"})


class NotRead(Exception):
    """A file cannot be read; the message says why, in a few words."""


def found(paths: Iterable[Path]) -> Iterator[Path]:
    """The Python files that are named or lie below, each once, in the order of their names."""
    seen: set[tuple[int, int]] = set()
    told: set[Path] = set()
    for path in paths:
        for each in _below(path, seen) if path.is_dir() else (path,):
            if each not in told:
                told.add(each)
                yield each


def _below(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Path]:
    """What lies in a folder; one that was seen before under any name is passed by: links may lead in a circle."""
    try:
        state = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda each: each.name)
    except OSError:
        return
    if (state.st_dev, state.st_ino) in seen or any(each.name == "pyvenv.cfg" for each in entries):
        return
    seen.add((state.st_dev, state.st_ino))
    for entry in entries:
        path = Path(entry.path)
        if _is_folder(entry):
            if not entry.name.startswith(".") and entry.name not in _PASSED_BY and not entry.name.endswith(".egg"):
                yield from _below(path, seen)
        elif entry.name.endswith(".py"):
            yield path


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file.

    Raises:
        NotRead: It is no Python that this interpreter reads, or no file that should be opened.
    """
    source = _source(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source, str(path))
    except SyntaxError as error:
        place = f"line {error.lineno}: " if error.lineno else ""
        raise NotRead(f"{place}{error.msg}") from None
    except (RecursionError, MemoryError):
        raise NotRead("nested too deeply") from None
    except ValueError as error:
        raise NotRead(str(error)) from None


def _source(path: Path) -> bytes:
    """The bytes of a regular file of bounded size: a pipe would be waited for without end."""
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise NotRead("no regular file")
        if state.st_size > MOST_BYTES:
            raise NotRead(f"too large ({state.st_size / 1e6:,.1f} MB)")
        source = path.read_bytes()
    except OSError as error:
        raise NotRead(error.strerror or str(error)) from None
    if b"\0" in source:
        raise NotRead("binary")
    return source
