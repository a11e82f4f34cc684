"""What answers here: every service, what each mode would run on and why, and what is missing for something better."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TextIO

from goldenpath.cli.layout import table, wrapped
from goldenpath.config import load
from goldenpath.config.file import nearest
from goldenpath.config.options import MODES
from goldenpath.domain.errors import SettingsError
from goldenpath.domain.values import Availability, Rejected, Resolution
from goldenpath.resolution import Registry
from goldenpath.resolution.diagnosis import DOCKER, Diagnosis, diagnose, rejected
from goldenpath.resolution.resolve import MOST_REAL

HELP: Final = "what answers here, what each mode would run on, and what is missing"

NOT_ANSWERED: Final = 1
"""The exit status when the mode that was asked for leaves a service without an answer."""

_NOTHING: Final = "-"
_SAYS_HOW: Final = ("pip install", "GOLDENPATH_")
"""What is in a reason that tells itself how to get what is missing."""

_EXAMPLES: Final = """\
examples:
  goldenpath doctor                    what a run would use now
  goldenpath doctor --mode local       whether that mode can run: ends with 0 or 1
  goldenpath doctor --service database=local
  goldenpath doctor --profile staging  what is there for that profile
  goldenpath doctor --json             the same for programs
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"{_EXAMPLES}\nends with 0 when the mode answers every service, 1 when not, 2 on wrong settings"
    parser.add_argument("--mode", metavar="MODE", help=f"instead of the settings' own: {', '.join(MODES[:5])}")
    parser.add_argument(
        "--service", metavar="NAME=TIER", action="append", dest="services", help="the tier of one service"
    )
    parser.add_argument("--profile", metavar="NAME", help="the profile whose addresses count")
    parser.add_argument("--probe-deadline", metavar="SECONDS", help="how long to look (2)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Look, and print what was seen.

    Raises:
        SettingsError: The settings are wrong, or a service was named that there is not.
    """
    flags = {name: getattr(args, name) for name in ("mode", "services", "profile", "probe_deadline")}
    settings = load(Path.cwd(), flags, os.environ)
    registry = Registry.installed().configured(settings.service_settings, Path.cwd())
    _must_be_known(args.services or (), registry)
    seen = asyncio.run(diagnose(settings, registry))
    if args.json:
        json.dump(_document(seen, registry), out, indent=2)
        out.write("\n")
    else:
        out.writelines(f"{line}\n" for line in _Page(seen, _colours(out)).lines())
    return NOT_ANSWERED if seen.asked.unanswered else 0


def _must_be_known(pairs: Iterable[str], registry: Registry) -> None:
    """Let no flag name a service that neither an adapter nor the settings know: it was mistyped."""
    settings = load(Path.cwd(), {}, os.environ)
    known = sorted(
        {*registry.services, *settings.services, *settings.service_settings, *settings.service_tags.values()}
    )
    for name in (pair.partition("=")[0].strip() for pair in pairs):
        if name not in known:
            raise SettingsError(
                f"there is no service {name!r}{nearest(name, known)}",
                where="--service",
                try_next=f"one of: {', '.join(known)}",
            )


def _document(seen: Diagnosis, registry: Registry) -> dict[str, Any]:
    return {
        "services": {name: _service(name, seen, registry) for name in seen.services},
        "seconds": round(seen.seconds, 3),
        "mode": seen.settings.mode.value,
        "profile": seen.settings.profile,
        "docker": _plain(seen.availability[DOCKER]),
        "modes": {name: _tiers(each, seen) for name, each in seen.modes.items()},
        "missing": [
            {"tier": each.tier.value, "services": list(each.services), "reason": each.reason, "try": each.try_next}
            for each in seen.missing
        ],
    }


def _service(name: str, seen: Diagnosis, registry: Registry) -> dict[str, Any]:
    choice = next((each for each in seen.asked.choices if each.service == name), None)
    return {
        "tier": choice.tier.value if choice else None,
        "stand_in": choice.stand_in if choice else None,
        "reason": choice.reason if choice else _why_nothing(seen.asked, name),
        "candidates": list(seen.candidates(name, registry)),
    }


def _plain(seen: Availability) -> dict[str, Any]:
    return {"up": seen.up, "reason": seen.reason, "version": seen.version, "seconds": round(seen.seconds, 3)}


def _tiers(resolution: Resolution, seen: Diagnosis) -> dict[str, str | None]:
    return {name: resolution[name].tier.value if name in resolution else None for name in seen.services}


def _why_nothing(resolution: Resolution, name: str) -> str:
    """Why a service has no answer, each reason once."""
    return "; ".join(_grouped(rejected(resolution, name))) or "nothing that is installed can answer it"


def _grouped(others: Iterable[Rejected]) -> Iterator[str]:
    """Rejected candidates, those with one reason together."""
    found: dict[str, list[str]] = {}
    for each in others:
        found.setdefault(each.reason, []).append(each.adapter)
    for reason, named in found.items():
        yield f"{', '.join(named)}: {reason}"


def _colours(out: TextIO) -> bool:
    """Whether colours are welcome (no-color.org)."""
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class _Page:
    """The same as text, within 80 columns."""

    def __init__(self, seen: Diagnosis, colours: bool) -> None:
        self._seen = seen
        self._colours = colours

    def lines(self) -> Iterator[str]:
        seen = self._seen
        profile = f", profile {seen.settings.profile}" if seen.settings.profile else ""
        yield self._bold(f"Mode {seen.settings.mode}{profile}, seen in {seen.seconds:.2f} s")
        yield from table([("service", "tier", "stand-in", "why"), *map(self._row, seen.services)])
        docker = seen.availability[DOCKER]
        yield from wrapped(f"Docker: {docker.reason} {docker.version}".rstrip(), "", "  ")
        yield from self._section("Not chosen", self._not_chosen())
        tiers = [self._mode(name, each) for name, each in seen.modes.items()]
        yield from self._section("What each mode would run on", table([("", *seen.services), *tiers]))
        yield from self._section("What is missing for something better", self._missing())

    def _section(self, title: str, lines: Iterator[str]) -> Iterator[str]:
        """A title and its lines; nothing where there are none."""
        for number, line in enumerate(lines):
            if number == 0:
                yield from ("", self._bold(title))
            yield line

    def _missing(self) -> Iterator[str]:
        for each in self._seen.missing:
            yield from wrapped(f"{each.tier} for {', '.join(each.services)}: {each.reason}", "  ", "    ")
            if each.try_next and not any(known in each.reason for known in _SAYS_HOW):
                yield from wrapped(f"try: {each.try_next}", "    ", "      ")

    def _row(self, name: str) -> tuple[str, str, str, str]:
        if name not in self._seen.asked:
            return name, "none", _NOTHING, _why_nothing(self._seen.asked, name)
        choice = self._seen.asked[name]
        why = choice.reason.removeprefix(f"{MOST_REAL}: ")
        return name, choice.tier.value, "yes" if choice.stand_in else "no", why

    def _not_chosen(self) -> Iterator[str]:
        """What is there and was not chosen all the same; what only comes later, or is told below, needs no word."""
        seen = self._seen
        below = {each.reason for each in seen.missing}
        for name in (each for each in seen.services if each in seen.asked):
            there = [each for each in rejected(seen.asked, name) if seen.availability.get(each.adapter)]
            there = [each for each in there if not each.reason.endswith(("comes first", "was asked for"))]
            for line in _grouped(each for each in there if each.reason not in below):
                yield from wrapped(line, "  ", "    ")

    def _mode(self, name: str, resolution: Resolution) -> tuple[str, ...]:
        tiers: Mapping[str, str | None] = _tiers(resolution, self._seen)
        return name, *(tiers[service] or _NOTHING for service in self._seen.services)

    def _bold(self, text: str) -> str:
        return f"\033[1m{text}\033[0m" if self._colours else text
