"""From a syntax tree to pickles, by gherkin-official's compiler, and to what would run nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from goldenpath.domain.errors import FeatureError
from goldenpath.gherkin.model import Hollow, Pickle, Step

if TYPE_CHECKING:
    from gherkin.pickles.compiler import Compiler

KINDS: Final = {"Context": "given", "Action": "when", "Outcome": "then"}
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
        self.steps: dict[str, tuple[Mapping[str, Any], str, bool]] = {}
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


def _empty(node: Mapping[str, Any], tags: tuple[str, ...], rule: str | None) -> Hollow:
    return Hollow(node["name"], node["location"]["line"], "has no scenario", False, tags, rule)


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


def pickles(document: Mapping[str, Any], tree: SyntaxTree, uri: str, path: str) -> Iterator[Pickle]:
    """What can run, in the order of the file.

    Args:
        document: gherkin-official's syntax tree of the file.
        tree: The same, by id.
        uri: The file, for the compiler.
        path: The file below its features root: the first part of the scenario ids.
    """
    ids = _Ids()
    hollow = {hollow.line for hollow in tree.hollow}
    for pickle in _compiler()().compile({**document, "uri": uri}):  # type: ignore[typeddict-item]
        scenario, rule = tree.scenarios[pickle["astNodeIds"][0]]
        if scenario["location"]["line"] in hollow:
            continue
        values, row = tree.rows[pickle["astNodeIds"][1]] if len(pickle["astNodeIds"]) > 1 else ({}, ())
        parts = (path, scenario["name"]) if rule is None else (path, rule, scenario["name"])
        scenario_id, ordinal = ids.of(parts, row)
        yield Pickle(
            id=scenario_id,
            name=pickle["name"],
            feature=tree.feature["name"],
            rule=rule,
            tags=_once(tuple(tag["name"] for tag in pickle["tags"])),
            line=pickle["location"]["line"],
            row=row,
            ordinal=ordinal,
            steps=tuple(_step(step, values, tree) for step in pickle["steps"]),
            description=scenario["description"].strip(),
            template=scenario["name"],
            keyword=scenario["keyword"],
            scenario_line=scenario["location"]["line"],
        )


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


def _step(step: Mapping[str, Any], values: Mapping[str, str], tree: SyntaxTree) -> Step:
    written, kind, background = tree.steps[step["astNodeIds"][0]]
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


def tags_of(node: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags written at a feature, rule, scenario or Examples, with their ``@``."""
    return tuple(tag["name"] for tag in node["tags"])


def _once(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))
