"""From a syntax tree to pickles, by gherkin-official's compiler, and to what would run nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from gherkin.dialect import Dialect
from msgspec.structs import replace

from goldenpath.gherkin.messages import id_of
from goldenpath.gherkin.model import Hollow, Kind, Pickle, Step
from goldenpath.gherkin.official import LiteralCompiler
from goldenpath.gherkin.parsing import refusal

KINDS: Final[Mapping[str, Kind]] = {"Context": "given", "Action": "when", "Outcome": "then"}
"""The parser's keyword types, and the kinds of step definitions that answer them."""


class SyntaxTree:
    """The syntax tree by id, which is how pickles refer to it, and what in it is hollow.

    Args:
        feature: The ``feature`` of gherkin-official's document.
        uri: The file, for errors.

    Raises:
        FeatureError: A first step has no kind, or a column of an Examples table is there twice.
    """

    def __init__(self, feature: Mapping[str, Any], uri: str) -> None:
        self.uri = uri
        self.feature = feature
        self.scenarios: dict[str, tuple[Mapping[str, Any], str | None]] = {}
        self.steps: dict[str, tuple[Mapping[str, Any], Kind, bool]] = {}
        self.rows: dict[str, tuple[Mapping[str, str], tuple[str, ...]]] = {}
        self.hollow: list[Hollow] = []
        self._walk(feature["children"], tags_of(feature), None)
        if not self.scenarios:
            self.hollow = [_empty(feature, tags_of(feature), None)]

    def _walk(self, children: Sequence[Mapping[str, Any]], tags: tuple[str, ...], rule: str | None) -> None:
        for child in children:
            if "rule" in child:
                inner = child["rule"]
                inherited = _once(tags + tags_of(inner))
                if not any("scenario" in part for part in inner["children"]):
                    self.hollow.append(_empty(inner, inherited, inner["name"]))
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
            inherited = _once(tags + tags_of(scenario))
            self.hollow.append(Hollow(scenario["name"], scenario["location"]["line"], why, True, inherited, rule))

    def _why_hollow(self, scenario: Mapping[str, Any]) -> str:
        if not scenario["steps"]:
            return "has no steps"
        if scenario["examples"] and not any(examples.get("tableBody") for examples in scenario["examples"]):
            return "has Examples without a row"
        if not scenario["examples"] and scenario["keyword"] in _outline_keywords(self.feature["language"]):
            return "is an outline without Examples"
        return ""

    def _keep_steps(self, steps: Sequence[Mapping[str, Any]], *, background: bool) -> None:
        kind: Kind | None = None
        for step in steps:
            kind = KINDS.get(step["keywordType"], kind)
            if kind is None:
                # As pytest-bdd does: nothing in the scenario itself says which definitions may answer.
                raise refusal(
                    f'the first step "{step["keyword"]}{step["text"]}" is neither a Given, a When nor a Then',
                    self.uri,
                    step["location"]["line"],
                    "begin the first step of a scenario or background with Given, When or Then",
                    step["location"]["column"],
                )
            self.steps[step["id"]] = (step, kind, background)

    def _keep_rows(self, examples: Mapping[str, Any]) -> None:
        header = [cell["value"] for cell in examples.get("tableHeader", {}).get("cells", ())]
        for name in header:
            if header.count(name) > 1:
                raise refusal(
                    f'the column "{name}" is in these Examples twice, and one of the two would be ignored',
                    self.uri,
                    examples["tableHeader"]["location"]["line"],
                    "give every column a name of its own",
                )
        for row in examples.get("tableBody", ()):
            values = tuple(cell["value"] for cell in row["cells"])
            self.rows[row["id"]] = (dict(zip(header, values, strict=True)), values)


def _empty(node: Mapping[str, Any], tags: tuple[str, ...], rule: str | None) -> Hollow:
    return Hollow(node["name"], node["location"]["line"], "has no scenario", False, tags, rule)


@cache
def _outline_keywords(language: str) -> frozenset[str]:
    dialect = Dialect.for_name(language)
    if dialect is None:
        return frozenset()
    return frozenset(dialect.scenario_outline_keywords) - frozenset(dialect.scenario_keywords)


