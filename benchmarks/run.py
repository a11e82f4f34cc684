"""Measures this runner beside its peers: ``python benchmarks/run.py --help``.

Runners take turns within a round, so that what else the machine does meets all of them; figures are medians of
the processor time (user and system) of the whole process. Only the ratios of one call can be compared.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent))

import environments
import suites

SUITES: Final = Path(__file__).resolve().parent / ".suites"
BASE: Final = "plain"
RUNNERS: Final = ("goldenpath", "goldenpath, cold", BASE, "pytest-bdd", "behave", "cucumber-js")
_DOES_NOT_COUNT: Final = frozenset({"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTEST_ADDOPTS"})


@dataclass
class Runner:
    """One command, and what its rounds have cost.

    Attributes:
        cpu: Seconds of each round.
        peak: Mebibytes of memory of each round, of its largest process.
    """

    name: str
    folder: Path
    command: list[str]
    before: Callable[[], None] = lambda: None
    cpu: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)

    def round(self, *, counts: bool = True) -> None:
        """Run once.

        Raises:
            SystemExit: It failed.
        """
        self.before()
        environment = {name: value for name, value in os.environ.items() if name not in _DOES_NOT_COUNT}
        environment |= {"NO_COLOR": "1", "PYTHONHASHSEED": "0"}
        with open(self.folder / ".said", "w+b") as said:  # noqa: PTH123
            process = subprocess.Popen(  # noqa: S603
                self.command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            if process.returncode:
                sys.exit(f"{self.name} failed in {self.folder}:\n{said.read().decode(errors='replace')[-2000:]}")
        if counts:
            self.cpu.append(used.ru_utime + used.ru_stime)
            self.peak.append(used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10))


def say(line: str) -> None:
    """Print a line at once, also into a file."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def runners(names: Iterable[str], scenarios: int, definitions: int) -> list[Runner]:
    """The runners of these names for a suite of this size, their environments and files made."""
    found = []
    for name in names:
        layout = name.partition(",")[0]
        folder = suites.write(SUITES, scenarios, definitions, [layout]) / layout
        if (command := _command(layout, folder)) is None:
            say(f"no {name}: there is no npm")
            continue
        cold = name.endswith("cold")
        found.append(Runner(name, folder, command, _without(folder / ".goldenpath") if cold else lambda: None))
    return found


def _command(layout: str, folder: Path) -> list[str] | None:
    pytest = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
    match layout:
        case "goldenpath":
            return [str(environments.ours() / "python"), *pytest, "--mode", "mock", "features"]
        case "plain" | "pytest-bdd":
            return [str(environments.peers() / "python"), *pytest]
        case "behave":
            return [str(environments.peers() / "behave"), "--format", "progress"]
        case _:
            modules = environments.cucumber_js()
            if modules is None:
                return None
            if not (folder / "node_modules").exists():
                (folder / "node_modules").symlink_to(modules, target_is_directory=True)
            return [shutil.which("node") or "node", "node_modules/.bin/cucumber-js", "--format", "progress"]


def _without(folder: Path) -> Callable[[], None]:
    return lambda: shutil.rmtree(folder, ignore_errors=True)


def measure(found: list[Runner], rounds: int) -> None:
    """Run all in turn, as often; before that once without counting, which fills the caches."""
    for number in range(rounds + 1):
        for each in found:
            # What runs for minutes is not run twice for one figure.
            if number or rounds > 1 or each.name == "goldenpath":
                each.round(counts=number > 0)


def report(found: list[Runner], scenarios: int, definitions: int) -> None:
    """Print a table."""
    medians = {each.name: statistics.median(each.cpu) for each in found}
    say(f"\n{scenarios} scenarios x {suites.STEPS} steps, {definitions} definitions")
    say(f"  {'':<18}{'CPU s':>8}{'to ' + BASE:>10}{'ours to it':>12}{'MiB':>7}")
    for each in found:
        mine = medians[each.name]
        to_base = f"{mine / medians[BASE]:.2f}" if BASE in medians else ""
        ours = f"{medians['goldenpath'] / mine:.2f}" if "goldenpath" in medians else ""
        say(f"  {each.name:<18}{mine:>8.2f}{to_base:>10}{ours:>12}{max(each.peak):>7.0f}")


def at_rest(rounds: int) -> None:
    """Print what the plugin adds to pytest with pytest-bdd, in a folder without a feature."""
    folder = suites.write(SUITES, 0, 0, ["nothing"]) / "nothing"
    command = [str(environments.ours() / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    pair = [Runner("with", folder, command), Runner("without", folder, [*command, "-p", "no:goldenpath"])]
    measure(pair, rounds)
    with_us, without = (statistics.median(each.cpu) for each in pair)
    say(f"\nwithout a feature: {without * 1000:.0f} ms, and {(with_us - without) * 1000:.0f} ms for the plugin")


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, nargs="+", default=[10, 1000, 10_000])
    parser.add_argument("--definitions", type=int, nargs="+", default=[50, 500])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runners", nargs="+", choices=RUNNERS, default=RUNNERS, metavar="RUNNER")
    asked = parser.parse_args()
    for scenarios in asked.scenarios:
        for definitions in asked.definitions:
            found = runners(asked.runners, scenarios, definitions)
            measure(found, asked.rounds)
            report(found, scenarios, definitions)
    at_rest(max(asked.rounds, 5))


if __name__ == "__main__":
    main()
