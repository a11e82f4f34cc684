"""Write a beginning that runs: a service of your own, an adapter, the function for a sentence, a feature."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final, TextIO

from goldenpath.domain.errors import UsageError
from goldenpath.domain.values import SERVICES, Tier

HELP: Final = "begin a service, an adapter, a sentence or a feature"

_EXAMPLES: Final = """\
examples:
  goldenpath new service billing          a port, a mock, sentences, a feature
  goldenpath new adapter auth             every operation of the port, to be filled
  goldenpath new step then "Ada's bill says 15 euros"
  goldenpath new feature "Paying a bill"

Nothing that is there is written over.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLES
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    service = kinds.add_parser("service", help="a service that the tool does not know")
    service.add_argument("name", metavar="NAME", help="what it is called: billing, 'Credit notes'")
    adapter = kinds.add_parser("adapter", help="an adapter for a service that the tool knows")
    adapter.add_argument("name", metavar="SERVICE", help=", ".join(SERVICES))
    tiers = [each.value for each in Tier]
    adapter.add_argument("--tier", choices=tiers, default=Tier.LOCAL.value, help="how real its machinery is (local)")
    step = kinds.add_parser("step", help="the function for a sentence")
    step.add_argument("keyword", choices=("given", "when", "then"), type=str.lower, help="given, when or then")
    step.add_argument("name", metavar="SENTENCE", help="the step without its keyword")
    feature = kinds.add_parser("feature", help="a feature with a scenario")
    feature.add_argument("name", metavar="TITLE", help="what it is about")


def _port(name: str) -> tuple[type, tuple[str, ...]]:
    from goldenpath.runtime.observing import operations
    from goldenpath.runtime.services import protocol_of

    protocol = protocol_of(name)
    if protocol is None:
        told = f"one of: {', '.join(SERVICES)}; or: goldenpath new service {name}"
        raise UsageError(f"there is no port {name!r}", where="new adapter", try_next=told)
    return protocol, tuple(operations(protocol))


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Write it, and say what was written and what to run.

    Raises:
        UsageError: Something is there already, or cannot be.
        SettingsError: The settings of the project cannot be read.
    """
    from goldenpath.authoring.scaffold import pieces

    root = Path.cwd()
    match args.kind:
        case "service":
            written = pieces.service(root, args.name)
        case "adapter":
            written = pieces.adapter(root, args.name, args.tier, *_port(args.name))
        case "step":
            written = pieces.step(root, args.keyword, args.name)
        case _:
            written = pieces.feature(root, args.name)
    out.writelines(f"  {each}\n" for each in written)
    out.write("\nNext: pytest features/ --mode mock\n")
    return 0
