"""What the look-up of a step comes to: a match, or an error that says why there is none."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from goldenpath.authoring.calls import Call, prepare
from goldenpath.bdd import StepDefinition
from goldenpath.bdd.parsers import cucumber
from goldenpath.domain.errors import StepError

_FIRST: Final = 'say steps = ["steps"] in goldenpath.toml, and write in a module of that folder'


class Match:
    """A step and what answers it.

    Attributes:
        definition: What answers.
        shadowed: Definitions of farther scopes that answer too, the nearest of them first.
        left_aside: Definitions of the same scope that answer too, where the settings say that the one that pytest-bdd
            would take is taken; in the order in which they were defined.
    """

    __slots__ = ("_call", "_found", "_text", "definition", "left_aside", "shadowed")

    def __init__(
        self,
        definition: StepDefinition,
        text: str,
        found: Any,
        call: Call | None = None,
        shadowed: tuple[StepDefinition, ...] = (),
        left_aside: tuple[StepDefinition, ...] = (),
    ) -> None:
        self.definition = definition
        self.shadowed = shadowed
        self.left_aside = left_aside
        self._text = text
        self._found = found
        self._call = call

    @property
    def call(self) -> Call:
        """How the function is called.

        Raises:
            StepError: The definition is ill-made; not for a match that an index gave.
        """
        return self._call or prepare(self.definition)

    @property
    def arguments(self) -> dict[str, Any]:
        """The parameters of the sentence by name, after parameter types and converters.

        These are other people's code: what they raise comes out here, so that it fails the step. Each access makes
        the values anew.
        """
        definition = self.definition
        values = definition.parser.arguments(self._found)
        # Asked first: whether something is a mapping of another kind takes ten times as long.
        is_named = type(values) is dict or isinstance(values, Mapping)
        named = dict(values) if is_named else dict(zip(self.call.arguments, values, strict=True))
        if definition.converters:
            for name, convert in definition.converters.items():
                if name in named:
                    named[name] = convert(named[name])
        return named

    def needing(self, need: str) -> list[Any]:
        """The values of the parameters whose parameter types have a need, such as ``auth.accounts``."""
        parser = self.definition.parser
        return list(parser.needing(need, self._found)) if isinstance(parser, cucumber) else []

    @property
    def groups(self) -> list[dict[str, Any]]:
        """What the pattern found, and where: the ``stepMatchArguments`` of Cucumber Messages, made at each access."""
        return self.definition.parser.groups(self._found, self._text)


class UndefinedStep(StepError):
    """No definition answers a step.

    Attributes:
        kind: Of the step.
        text: Of the step.
        nearest: The definitions whose sentences are most like it, the most alike first.
        other_kinds: Definitions that answer the very text, in a step of another kind.
        unreadable: Definitions that may answer it, and have a parameter type that nobody defined.
        snippets: Definitions to paste, whose bodies are still to be written, the best first.

    Args:
        alone: Whether the project has no definition at all, so that the settings may have been forgotten.
    """

    def __init__(
        self,
        kind: str,
        text: str,
        *,
        nearest: tuple[StepDefinition, ...],
        other_kinds: tuple[StepDefinition, ...],
        snippets: tuple[str, ...],
        unreadable: tuple[StepDefinition, ...] = (),
        alone: bool = False,
    ) -> None:
        lines = [f'no step definition answers {kind.capitalize()} "{text}"']
        lines += [f"  no Examples have a column for {name}" for name in re.findall(r"<[^<>\s][^<>]*>", text)]
        missing = list(dict.fromkeys(name for each in unreadable for name in each.undefined_parameter_types))
        for definition in unreadable:
            types = ", ".join(f"{{{name}}}" for name in definition.undefined_parameter_types)
            lines.append(f"  it may be {definition}, but nobody defined the parameter type {types}")
        lines += [f"  it is there as another kind: {definition}" for definition in other_kinds]
        lines += [f"  near to it: {definition}" for definition in nearest]
        super().__init__("\n".join(lines), try_next=_define(missing) if missing else _paste(snippets[0], alone))
        self.kind = kind
        self.text = text
        self.nearest = nearest
        self.other_kinds = other_kinds
        self.unreadable = unreadable
        self.snippets = snippets

    @property
    def snippet(self) -> str:
        """The best of the snippets."""
        return self.snippets[0]


def _define(types: Sequence[str]) -> str:
    return "\n       ".join(f'parameter_type("{name}", r"...") in a step module' for name in types)


def _paste(snippet: str, alone: bool) -> str:
    where = _FIRST if alone else "write it in a step module"
    return f"{where}:\n\n{textwrap.indent(snippet.rstrip(), '    ')}"


class AmbiguousStep(StepError):
    """Several definitions of one scope answer a step, so that nothing says which is meant.

    Attributes:
        kind: Of the step.
        text: Of the step.
        matches: All that answer, in the order in which they were defined.
    """

    def __init__(self, kind: str, text: str, matches: tuple[Match, ...]) -> None:
        lines = [f'{len(matches)} step definitions answer {kind.capitalize()} "{text}"']
        lines += [f"  {match.definition}" for match in matches]
        try_next = "say the two things in different words, or take one of them away"
        if any(match.definition.of_pytest_bdd for match in matches):
            try_next += '\n  or: ambiguous = "first" in the settings keeps pytest-bdd\'s choice meanwhile'
        super().__init__("\n".join(lines), try_next=try_next)
        self.kind = kind
        self.text = text
        self.matches = matches

    @property
    def candidates(self) -> tuple[StepDefinition, ...]:
        """Whose matches they are."""
        return tuple(match.definition for match in self.matches)
