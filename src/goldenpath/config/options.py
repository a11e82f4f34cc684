"""The one table of options: flags, settings file, environment and documentation are all read from it.

An option that is not in this table does not exist; one that is here needs no other place to be named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

from goldenpath.domain.values import Mode, Tier

MODE_ALIASES: Final = {
    "service_independent": Mode.MOCK,
    "mock_services": Mode.MOCK,
    "docker_services": Mode.DOCKER,
    "real_services": Mode.HYBRID,
}
"""The strategy paper's names of modes. ``real_services`` also rejects every stand-in."""

NO_STAND_INS: Final = "real_services"
"""The one mode name that means hybrid without any stand-in."""

NONE: Final = "none"
"""The word for a service that the project does not have."""

MODES: Final = (*(mode.value for mode in Mode), *MODE_ALIASES)
AMBIGUOUS: Final = ("error", "first")

TIERS: Final = (*(tier.value for tier in Tier), NONE)
FLOORS: Final = tuple(tier.value for tier in Tier)

PATH_CATEGORIES: Final = ("service_independent", "hybrid", "real_services")
"""What a tag, a marker or a folder makes of a test: always on mocks, on whatever the run has, never on a mock."""

CATEGORIES: Final = {"integration": None, "golden_path_integration": "@golden_path"}
"""What can be selected by a word of the strategy paper, and the tag that stands for it; None for all."""


