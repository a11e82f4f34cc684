"""The scripted assistant as data: which question makes it think what, use which tools, and say what.

A script is a table of a TOML file::

    [[scripts]]
    name = "one-tool"
    question = "How did our sales do last week?"     # left out: answers whatever has no script
    steps = [
        { think = "It is in the sales report." },
        { tool = "sales_report", arguments = { week = "last" }, result = { total = 128400 }, takes = 0.05 },
        { together = [ { tool = ... }, { tool = ... } ] },
    ]
    answer = "Sales rose by 4 percent."              # or, as the last step: { crash = "why" }
    first_answer = "..."                             # instead of ``answer`` where nothing was asked before
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from goldenpath.domain.errors import SettingsError

SLOWEST: Final = 0.2
"""The longest that a tool may take, in seconds: scenarios stay quick on every tier."""

OURS: Final = Path(__file__).with_name("scripts.toml")
"""The scripts of the reference platform."""

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_FILLED: Final = frozenset({"question", "previous"})


@dataclass(frozen=True, slots=True)
class Think:
    """A thought, told as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One use of a tool: it gives ``result``, or fails with ``error``, after ``takes`` seconds."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    result: Any = None
    error: str | None = None
    takes: float = 0.0


@dataclass(frozen=True, slots=True)
class Together:
    """Tools at work at the same time."""

    calls: tuple[ToolCall, ...]

    def by_completion(self) -> list[int]:
        """The places of the calls in the order in which they are done; of equally long ones the last is first."""
        return sorted(range(len(self.calls)), key=lambda place: (self.calls[place].takes, -place))


@dataclass(frozen=True, slots=True)
class Crash:
    """The assistant gives up, for this reason."""

    message: str


Step = Think | ToolCall | Together | Crash


