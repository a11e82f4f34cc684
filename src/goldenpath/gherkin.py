"""Feature files: read, parse and compile into pickles.

gherkin-official parses the text and compiles the pickles (https://github.com/cucumber/gherkin); what is added here
is what a runner asks of them: the kind of each step, names that stay the same between runs, and a list of what looks
like a scenario but would run nothing.

The parser is imported when the first file is read: a suite without features does not pay for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from goldenpath.domain.errors import FeatureError

if TYPE_CHECKING:
    from gherkin.pickles.compiler import Compiler

KINDS: Final = {"Context": "given", "Action": "when", "Outcome": "then"}
"""The parser's keyword types, and the kinds of step definitions that answer them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pickle, as it will run.

    Attributes:
        keyword: As written, with its blank: ``"Given "``, ``"* "``.
        kind: ``given``, ``when`` or ``then``; And, But and ``*`` take the kind before them.
        text: The sentence after the keyword, the values of the row put in.
        line: Where it stands in the file, from 1.
        column: Where its keyword begins, from 1.
        docstring: Its doc string, without the indent of its quotes.
        media_type: What is written behind the opening quotes of the doc string.
        datatable: The cells of its data table, header included.
        background: Whether it stands in a Background.
    """

    keyword: str
    kind: str
    text: str
    line: int
    column: int
    docstring: str | None = None
    media_type: str | None = None
    datatable: tuple[tuple[str, ...], ...] | None = None
    background: bool = False


@dataclass(frozen=True, slots=True)
class Pickle:
    """One scenario, or one row of an outline, as it will run: it has at least one step of its own.

    Attributes:
        id: The scenario id: no line, no path of a machine; unique in its features root.
        name: The scenario's name, the values of the row put in.
        feature: The feature's name.
        rule: The rule's name; None outside of rules.
        tags: Those of feature, rule, scenario and examples, in this order, with their ``@``, each once.
        line: Of the scenario, or of the row for an outline; from 1.
        row: The values of the row in the order of the header; empty outside of outlines.
        ordinal: Its place among the pickles of the file that have the same names and values, from 1.
        steps: The steps of the backgrounds first.
        description: The free text below the scenario's name.
        template: The scenario's name as written, ``<who>`` and all.
        keyword: ``Scenario``, ``Example``, ``Scenario Outline``, in the language of the file.
        scenario_line: Of the scenario's keyword; from 1.
    """

    id: str
    name: str
    feature: str
    rule: str | None
    tags: tuple[str, ...]
    line: int
    row: tuple[str, ...]
    ordinal: int
    steps: tuple[Step, ...]
    description: str
    template: str
    keyword: str
    scenario_line: int


@dataclass(frozen=True, slots=True)
class Hollow:
    """Something that looks as if it were tested, and would run nothing.

    Attributes:
        name: The name of the scenario, outline, rule or feature; the file's name for a file without a feature.
        line: Where it stands, from 1.
        why: To be read after the name, e.g. ``has no steps``.
        tags: Its tags, inherited ones included.
        rule: The rule's name; None outside of rules.
    """

    name: str
    line: int
    why: str
    tags: tuple[str, ...] = ()
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature file.

    Attributes:
        path: Where it was read.
        uri: Its path relative to pytest's rootdir, with ``/``; absolute where it lies on another drive.
        root: The features root that scenario ids are relative to.
        name: The feature's name; empty for a file without a feature.
        description: The free text below the name.
        language: The dialect, e.g. ``en``.
        keyword: ``Feature`` in that dialect; empty for a file without a feature.
        tags: Of the feature, with their ``@``.
        line: Of the feature's keyword; from 1.
        pickles: What can run, in the order of the file.
        hollow: What would run nothing, in the order of the file. It is in no pickle.
        document: gherkin-official's syntax tree.
    """

    path: Path
    uri: str
    root: Path
    name: str
    description: str
    language: str
    keyword: str
    tags: tuple[str, ...]
    line: int
    pickles: tuple[Pickle, ...]
    hollow: tuple[Hollow, ...]
    document: Mapping[str, Any]


def read(path: Path, *, rootdir: Path, features_root: Path) -> Feature:
    """Read one ``.feature`` file.

    Args:
        path: The file. It is UTF-8, with or without a byte order mark.
        rootdir: What ``uri`` is relative to: pytest's rootdir.
        features_root: What scenario ids are relative to: the folder of features that was asked for or is set.

    Raises:
        FeatureError: The file is not UTF-8 or does not parse, a column of an Examples table is there twice, or the
            first step of a scenario or background has no kind. It names all syntax errors; ``where`` is the first.
        OSError: The file cannot be read.
    """
    uri = _relative(path, rootdir)
    document = _parse(_decode(path.read_bytes(), uri), uri)
    feature = document.get("feature")
    if feature is None:
        nothing = Hollow(path.name, 1, "has no feature in it, so nothing would run")
        return Feature(path, uri, features_root, "", "", "en", "", (), 1, (), (nothing,), document)
    outline = _Outline(feature, uri)
    return Feature(
        path=path,
        uri=uri,
        root=features_root,
        name=feature["name"],
        description=feature["description"].strip(),
        language=feature["language"],
        keyword=feature["keyword"],
        tags=_tags(feature),
        line=feature["location"]["line"],
        pickles=tuple(_pickles(document, outline, uri, _relative(path, features_root))),
        hollow=tuple(outline.hollow),
        document=document,
    )


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive of Windows
        return path.as_posix()


