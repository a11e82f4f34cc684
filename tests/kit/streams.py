"""Checks a stream of messages in every way there is: ``check`` is for whatever test has one.

What is written in Python is always checked: that it reads as Cucumber Messages, loses nothing when it is written again,
and has a sound life cycle. The JSON schema, and Cucumber's own HTML report, come from npm (``make node`` installs them
into ``node/node_modules``): without them ``check`` leaves these two out at a desk, and fails in CI.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kit import lifecycle
from kit.ids import Envelope

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

NODE: Final = Path(__file__).parent / "node"
SCHEMA: Final = NODE / "node_modules/@cucumber/messages/messages.schema.json"


def check(stream: Path) -> None:
    """Fail unless the stream in this file is sound in every way.

    Raises:
        AssertionError: It is not, with every problem; or, in CI, node or its packages are not there.
    """
    envelopes = read(stream)
    problems = lifecycle.problems(envelopes) + changed(envelopes)
    missing = without_node()
    if missing is None:
        problems += against_schema(envelopes) + not_shown(stream)
    elif in_ci():
        problems.append(missing)
    assert not problems, "\n".join([f"{stream}:", *problems[:20]])


def read(stream: Path) -> list[Envelope]:
    """The messages of a file, one a line.

    Raises:
        AssertionError: A line is no message, or the last one is not ended.
    """
    text = stream.read_bytes().decode("utf-8")
    assert text.endswith("\n"), f"{stream}: the last line has no end"
    envelopes = [json.loads(line) for line in text.split("\n")[:-1]]
    assert all(isinstance(envelope, dict) for envelope in envelopes), f"{stream}: there is a line that is no message"
    return envelopes


def changed(stream: Sequence[Envelope]) -> list[str]:
    """What is not the same when Cucumber's own package has read it and written it again."""
    import cucumber_messages  # type: ignore[import-untyped]
    from cucumber_messages.json_converter import JsonDataclassConverter  # type: ignore[import-untyped]

    converter = JsonDataclassConverter(module_scope=cucumber_messages)
    problems = []
    for number, envelope in enumerate(stream, 1):
        try:
            again = converter.to_dict(converter.from_dict(envelope, cucumber_messages.Envelope))
        except Exception as error:  # noqa: BLE001 - whatever the package says of it
            problems.append(f"message {number}: {type(error).__name__}: {error}")
        else:
            if again != envelope:
                problems.append(f"message {number}: {envelope} reads as {again}")
    return problems


def against_schema(stream: Sequence[Envelope]) -> list[str]:
    """What the JSON schema of the messages says against it; needs what ``without_node`` asks for."""
    return [
        f"message {number}: {error.json_path}: {error.message}"
        for number, envelope in enumerate(stream, 1)
        for error in _validator().iter_errors(envelope)
    ]


@cache
def _validator() -> Validator:
    from jsonschema import Draft202012Validator

    schema: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
    return Draft202012Validator(schema)


def not_shown(stream: Path) -> list[str]:
    """Why Cucumber's HTML report of it breaks or stays blank, if it does; needs what ``without_node`` asks for."""
    browser = _browser()
    assert browser.stdin
    assert browser.stdout
    browser.stdin.write(f"{stream.absolute()}\n")
    browser.stdin.flush()
    answer = browser.stdout.readline()
    assert answer, "the page that shows the report is gone"
    error = json.loads(answer)
    return [f"the HTML report: {error}"] if error else []


@cache
def _browser() -> subprocess.Popen[str]:
    """What opens the pages; one for all streams, since its start costs more than all pages."""
    command = ["node", str(NODE / "render.mjs")]
    browser = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
    atexit.register(browser.communicate)
    return browser


def without_node() -> str | None:
    """What is missing for the checks that come from npm, or None."""
    if shutil.which("node") is None:
        return "there is no node on this machine"
    return None if SCHEMA.exists() else f"{NODE} has no packages: make node"


def in_ci() -> bool:
    """Whether this is a build server, where nothing may be left out."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}