class Pickles:
    """What can run, and every pickle message of the file, in the order of the file.

    Args:
        document: gherkin-official's syntax tree of the file.
        tree: The same, by id.
        path: The file below its features root: the first part of the scenario ids.

    Attributes:
        runnable: What can run.
        messages: The pickles of gherkin-official under our ids, those of hollow scenarios included.
        hollow: What would run nothing.
    """

    def __init__(self, document: Mapping[str, Any], tree: SyntaxTree, path: str) -> None:
        self._tree = tree
        self._path = path
        self._ids = _Ids()
        self.runnable: list[Pickle] = []
        self.messages: list[dict[str, Any]] = LiteralCompiler().compile({**document, "uri": tree.uri})  # type: ignore[typeddict-item, assignment]
        self.hollow = tree.hollow
        self._compile()

    def _compile(self) -> None:
        hollow = {hollow.line: index for index, hollow in enumerate(self.hollow) if hollow.is_scenario}
        empty = []
        for message in self.messages:
            scenario, rule = self._tree.scenarios[message["astNodeIds"][0]]
            index = hollow.get(scenario["location"]["line"])
            if index is None:
                self.runnable.append(self._pickle(message, scenario, rule))
            else:
                empty.append((index, message, scenario, rule))
        for index, message, scenario, rule in reversed(empty):  # the first row is written last, and stays
            _, row = self._row(message)
            _name(message, self._id(scenario, rule, row)[0])
            self.hollow[index] = replace(self.hollow[index], message_id=message["id"])

    def _pickle(self, message: dict[str, Any], scenario: Mapping[str, Any], rule: str | None) -> Pickle:
        values, row = self._row(message)
        scenario_id, ordinal = self._id(scenario, rule, row)
        _name(message, scenario_id)
        return Pickle(
            id=scenario_id,
            name=message["name"],
            feature=self._tree.feature["name"],
            rule=rule,
            tags=_once(tuple(tag["name"] for tag in message["tags"])),
            line=message["location"]["line"],
            row=row,
            ordinal=ordinal,
            steps=tuple([self._step(step, values) for step in message["steps"]]),
            description=scenario["description"].strip(),
            template=scenario["name"],
            keyword=scenario["keyword"],
            scenario_line=scenario["location"]["line"],
            message_id=message["id"],
        )

    def _row(self, message: Mapping[str, Any]) -> tuple[Mapping[str, str], tuple[str, ...]]:
        nodes = message["astNodeIds"]
        return self._tree.rows[nodes[1]] if len(nodes) > 1 else ({}, ())

    def _id(self, scenario: Mapping[str, Any], rule: str | None, row: tuple[str, ...]) -> tuple[str, int]:
        parts = (self._path, scenario["name"]) if rule is None else (self._path, rule, scenario["name"])
        return self._ids.of(parts, row)

    def _step(self, message: dict[str, Any], values: Mapping[str, str]) -> Step:
        written, kind, background = self._tree.steps[message["astNodeIds"][0]]
        if background and values:
            _put_in(message, values)
        docstring = table = None
        if argument := message.get("argument"):
            docstring, table = argument.get("docString"), argument.get("dataTable")
        return Step(
            written["keyword"],
            kind,
            message["text"],
            written["location"]["line"],
            written["location"]["column"],
            docstring["content"] if docstring else None,
            docstring.get("mediaType") if docstring else None,
            tuple(tuple(cell["value"] for cell in row["cells"]) for row in table["rows"]) if table else None,
            background,
            message["type"],
        )


def _name(message: dict[str, Any], scenario_id: str) -> None:
    """Give a pickle message the ids that every run gives it."""
    message["id"] = name = id_of(scenario_id)
    for index, step in enumerate(message["steps"]):
        step["id"] = f"{name}-{index}"


def _put_in(step: dict[str, Any], values: Mapping[str, str]) -> None:
    """Put the values of a row into a background's step: the compiler leaves it alone, pytest-bdd does not."""

    def filled(text: str) -> str:
        for name, value in values.items():
            text = text.replace(f"<{name}>", value)
        return text

    step["text"] = filled(step["text"])
    argument = step.get("argument", {})
    if docstring := argument.get("docString"):
        docstring["content"] = filled(docstring["content"])
    for row in argument.get("dataTable", {}).get("rows", ()):
        for cell in row["cells"]:
            cell["value"] = filled(cell["value"])


class _Ids:
    """The scenario ids of one file, each given once."""

    def __init__(self) -> None:
        self._equals: Counter[str] = Counter()
        self._given: set[str] = set()

    def of(self, parts: Sequence[str], row: Sequence[str]) -> tuple[str, int]:
        """The id of the next scenario of this name and row, and its ordinal among equals."""
        base = "::".join(parts) + (f"[{'-'.join(row)}]" if row else "")
        while True:
            self._equals[base] += 1
            ordinal = self._equals[base]
            name = base if ordinal == 1 else f"{base}#{ordinal}"
            if name not in self._given:  # another scenario may be called "this one#2"
                self._given.add(name)
                return name, ordinal


def tags_of(node: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags written at a feature, rule, scenario or Examples, with their ``@``."""
    return tuple(tag["name"] for tag in node["tags"])


def _once(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))
