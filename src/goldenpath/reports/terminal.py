"""The lines at the end of a run: who answered, what came of it, and what that proves."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from goldenpath.domain.values import Tier

WIDTH: Final = 80
EVENTS: Final = ("run_started", "service_resolved", "scenario_finished")
"""What of a timeline the end of a run is made of."""

_STATUSES: Final = (
    "passed",
    "flaky",
    "failed",
    "skipped",
    "pending",
    "undefined",
    "ambiguous",
    "empty",
    "planned",
    "unknown",
)
_IN_WORDS: Final = {"unknown": "cut short"}
_NEVER_RAN: Final = frozenset({"skipped", "planned", "empty"})
_ON_NOTHING: Final = "no service"
_MOST_REASONS: Final = 5

Record = Mapping[str, Any]


def summary(records: Iterable[Record]) -> list[str]:
    """The end of a run in at most 80 columns; no line where no scenario ran.

    Args:
        records: The run's timeline; of its events those in ``EVENTS`` are enough.
    """
    run = _Run(records)
    if not run.ends:
        return []
    sections = [_answered(run), _results(run), _losses(run), _skips(run), _meaning(run)]
    lines = ["", f"Golden Path, profile {run.profile}" if run.profile else "Golden Path"]
    for number, section in enumerate(each for each in sections if each):
        lines += ["", *section] if number else section
    return lines


class _Run:
    """What a timeline says, as far as the end of a run tells it."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.services: dict[str, Record] = {}
        self.fault: str | None = None
        self.profile: str | None = None
        self.lost: list[tuple[str, tuple[str, ...], str]] = []
        last: dict[str, Record] = {}
        failed: set[str] = set()
        for each in records:
            kind = each["event"]
            if kind == "run_started":
                self.fault = each.get("fault")
                self.profile = each.get("profile")
            elif kind == "service_resolved":
                self.services[each["service"]] = each
            elif kind == "scenario_finished":
                before = last.get(each["scenario"])
                if before is None or each["attempt"] >= before["attempt"]:
                    last[each["scenario"]] = each
                if lost := each.get("lost"):
                    self.lost.append((each["scenario"], tuple(lost), each["message"] or ""))
                elif each["status"] != "passed":
                    failed.add(each["scenario"])
        # What passed only on a later attempt is no success.
        self.ends = [
            {**end, "status": "flaky", "standing": None} if end["status"] == "passed" and name in failed else end
            for name, end in last.items()
        ]
        self.used = {use["service"] for end in self.ends for use in end["services"]}
        self.stand_ins = [name for name, each in self.services.items() if each["stand_in"] and name in self.used]

    def with_standing(self, standing: str) -> list[Record]:
        """What ended so."""
        return [end for end in self.ends if end["standing"] == standing]

    @property
    def only_stand_ins(self) -> bool:
        """Whether no scenario used anything but stand-ins."""
        return all(use["stand_in"] for end in self.ends for use in end["services"])


def _answered(run: _Run) -> list[str]:
    """A table of the services that were used, then who was not taken and what was not used."""
    rows = []
    for name, each in run.services.items():
        chosen = (each["tier"], each["stand_in"])
        uses = Counter(
            (use["tier"], use["stand_in"]) for end in run.ends for use in end["services"] if use["service"] == name
        )
        others = [(use, count) for use, count in sorted(uses.items()) if use != chosen]
        rows += [(name, *_tier(chosen), each["reason"])] if chosen in uses else []
        rows += [
            (name, *_tier(use), f"in {count} that asked for it, needed it, or lost the other") for use, count in others
        ]
    if not rows:
        return []
    lines = _table([("service", "tier", "stand-in", "why"), *rows])
    lines += _not_taken(run)
    unused = [name for name in run.services if name not in run.used]
    if unused:
        lines += _wrapped(f"not used: {', '.join(unused)}", "  ", "    ")
    return lines


def _tier(use: tuple[str, bool]) -> tuple[str, str]:
    return use[0], "yes" if use[1] else "no"