@dataclass(frozen=True, slots=True)
class Asked:
    """What the texts of a script are filled with; ``previous`` is None where nothing was asked before."""

    question: str
    previous: str | None = None

    def fill(self, value: Any) -> Any:
        """``value`` with each placeholder in its texts replaced, at any depth."""
        if isinstance(value, str):
            words = {"question": self.question, "previous": self.previous or ""}
            return _PLACEHOLDER.sub(lambda found: words.get(found[1], found[0]), value)
        if isinstance(value, Mapping):
            return {key: self.fill(part) for key, part in value.items()}
        return [self.fill(part) for part in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Script:
    """What the assistant does with one question; ``question`` is None for all that have no script."""

    name: str
    question: str | None
    steps: tuple[Step, ...]
    answer: str | None
    first_answer: str | None = None

    @property
    def looks_back(self) -> bool:
        """Whether it needs to know what was asked before."""
        return self.first_answer is not None or "{previous}" in repr((self.steps, self.answer))

    def answer_to(self, asked: Asked) -> str:
        """What the assistant says in the end; only for a script that does not end in a crash."""
        first = asked.previous is None and self.first_answer is not None
        return str(asked.fill(self.first_answer if first else self.answer))


class Scripts:
    """All scripts, found by question; of two for one question the later wins."""

    def __init__(self, scripts: Iterable[Script]) -> None:
        self._by_question = {_key(script.question): script for script in scripts}
        if None not in self._by_question:
            raise SettingsError("no script answers whatever has none", try_next="add one without a question")

    def find(self, question: str) -> Script:
        """The script of this question, letter case and surrounding blanks aside."""
        return self._by_question.get(_key(question)) or self._by_question[None]


def load(paths: Iterable[str | Path] = ()) -> Scripts:
    """Our scripts and those of more files, later ones winning.

    Raises:
        SettingsError: A file cannot be read, or a script in it is ill-made.
    """
    return _load(tuple(Path(path) for path in paths))


@lru_cache(maxsize=8)
def _load(paths: tuple[Path, ...]) -> Scripts:
    return Scripts(script for path in (OURS, *paths) for script in read(path))


def read(path: Path) -> list[Script]:
    """The scripts of one file.

    Raises:
        SettingsError: As for ``load``.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read the scripts: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError:
        raise SettingsError("a file of scripts is UTF-8 text, this one is not", where=str(path)) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"no TOML: {error}", where=str(path)) from None
    file = _Table(document, str(path), "the file")
    scripts = [_script(file.part(part, f"script {n}")) for n, part in enumerate(file.list("scripts"), 1)]
    file.done()
    _no_twins(scripts, str(path))
    return scripts


class _Table:
    """A table of the file, taken apart key by key; what is left over in the end is a mistake."""

    def __init__(self, value: Any, where: str, what: str) -> None:
        self.where = where
        self.what = what
        if not isinstance(value, dict):
            raise self.wrong("is no table")
        self._left = dict(value)

    def wrong(self, message: str, try_next: str = "") -> SettingsError:
        return SettingsError(f"{self.what} {message}", where=self.where, try_next=try_next)

    def part(self, value: Any, what: str) -> _Table:
        return _Table(value, self.where, what if self.what == "the file" else f"{self.what}, {what}")

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def text(self, key: str) -> str:
        value = self._left.pop(key, None)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(f"needs {key!r}, a text")
        if unknown := sorted(set(_PLACEHOLDER.findall(value)) - _FILLED):
            raise self.wrong(f"has {{{unknown[0]}}} in {key!r}", "{question} or {previous}")
        return value

    def text_or_none(self, key: str) -> str | None:
        return self.text(key) if key in self else None

    def list(self, key: str) -> list[Any]:
        value = self._left.pop(key, None)
        if not isinstance(value, list) or not value:
            raise self.wrong(f"needs {key!r}, a list that is not empty")
        return value

    def table(self, key: str) -> dict[str, Any]:
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            raise self.wrong(f"has {key!r}, which is no table")
        return value

    def anything(self, key: str) -> Any:
        return self._left.pop(key, None)

    def seconds(self, key: str) -> float:
        value = self._left.pop(key, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= SLOWEST:
            raise self.wrong(f"has {key} = {value!r}", f"seconds from 0 to {SLOWEST}")
        return float(value)

    def done(self) -> None:
        if self._left:
            raise self.wrong(f"has {min(self._left)!r}, which means nothing here")


def _script(table: _Table) -> Script:
    name = table.text("name")
    table.what = f"script {name!r}"
    steps = tuple(_step(table.part(part, f"step {n}")) for n, part in enumerate(table.list("steps"), 1))
    script = Script(
        name, table.text_or_none("question"), steps, table.text_or_none("answer"), table.text_or_none("first_answer")
    )
    if any(isinstance(step, Crash) for step in steps[:-1]):
        raise table.wrong("goes on after a crash")
    if isinstance(steps[-1], Crash) != (script.answer is None):
        raise table.wrong("needs one ending: an 'answer', or a 'crash' as its last step")
    if script.first_answer is not None and script.answer is None:
        raise table.wrong("has a 'first_answer' without an 'answer'")
    table.done()
    return script


def _step(table: _Table) -> Step:
    step: Step
    if "think" in table:
        step = Think(table.text("think"))
    elif "crash" in table:
        step = Crash(table.text("crash"))
    elif "together" in table:
        step = Together(tuple(_call(table.part(part, f"call {n}")) for n, part in enumerate(table.list("together"), 1)))
    else:
        return _call(table)
    table.done()
    return step


def _call(table: _Table) -> ToolCall:
    if "tool" not in table:
        raise table.wrong("is no step", "one of: think, tool, together, crash")
    if "result" in table and "error" in table:
        raise table.wrong("has a result and an error", "one of the two")
    call = ToolCall(
        tool=table.text("tool"),
        arguments=table.table("arguments"),
        error=table.text_or_none("error"),
        result=table.anything("result"),
        takes=table.seconds("takes"),
    )
    table.done()
    return call


def _key(question: str | None) -> str | None:
    return None if question is None else question.strip().casefold()


def _no_twins(scripts: list[Script], where: str) -> None:
    seen: dict[str | None, str] = {}
    for script in scripts:
        if (twin := seen.setdefault(_key(script.question), script.name)) is not script.name:
            raise SettingsError(f"scripts {twin!r} and {script.name!r} answer the same question", where=where)
