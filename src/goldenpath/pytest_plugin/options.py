"""Our options on pytest's command line, and the settings that come of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from goldenpath.domain.errors import UsageError

if TYPE_CHECKING:
    from goldenpath.config import Option, Settings

DEST: Final = "goldenpath_"
"""What the names of our options begin with in ``config.option``, where everybody's names meet."""

_FILES: Final = ("messages", "allure")
"""What a flag names from the folder in which pytest was started, as pytest's own ``--junitxml`` does."""


@contextmanager
def usage_errors() -> Iterator[None]:
    """Tell an error in what was asked for as pytest does: one message, exit status 4."""
    try:
        yield
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def add_options(parser: pytest.Parser) -> None:
    """Add our flags, but for those that a conftest or another plugin has by now: theirs stand (rule 9)."""
    from goldenpath.config import OPTIONS

    taken = {name for group in parser._groups for option in group.options for name in option.names()}
    group = parser.getgroup("goldenpath", "Golden Path")
    for option in OPTIONS:
        if flags := [flag for flag in option.flags if flag not in taken]:
            group.addoption(*flags, **_attributes(option, flags[0]))


def _attributes(option: Option, flag: str) -> dict[str, Any]:
    text = f"{option.help} Example: {_example(option, flag)}".replace("%", "%%")
    attributes: dict[str, Any] = {"dest": DEST + option.name, "default": None, "help": text}
    if not option.metavar:
        return attributes | {"action": "store_true"}
    return attributes | {"action": "append" if option.repeatable else "store", "metavar": option.metavar}


def _example(option: Option, flag: str) -> str:
    """How the flag is written: the table's example, brought from the settings file to the command line."""
    if not option.metavar:
        return flag
    if option.example.startswith("--"):
        # With =, since pytest takes an argument that begins with @ for a file of arguments.
        return f"{flag}={option.example.removeprefix(option.flags[0])[1:]}"
    written = re.search(r'(\w+) = (?:"([^"]+)"|([\d.]+))', option.example)
    if written is None:
        return flag
    value = written[2] or written[3]
    return f"{flag} {written[1]}={value}" if option.repeatable else f"{flag} {value}"


def settings_of(config: pytest.Config) -> Settings:
    """The settings of this run.

    Raises:
        pytest.UsageError: A flag, a variable or the settings file is wrong.
    """
    from goldenpath.config import OPTIONS, load

    flags = {option.name: getattr(config.option, DEST + option.name, None) for option in OPTIONS}
    for name in _FILES:
        if (path := flags[name]) is not None:
            flags[name] = path and str(config.invocation_params.dir / path)
    with usage_errors():
        return load(config.rootpath, flags, os.environ)
