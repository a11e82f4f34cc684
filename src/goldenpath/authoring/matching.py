"""Which step definition answers a step.

An index is built once a chain of scopes. It files each definition under one word that every text of it must contain
(the one that fewest others need), so that a look-up tries the few definitions whose word stands in the text: the cost
of a step does not grow with the number of definitions, and a pattern is compiled when such a text first comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from goldenpath.authoring.answers import AmbiguousStep, Match, UndefinedStep
from goldenpath.authoring.calls import Call, prepare
from goldenpath.authoring.filing import UNREADABLE, Hit, KindIndex
from goldenpath.authoring.namespaces import definitions_in, hooks_in
from goldenpath.authoring.preference import of_pytest_bdd
from goldenpath.authoring.suggestions import nearest, snippets
from goldenpath.bdd import HookDefinition, StepDefinition
from goldenpath.domain.errors import StepError

__all__ = [
    "AmbiguousStep",
    "Call",
    "Match",
    "Scope",
    "StepIndex",
    "UndefinedStep",
    "definitions_in",
    "hooks_in",
    "prepare",
]


@dataclass(frozen=True, eq=False)
class Scope:
    """Definitions of one rank: a plugin's, a step module's, a conftest's.

    Attributes:
        name: Of the plugin, module or conftest, for people.
        definitions: In the order in which they were defined.
        hooks: Likewise.
        modules: The same definitions, those of each module apart; empty where all lie in one.
    """

    name: str
    definitions: Sequence[StepDefinition]
    hooks: Sequence[HookDefinition] = ()
    modules: Sequence[Sequence[StepDefinition]] = ()


class StepIndex:
    """All definitions that one feature can see, ready to be asked.

    Args:
        scopes: From far to near; a nearer one wins.
        ambiguous: What becomes of a step that several definitions of one scope answer: ``error``, or ``first``, which
            takes the one that pytest-bdd would take.
    """

    def __init__(self, scopes: Iterable[Scope], ambiguous: str = "error") -> None:
        self._scopes = tuple(scopes)
        self._takes_first = ambiguous == "first"
        self._ranked: list[tuple[int, StepDefinition]] = []
        seen: dict[object, int] = {}
        for rank, scope in enumerate(self._scopes):
            for definition in scope.definitions:
                # One definition may be seen from two scopes, or its file imported twice: the nearest place counts.
                if definition.place in seen:
                    self._ranked[seen[definition.place]] = (rank, definition)
                else:
                    seen[definition.place] = len(self._ranked)
                    self._ranked.append((rank, definition))
        self._of_kind: dict[str, KindIndex] = {}
        self._calls: dict[StepDefinition, Call] = {}

    @property
    def definitions(self) -> tuple[StepDefinition, ...]:
        """All of them, from far to near."""
        return tuple(definition for _, definition in sorted(self._ranked, key=lambda ranked: ranked[0]))

    @cached_property
    def hooks(self) -> tuple[HookDefinition, ...]:
        """All of them, from far to near, in the order in which they were defined; each once."""
        return distinct(hook for scope in self._scopes for hook in scope.hooks)

    @property
    def undefined_parameter_types(self) -> dict[object, tuple[str, str]]:
        """What nobody has defined so far: by the definition's ``place``, the name and the expression that has it.

        Of several in one expression it is the first, as in Cucumber. No expression is compiled for it.
        """
        return {
            definition.place: (missing[0], definition.pattern)
            for definition in self.definitions
            if (missing := definition.undefined_parameter_types)
        }

    def find(self, kind: str, text: str, *, docstring: bool = False, datatable: bool = False) -> Match:
        """The definition that answers a step.

        Args:
            kind: ``given``, ``when`` or ``then``.
            text: The step without its keyword.
            docstring: Whether the step has a doc string; only the snippet of an undefined one asks.
            datatable: Whether it has a data table; likewise.

        Raises:
            UndefinedStep: None answers, or one that may answer has a parameter type that nobody defined.
            AmbiguousStep: Several of the nearest scope answer.
            StepError: A definition that may be meant is ill-made.
        """
        index = self._of_kind.get(kind) or self._index(kind)
        found = index.find(text)
        if len(found) == 1:
            _, definition, what = found[0]
            if what is not UNREADABLE:
                call = self._calls.get(definition)
                if call is None:
                    call = self._calls[definition] = prepare(definition)
                return Match(definition, text, what, call)
        near = [hit for hit in found if hit[0] == max(rank for rank, _, _ in found)]
        if not near or any(what is UNREADABLE for _, _, what in near):
            raise self._undefined(kind, text, near, docstring=docstring, datatable=datatable)
        far = [hit for hit in found if hit[0] < near[0][0] and hit[2] is not UNREADABLE]
        return self._chosen(kind, text, near, far)

    def _chosen(self, kind: str, text: str, near: list[Hit], far: list[Hit]) -> Match:
        """The match of the one that counts, of several that answer."""
        aside: list[StepDefinition] = []
        if len(near) > 1:
            order = {definition: place for place, (_, definition) in enumerate(self._ranked)}
            near.sort(key=lambda hit: order[hit[1]])
            if not self._takes_first:
                raise AmbiguousStep(kind, text, tuple(Match(definition, text, what) for _, definition, what in near))
            taken = max(near, key=lambda hit: self._preference[hit[1]])
            aside = [definition for _, definition, _ in near if definition is not taken[1]]
            near = [taken]
        far.sort(key=lambda hit: -hit[0])
        _, definition, what = near[0]
        shadowed = tuple(each for _, each, _ in far)
        return Match(definition, text, what, prepare(definition), shadowed, tuple(aside))

    @cached_property
    def _preference(self) -> dict[StepDefinition, tuple[int, int]]:
        return of_pytest_bdd(module for scope in self._scopes for module in scope.modules or [scope.definitions])

    def _index(self, kind: str) -> KindIndex:
        index = self._of_kind.get(kind)
        if index is None:
            index = self._of_kind[kind] = KindIndex([hit for hit in self._ranked if hit[1].kind in {None, kind}])
        return index

    def _undefined(
        self, kind: str, text: str, near: Iterable[Hit], *, docstring: bool, datatable: bool
    ) -> UndefinedStep:
        unreadable = tuple(definition for _, definition, what in near if what is UNREADABLE)
        answer = tuple(dict.fromkeys(self._answers_of_other_kinds(kind, text)))
        told = {*answer, *unreadable}
        return UndefinedStep(
            kind,
            text,
            nearest=nearest(text, (definition for _, definition in self._ranked if definition not in told)),
            other_kinds=answer,
            unreadable=unreadable,
            snippets=snippets(kind, text, docstring=docstring, datatable=datatable),
            alone=all("pytest_bdd" in Path(definition.file).parts for _, definition in self._ranked),
        )

    def _answers_of_other_kinds(self, kind: str, text: str) -> Iterator[StepDefinition]:
        for other in sorted({"given", "when", "then"} - {kind}):
            try:
                found = self._index(other).find(text)
            except StepError:  # an ill-made definition; it is told when a step of its own kind comes
                continue
            yield from (definition for _, definition, what in found if what is not UNREADABLE)


def distinct(hooks: Iterable[HookDefinition]) -> tuple[HookDefinition, ...]:
    """Each hook once, at its first place: one may be seen from two scopes, or its file imported twice."""
    first: dict[object, HookDefinition] = {}
    for hook in hooks:
        first.setdefault(hook.place, hook)
    return tuple(first.values())