def _not_taken(run: _Run) -> list[str]:
    """Who else could have answered and did not, those with one reason together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name in run.used & run.services.keys():
        for each in run.services[name]["rejected"]:
            groups.setdefault((each["tier"], each["reason"]), []).append(name)
    order = list(run.services)
    lines = []
    for (tier, reason), names in sorted(groups.items()):
        who = ", ".join(sorted(names, key=order.index)) if len(names) < len(run.used) else "any service"
        lines += _wrapped(f"not taken: {tier} for {who}: {reason}", "  ", "    ")
    return lines


def _is_test(end: Record) -> bool:
    """Whether it is no scenario: the id of a test begins with its file."""
    return str(end["scenario"]).partition("::")[0].endswith(".py")


def _results(run: _Run) -> list[str]:
    """Scenarios and tests by what they ran on and how they ended, by their last attempts."""
    scenarios = [end for end in run.ends if not _is_test(end)]
    tests = [end for end in run.ends if _is_test(end)]
    tables = [("scenarios on", scenarios), ("tests on", tests)]
    return [line for title, ends in tables if ends for line in _table([(title, "results"), *_rows(ends)])]


def _rows(ends: Sequence[Record]) -> Iterator[tuple[str, str]]:
    counts: dict[str, Counter[tuple[str, str | None]]] = {}
    for end in ends:
        degraded = ", degraded" if end.get("degraded") and end["standing"] else ""
        standing = f"{end['standing']}{degraded}" if end["standing"] else None
        counts.setdefault(_ran_on(end), Counter())[end["status"], standing] += 1
    for label, row in sorted(counts.items()):
        yield label, ", ".join(_counted(row))


def _counted(row: Counter[tuple[str, str | None]]) -> Iterator[str]:
    for status, standing in sorted(row, key=lambda each: (_STATUSES.index(each[0]), each[1] or "")):
        meaning = f" ({standing})" if standing else ""
        yield f"{row[status, standing]} {_IN_WORDS.get(status, status)}{meaning}"


def _ran_on(end: Record) -> str:
    """The tiers that answered in a scenario, and whether a stand-in was among them."""
    uses = {(use["tier"], use["stand_in"]) for use in end["services"]}
    ordered = sorted(uses, key=lambda use: (Tier(use[0]).rank, use[1]))
    return ", ".join(f"{tier} (stand-in)" if stand_in else tier for tier, stand_in in ordered) or _ON_NOTHING


def _losses(run: _Run) -> list[str]:
    """What was lost on the way, and in which scenarios, the first ones only."""
    if not run.lost:
        return []
    services = ", ".join(dict.fromkeys(name for _, names, _ in run.lost for name in names))
    lines = _wrapped(f"lost on the way: {services}", "  ", "    ")
    for scenario, _, message in run.lost[:_MOST_REASONS]:
        lines += _wrapped(f"in {scenario}: {message}", "    ", "      ")
    if len(run.lost) > _MOST_REASONS:
        lines.append(f"    and in {len(run.lost) - _MOST_REASONS} others")
    return lines


def _skips(run: _Run) -> list[str]:
    """Why scenarios did not run, the commonest reasons first."""
    reasons = Counter(end["message"] or "no reason given" for end in run.ends if end["status"] == "skipped")
    lines: list[str] = []
    for reason, count in reasons.most_common(_MOST_REASONS):
        lines += _wrapped(f"{count} not run: {reason}", "  ", "    ")
    if len(reasons) > _MOST_REASONS:
        lines.append(f"  and {len(reasons) - _MOST_REASONS} other reasons")
    return lines


def _meaning(run: _Run) -> list[str]:
    """What the run proves of the product, and what to do next."""
    lines = []
    if run.fault is not None:
        lines += _wrapped(f"The reference platform was broken on purpose: --fault {run.fault}.", "", "  ")
    verified, rehearsed = run.with_standing("verified"), run.with_standing("rehearsed")
    if not run.used:
        ran = [end for end in run.ends if end["status"] not in _NEVER_RAN]
        if not ran:
            return [*lines, f"No {_kinds(run)} ran, so nothing is known of your product."]
        none, they = ("it used no service", "it proves") if len(ran) == 1 else ("none used a service", "they prove")
        return [*lines, f"{_number(run, ran)} ran, and {none}: of your product {they} nothing."]
    if run.only_stand_ins:
        lines.append(f"{_number(run, rehearsed)} rehearsed on stand-ins. No code of your product ran.")
    elif rehearsed or run.stand_ins:
        lines.append(f"{_number(run, verified)} verified on your product, {len(rehearsed)} rehearsed on stand-ins.")
    else:
        lines.append(f"{_number(run, verified)} verified on your product. No stand-in answered.")
    if run.stand_ins:
        port = "agents" if "agents" in run.stand_ins else run.stand_ins[0]
        lines.append(f"Next: goldenpath port {port}   (what a service of your own must answer)")
    return lines


def _kinds(run: _Run) -> str:
    """What was to run: scenarios, tests or both."""
    kinds = {_is_test(end) for end in run.ends}
    return "scenario or test" if len(kinds) > 1 else "test" if True in kinds else "scenario"


def _number(run: _Run, ends: Sequence[Record]) -> str:
    """How many these are, in words: ``1 scenario and 2 tests``."""
    tests = sum(map(_is_test, ends))
    counts = [("scenario", len(ends) - tests), ("test", tests)]
    some = [(kind, count) for kind, count in counts if count] or [(_kinds(run).partition(" ")[0], 0)]
    return " and ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in some)


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows of text in columns; the last column is wrapped where it would be too wide."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return [line for row in rows for line in _row(row, widths)]


def _row(row: tuple[str, ...], widths: Sequence[int]) -> Iterator[str]:
    start = "  " + "".join(f"{cell:<{width}}  " for cell, width in zip(row, widths, strict=False))
    yield from _wrapped(row[-1], start, " " * len(start))


def _wrapped(text: str, first: str, later: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=later, break_long_words=True)