def _decode(raw: bytes, uri: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        seen = "it looks like UTF-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else f"byte 0x{raw[error.start]:02x}"
        raise FeatureError(
            f"the file is not UTF-8 ({seen})", where=f"{uri}:{line}", try_next="save the file as UTF-8"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _parse(text: str, uri: str) -> dict[str, Any]:
    from gherkin.errors import CompositeParserException, ParserException
    from gherkin.parser import Parser

    try:
        return dict(Parser().parse(text))
    except CompositeParserException as error:
        problems = error.errors
    except ParserException as error:
        problems = [error]
    found = [(problem.location["line"], _readable(str(problem))) for problem in problems]
    (line, (message, try_next)), rest = found[0], found[1:]
    lines = [message, *(f"line {further}: {also}" for further, (also, _) in rest)]
    raise FeatureError("\n  ".join(lines), where=f"{uri}:{line}", try_next=try_next)


_TOKENS: Final = {
    "#EOF": "the end of the file",
    "#Language": "a language",
    "#TagLine": "tags",
    "#FeatureLine": "Feature:",
    "#RuleLine": "Rule:",
    "#BackgroundLine": "Background:",
    "#ScenarioLine": "Scenario:",
    "#ExamplesLine": "Examples:",
    "#StepLine": "a step",
    "#DocStringSeparator": 'a doc string (""")',
    "#TableRow": "a table row",
}
_ADVICE: Final = {
    "inconsistent cell count": "give every row of the table as many cells as its first row",
    "Language not supported": "write a language that Gherkin has: https://cucumber.io/docs/gherkin/languages",
    "A tag may not contain whitespace": "write a blank between two tags, and none inside one",
    "Feature:": 'begin the file with "Feature: " and its name, and give each feature its own file',
    "a step": "begin the step with Given, When, Then, And or But",
}


def _readable(message: str) -> tuple[str, str]:
    """The parser's message in the words of the file, and what to do about it."""
    message = message.partition("): ")[2] or message
    expected, comma, got = message.partition(", got '")
    if "expected: " in message:
        head, _, tokens = expected.partition("expected: ")
        names = [_TOKENS[token] for token in tokens.split(", ") if token in _TOKENS]
        choice = ", ".join(names[:-1]) + " or " + names[-1] if len(names) > 1 else "".join(names)
        message = f'expected {choice}, found "{got[:-1]}"' if comma else f"{head}expected {choice}"
    return message, next((advice for part, advice in _ADVICE.items() if part in message), "")


class _Outline:
    """The syntax tree by id, which is how pickles refer to it, and what in it is hollow."""

    def __init__(self, feature: Mapping[str, Any], uri: str) -> None:
        self.uri = uri
        self.feature = feature
        self.scenarios: dict[str, tuple[Mapping[str, Any], str | None]] = {}
        self.steps: dict[str, tuple[Mapping[str, Any], str, bool]] = {}
        self.rows: dict[str, tuple[Mapping[str, str], tuple[str, ...]]] = {}
        self.hollow: list[Hollow] = []
        self._walk(feature["children"], _tags(feature), None)
        if not self.scenarios:
            self.hollow = [Hollow(feature["name"], feature["location"]["line"], "has no scenario", _tags(feature))]

    def _walk(self, children: Sequence[Mapping[str, Any]], tags: tuple[str, ...], rule: str | None) -> None:
        for child in children:
            if "rule" in child:
                inner = child["rule"]
                inherited = _once(tags + _tags(inner))
                if not any("scenario" in part for part in inner["children"]):
                    line = inner["location"]["line"]
                    self.hollow.append(Hollow(inner["name"], line, "has no scenario", inherited, inner["name"]))
                self._walk(inner["children"], inherited, inner["name"])
            elif "background" in child:
                self._keep_steps(child["background"]["steps"], background=True)
            else:
                self._keep_scenario(child["scenario"], tags, rule)

    def _keep_scenario(self, scenario: Mapping[str, Any], tags: tuple[str, ...], rule: str | None) -> None:
        self.scenarios[scenario["id"]] = (scenario, rule)
        self._keep_steps(scenario["steps"], background=False)
        for examples in scenario["examples"]:
            self._keep_rows(examples)
        if why := self._why_hollow(scenario):
            line = scenario["location"]["line"]
            self.hollow.append(Hollow(scenario["name"], line, why, _once(tags + _tags(scenario)), rule))

    def _why_hollow(self, scenario: Mapping[str, Any]) -> str:
        if not scenario["steps"]:
            return "has no steps"
        if scenario["examples"] and not any(examples.get("tableBody") for examples in scenario["examples"]):
            return "has Examples without a row"
        if not scenario["examples"] and scenario["keyword"] in _outline_keywords(self.feature["language"]):
            return "is an outline without Examples"
        return ""

    def _keep_steps(self, steps: Sequence[Mapping[str, Any]], *, background: bool) -> None:
        kind = ""
        for step in steps:
            kind = KINDS.get(step["keywordType"], kind)
            if not kind:
                # As pytest-bdd does: nothing in the scenario itself says which definitions may answer.
                raise FeatureError(
                    f'the first step "{step["keyword"]}{step["text"]}" is neither a Given, a When nor a Then',
                    where=f"{self.uri}:{step['location']['line']}",
                    try_next="begin the first step of a scenario or background with Given, When or Then",
                )
            self.steps[step["id"]] = (step, kind, background)

    def _keep_rows(self, examples: Mapping[str, Any]) -> None:
        header = [cell["value"] for cell in examples.get("tableHeader", {}).get("cells", ())]
        for name in header:
            if header.count(name) > 1:
                raise FeatureError(
                    f'the column "{name}" is in these Examples twice, and one of the two would be ignored',
                    where=f"{self.uri}:{examples['tableHeader']['location']['line']}",
                    try_next="give every column a name of its own",
                )
        for row in examples.get("tableBody", ()):
            values = tuple(cell["value"] for cell in row["cells"])
            self.rows[row["id"]] = (dict(zip(header, values, strict=True)), values)


@cache
def _outline_keywords(language: str) -> frozenset[str]:
    from gherkin.dialect import Dialect

    dialect = Dialect.for_name(language)
    if dialect is None:
        return frozenset()
    return frozenset(dialect.scenario_outline_keywords) - frozenset(dialect.scenario_keywords)


@cache
def _compiler() -> type[Compiler]:
    from gherkin.pickles.compiler import Compiler

    class LiteralCompiler(Compiler):
        """Puts the values of a row in as they are: the library takes the column's name for a regular expression."""

        def _interpolate(self, name: Any, variable_cells: Any, value_cells: Any) -> Any:
            if name is None or "<" not in name:
                return name
            for variable, value in zip(variable_cells, value_cells, strict=False):
                name = name.replace(f"<{variable['value']}>", value["value"])
            return name

    return LiteralCompiler


def _pickles(document: Mapping[str, Any], outline: _Outline, uri: str, path: str) -> Iterator[Pickle]:
    seen: dict[str, int] = {}
    hollow = {hollow.line for hollow in outline.hollow}
    for pickle in _compiler()().compile({**document, "uri": uri}):  # type: ignore[typeddict-item]
        scenario, rule = outline.scenarios[pickle["astNodeIds"][0]]
        if scenario["location"]["line"] in hollow:
            continue
        values, row = outline.rows[pickle["astNodeIds"][1]] if len(pickle["astNodeIds"]) > 1 else ({}, ())
        base = "::".join(part for part in (path, rule, scenario["name"]) if part is not None)
        base += f"[{'-'.join(row)}]" if row else ""
        seen[base] = ordinal = seen.get(base, 0) + 1
        yield Pickle(
            id=base if ordinal == 1 else f"{base}#{ordinal}",
            name=pickle["name"],
            feature=outline.feature["name"],
            rule=rule,
            tags=_once(tuple(tag["name"] for tag in pickle["tags"])),
            line=pickle["location"]["line"],
            row=row,
            ordinal=ordinal,
            steps=tuple(_step(step, values, outline) for step in pickle["steps"]),
            description=scenario["description"].strip(),
            template=scenario["name"],
            keyword=scenario["keyword"],
            scenario_line=scenario["location"]["line"],
        )


def _step(step: Mapping[str, Any], values: Mapping[str, str], outline: _Outline) -> Step:
    written, kind, background = outline.steps[step["astNodeIds"][0]]
    argument = step.get("argument") or {}
    docstring, table = argument.get("docString"), argument.get("dataTable")

    def put_in(text: str) -> str:
        # The compiler leaves backgrounds alone; pytest-bdd puts the row's values in there too.
        if background and values and "<" in text:
            for name, value in values.items():
                text = text.replace(f"<{name}>", value)
        return text

    return Step(
        keyword=written["keyword"],
        kind=kind,
        text=put_in(step["text"]),
        line=written["location"]["line"],
        column=written["location"]["column"],
        docstring=put_in(docstring["content"]) if docstring else None,
        media_type=docstring.get("mediaType") if docstring else None,
        datatable=tuple(tuple(put_in(cell["value"]) for cell in row["cells"]) for row in table["rows"])
        if table
        else None,
        background=background,
    )


def _tags(node: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(tag["name"] for tag in node["tags"])


def _once(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))