@dataclass(frozen=True, slots=True)
class StepModules:
    """A module (or package, or file) with sentences; ``features`` keeps it to a folder of features, or one of them."""

    module: str
    features: str | None = None

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Platform:
    """The reference platform in this project; ``product`` says that it is the product, and its servers no stand-ins."""

    product: bool = False

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Exec:
    """What ``goldenpath exec`` does before a command, and the names under which the command reads addresses.

    Attributes:
        prepare: Commands that are run first, with the addresses.
        env: Further variables: the name of one of ours, or a text with ``{NAME}`` or ``{SERVICE.url}`` in it.
    """

    prepare: str | list[str] = ""
    env: dict[str, str] = field(default_factory=dict)

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that a user can set.

    Attributes:
        name: The field of ``Settings`` and the key under which flags are handed to ``load``.
        help: What it does, as a sentence.
        example: How it is written in the settings file, or on the command line where a file cannot say it.
        flags: Its flags on pytest's command line; none for what only a file can say.
        key: Its key in the settings file; None for what a file cannot say.
        env: Its environment variable; None for what has none.
        default: What holds where nothing is said.
        choices: The words that it takes; empty where any text will do.
        metavar: What stands for its value in a help text; empty for a switch.
        repeatable: Whether the flag may be given more than once; the values come as a list.
        type: What the settings file takes, as an annotation.
    """

    name: str
    help: str
    example: str
    flags: tuple[str, ...] = ()
    key: str | None = None
    env: str | None = None
    default: Any = None
    choices: tuple[str, ...] = field(default=())
    metavar: str = ""
    repeatable: bool = False
    type: Any = str


ORDERS: Final = ("defined", "reverse", "random")
"""In which order scenarios can run."""

OPTIONS: Final = (
    Option(
        "mode",
        "What answers: one tier for every service, or hybrid, the best that is there for each.",
        'mode = "mock"',
        flags=("--mode", "--golden-mode", "--execution-mode", "--golden-execution-mode"),
        key="mode",
        env="GOLDENPATH_MODE",
        default=Mode.HYBRID.value,
        choices=MODES,
        metavar="MODE",
    ),
    Option(
        "services",
        "The tier of one service, whatever the mode is; none for a service that the project does not have.",
        '[services]\ndatabase = "local"\ncache = "none"',
        flags=("--service", "--golden-service"),
        key="services",
        env="GOLDENPATH_SERVICES",
        choices=TIERS,
        metavar="NAME=TIER",
        repeatable=True,
        type=dict[str, str | dict[str, Any]],
    ),
    Option(
        "profile",
        "The profile of the settings whose addresses, accounts and ways count in this run: without one, no address "
        "that is not on this machine does.",
        "--profile staging",
        flags=("--profile", "--golden-profile"),
        env="GOLDENPATH_PROFILE",
        metavar="NAME",
    ),
    Option(
        "profiles",
        "Named sets of addresses, accounts and ways to them, over [services.NAME.real]; secrets are names of "
        "environment variables.",
        '[profiles.staging]\nwrites = "none"\n\n[profiles.staging.services.auth]\n'
        'url = "https://auth.staging.example"\n'
        'headers = { X-Api-Key = "{env.STAGING_KEY}" }\n\n[[profiles.staging.accounts]]\n'
        'email = "ada@example.com"\npassword_env = "STAGING_ADA_PASSWORD"',
        key="profiles",
        type=dict[str, dict[str, Any]],
    ),
    Option(
        "real_services",
        "Let no stand-in answer: the mode real_services under another name.",
        "--real-services",
        flags=("--real-services", "--golden-real-services"),
        env="GOLDENPATH_REAL_SERVICES",
        default=False,
        type=bool,
    ),
    Option(
        "require",
        "The least tier for what bears a tag or a marker: where only less is there, it does not run.",
        '[require]\ncritical = "local"',
        flags=("--require", "--golden-require"),
        key="require",
        env="GOLDENPATH_REQUIRE",
        choices=FLOORS,
        metavar="TAG=TIER",
        repeatable=True,
        type=dict[str, str],
    ),
    Option(
        "paths",
        "What the tests below a folder run on: service_independent is always on mocks, real_services never on a mock; "
        "a tag or marker of that name says the same of one test.",
        '[paths]\n"tests/integration/real_services" = "real_services"',
        key="paths",
        choices=PATH_CATEGORIES,
        type=dict[str, str],
    ),
    Option(
        "category",
        "Run only this category: integration is everything, golden_path_integration what is tagged @golden_path.",
        "--category golden_path_integration",
        flags=("--category", "--golden-category"),
        env="GOLDENPATH_CATEGORY",
        choices=tuple(CATEGORIES),
        metavar="CATEGORY",
    ),
    Option(
        "probe_deadline",
        "In how many seconds every look at a service must be over; what has not answered by then is not there.",
        "probe_deadline = 1.5",
        flags=("--probe-deadline", "--golden-probe-deadline"),
        key="probe_deadline",
        env="GOLDENPATH_PROBE_DEADLINE",
        default=2.0,
        metavar="SECONDS",
        type=float,
    ),
    Option(
        "pull",
        "Let Docker images that are not on this machine be pulled; without it nothing is.",
        "--pull",
        flags=("--pull", "--golden-pull"),
        env="GOLDENPATH_PULL",
        default=False,
        type=bool,
    ),
    Option(
        "platform",
        "With product = true the reference platform is what is tested here, and its servers are no stand-ins.",
        "[platform]\nproduct = true",
        key="platform",
        type=Platform,
    ),
    Option(
        "tags",
        "Run only scenarios whose tags fit this Cucumber tag expression.",
        '--tags "@golden_path and not @slow"',
        flags=("--tags", "--golden-tags"),
        env="GOLDENPATH_TAGS",
        metavar="EXPRESSION",
    ),
    Option(
        "fault",
        "Break the reference platform on purpose, by the name of a fault (see: goldenpath faults).",
        'fault = "refresh-token-works-twice"',
        flags=("--fault", "--golden-fault"),
        key="fault",
        env="GOLDENPATH_FAULT",
        metavar="NAME",
    ),
    Option(
        "ci",
        "Treat what cannot run as a failure, as a build server should; CI=true does the same.",
        "ci = true",
        flags=("--ci", "--golden-ci"),
        key="ci",
        env="CI",
        default=False,
        type=bool,
    ),
    Option(
        "steps",
        "The modules with the sentences; a later one wins over an earlier one. Each may be kept to a folder of "
        "features, or to one of them.",
        'steps = [\n  "shop.steps",\n  { module = "shop.billing_steps", features = "features/billing" },\n]',
        key="steps",
        env="GOLDENPATH_STEPS",
        default=(),
        type=list[str | StepModules],
    ),
    Option(
        "retry",
        "Try a failed scenario again, up to N times; one that passes then is flaky: no success, and it fails the run.",
        "--retry 2",
        flags=("--retry", "--golden-retry"),
        env="GOLDENPATH_RETRY",
        default=0,
        metavar="N",
        type=int,
    ),
    Option(
        "retry_tags",
        "With --retry: try only failed scenarios again whose tags fit this Cucumber tag expression.",
        '--retry-tags="@network"',
        flags=("--retry-tags", "--golden-retry-tags"),
        env="GOLDENPATH_RETRY_TAGS",
        metavar="EXPRESSION",
    ),
    Option(
        "allow_flaky",
        "With --retry: do not let flaky scenarios fail the run; they are still counted as flaky, not as passed.",
        "--allow-flaky",
        flags=("--allow-flaky", "--golden-allow-flaky"),
        env="GOLDENPATH_ALLOW_FLAKY",
        default=False,
        type=bool,
    ),
    Option(
        "order",
        "The order of the scenarios: defined, reverse, or random, which can be had again by the seed that is told.",
        "--order random:7",
        flags=("--order", "--golden-order"),
        env="GOLDENPATH_ORDER",
        default="defined",
        metavar="ORDER",
    ),
    Option(
        "messages",
        "Copy the run's Cucumber Messages to this file when it has ended.",
        "--messages reports/messages.ndjson",
        flags=("--messages", "--golden-messages"),
        env="GOLDENPATH_MESSAGES",
        metavar="PATH",
    ),
    Option(
        "allure",
        "Write the run as results for Allure into this folder.",
        "--allure allure-results",
        flags=("--allure", "--golden-allure"),
        env="GOLDENPATH_ALLURE",
        metavar="FOLDER",
    ),
    Option(
        "features",
        "The folders with the features; a scenario's id counts from them.",
        'features = ["features"]',
        key="features",
        env="GOLDENPATH_FEATURES",
        default=(),
        type=list[str],
    ),
    Option(
        "ambiguous",
        "What becomes of a step that several sentences of one scope answer: error, or first, which takes the one that "
        "pytest-bdd would take and reports every use.",
        'ambiguous = "first"',
        key="ambiguous",
        env="GOLDENPATH_AMBIGUOUS",
        default=AMBIGUOUS[0],
        choices=AMBIGUOUS,
    ),
    Option(
        "service_tags",
        "Which tag belongs to which service: a scenario so tagged must use that service to pass.",
        '[tags]\nbilling = "billing"',
        key="tags",
        type=dict[str, str],
    ),
    Option(
        "output",
        "The folder for timelines and reports.",
        'output = ".goldenpath"',
        key="output",
        env="GOLDENPATH_OUTPUT",
        default=Path(".goldenpath"),
    ),
    Option(
        "exec",
        "For goldenpath exec: what is run before the command, and further names of variables for addresses.",
        '[exec]\nprepare = "alembic upgrade head"\nenv = { SHOP_DB = "DATABASE_URL", SHOP_AUTH = "{auth.url}/v1" }',
        key="exec",
        type=Exec,
    ),
    Option(
        "scripts",
        "Files with more scripts for the assistant of the reference platform.",
        'scripts = ["scripts/sales.toml"]',
        key="scripts",
        env="GOLDENPATH_SCRIPTS",
        default=(),
        type=list[str],
    ),
)


def option(name: str) -> Option:
    """The option of that name."""
    return next(each for each in OPTIONS if each.name == name)
