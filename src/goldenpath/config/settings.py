"""From flags, environment, file and defaults to one frozen value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, Final

from goldenpath.config.file import SettingsFile, nearest, read
from goldenpath.config.given import Given, check_choice, count_of, list_of, seconds_of, switch_of, text_of
from goldenpath.config.options import (
    AMBIGUOUS,
    CATEGORIES,
    FLOORS,
    MODE_ALIASES,
    MODES,
    NO_STAND_INS,
    OPTIONS,
    ORDERS,
    PATH_CATEGORIES,
    TIERS,
    Exec,
    Option,
    Platform,
    StepModules,
    option,
)
from goldenpath.config.profiles import WRITES_OWN, check_tables, merged, named, read_profiles
from goldenpath.domain.errors import SettingsError
from goldenpath.domain.values import Mode

_ADDRESS: Final = re.compile(r"GOLDENPATH_([A-Z][A-Z0-9_]*)_URL")


@dataclass(frozen=True)
class Settings:
    """What a run was asked for.

    Attributes:
        mode: What answers, for every service without a word of its own.
        services: The tier of one service, or ``none`` for one that the project does not have.
        tags: A Cucumber tag expression, unparsed, with that of the category; None for every scenario.
        real_services: Whether that mode was asked for by its flag; ``mode`` and ``stand_ins`` say what comes of it.
        require: The least tier, by tag or marker (without ``@``).
        paths: What the tests below a folder are: ``service_independent``, ``hybrid`` or ``real_services``.
        category: The strategy paper's word for what is selected; None for everything.
        probe_deadline: Seconds in which every probe must have answered.
        pull: Whether Docker images may be pulled.
        platform: What the reference platform is in this project.
        exec: What ``goldenpath exec`` runs first, and further names for addresses.
        steps: The modules with the sentences, in the order in which they are loaded.
        ambiguous: What becomes of a step that several sentences of one scope answer: ``error``, or ``first`` for the
            one that pytest-bdd would take.
        retry: How often a scenario that has failed is tried again.
        retry_tags: A tag expression for those that may be; None for all.
        allow_flaky: Whether what passed only on a later attempt lets the run succeed.
        order: ``defined``, ``reverse`` or ``random:SEED``; ``random`` alone until a seed is drawn.
        messages: Where a copy of the messages goes, relative to the root; None for none.
        allure: Where results for Allure go, likewise.
        features: The folders from which scenario ids count.
        service_tags: Which tag (without ``@``) belongs to which service.
        output: The folder for timelines and reports, relative to the root.
        fault: The named fault of the reference platform; None for none.
        ci: Whether what cannot run is a failure.
        service_settings: Each service's own table, for its adapter, with what the profile says over it.
        profile: The profile that was named; None for none.
        docker_host: Where the engine of Docker is, as ``DOCKER_HOST`` says; empty for where it usually is.
        profiles: The names of all profiles that there are.
        writes: What may be written where a profile leads: ``own``, or ``none``; then only ``@read_only`` runs.
        scripts: Files with more scripts for the assistant, relative to the root.
        stand_ins: Whether a stand-in may answer (not in the paper's mode ``real_services``).
        source: The settings file; None when there is none.
        explicit: Whether anybody asked for us: a settings table exists, or a flag or variable of ours was given.
    """

    mode: Mode = Mode.HYBRID
    services: Mapping[str, str] = field(default_factory=dict)
    tags: str | None = None
    real_services: bool = False
    require: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    category: str | None = None
    probe_deadline: float = 2.0
    pull: bool = False
    platform: Platform = field(default_factory=Platform)
    exec: Exec = field(default_factory=Exec)
    steps: tuple[StepModules, ...] = ()
    ambiguous: str = AMBIGUOUS[0]
    retry: int = 0
    retry_tags: str | None = None
    allow_flaky: bool = False
    order: str = "defined"
    messages: Path | None = None
    allure: Path | None = None
    features: tuple[str, ...] = ()
    service_tags: Mapping[str, str] = field(default_factory=dict)
    output: Path = Path(".goldenpath")
    fault: str | None = None
    ci: bool = False
    service_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    profile: str | None = None
    writes: str = WRITES_OWN
    profiles: tuple[str, ...] = ()
    docker_host: str = ""
    scripts: tuple[Path, ...] = ()
    stand_ins: bool = True
    source: Path | None = None
    explicit: bool = False


def load(root: Path, flags: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """The settings of the project at ``root``: a flag over a variable over the file over the default.

    Args:
        root: Where the settings file is looked for.
        flags: What was given on the command line, by option name; None, False and empty stand for not given, but an
            empty one of a few words is wrong.
        environ: The environment variables.

    Raises:
        SettingsError: Something given is wrong; ``where`` names the file and line, the flag or the variable.
    """
    file = read(root)
    given = {each.name: found for each in OPTIONS if (found := _given(each, flags, environ, file)) is not None}
    check_tables(file)
    profiles = read_profiles(file)
    profile = named(given.get("profile"), profiles)
    tiers, tables = _services(flags, environ, file)
    mode = _mode(given)
    category = _category(given.get("category"))
    ambiguous = given.get("ambiguous", Given(option("ambiguous").default, ""))
    check_choice("word for ambiguous", ambiguous, AMBIGUOUS)
    return Settings(
        mode=MODE_ALIASES.get(mode.value) or Mode(mode.value),
        services=MappingProxyType(tiers),
        tags=_narrowed(text_of(given.get("tags")), CATEGORIES.get(category or "")),
        real_services=switch_of(given.get("real_services")),
        pull=switch_of(given.get("pull")),
        require=MappingProxyType(_require(flags, environ, file)),
        paths=MappingProxyType(_paths(file, root)),
        category=category,
        probe_deadline=seconds_of(given.get("probe_deadline"), option("probe_deadline").default),
        platform=_platform(file),
        exec=Exec(**file.values.get("exec", {})),
        steps=tuple(_step_modules(list_of(given.get("steps")))),
        ambiguous=ambiguous.value,
        retry=count_of(given.get("retry")),
        retry_tags=text_of(given.get("retry_tags")),
        allow_flaky=switch_of(given.get("allow_flaky")),
        order=_order(given.get("order")),
        messages=Path(given["messages"].value) if "messages" in given else None,
        allure=Path(given["allure"].value) if "allure" in given else None,
        features=tuple(list_of(given.get("features"))),
        service_tags=MappingProxyType(_service_tags(file)),
        output=Path(given["output"].value if "output" in given else option("output").default),
        fault=text_of(given.get("fault")),
        ci=switch_of(given.get("ci")),
        service_settings=MappingProxyType(merged(tables, profile, dict(_addresses(environ)), root)),
        profile=profile.name if profile else None,
        writes=profile.writes if profile else WRITES_OWN,
        profiles=tuple(profiles),
        docker_host=environ.get("DOCKER_HOST", ""),
        scripts=tuple(Path(each) for each in list_of(given.get("scripts"))),
        stand_ins=mode.value != NO_STAND_INS,
        source=file.path,
        explicit=file.path is not None or _asked_for(flags, environ),
    )


def _asked_for(flags: Mapping[str, Any], environ: Mapping[str, str]) -> bool:
    """Whether a flag or a variable of ours was given; ``CI`` is everybody's."""
    ours = [each.env for each in OPTIONS if each.env and each.env.startswith("GOLDENPATH_")]
    return any(flags.get(each.name) for each in OPTIONS) or any(environ.get(name) for name in ours)


def _given(each: Option, flags: Mapping[str, Any], environ: Mapping[str, str], file: SettingsFile) -> Given | None:
    flag = flags.get(each.name)
    # A mode that came out empty, from a variable that nobody set, is no wish for whatever is there.
    if flag or (flag == "" and each.choices):
        return Given(flags[each.name], each.flags[0] if each.flags else each.name)
    if each.env and environ.get(each.env):
        return Given(environ[each.env], each.env)
    if each.key is not None and each.key in file.values:
        return Given(file.values[each.key], file.where(each.key))
    return None


def _services(
    flags: Mapping[str, Any], environ: Mapping[str, str], file: SettingsFile
) -> tuple[dict[str, str], dict[str, Mapping[str, Any]]]:
    """The tier of each service that was named, and each service's own table without its tier."""
    tiers: dict[str, Given] = {}
    tables: dict[str, Mapping[str, Any]] = {}
    for name, value in file.values.get("services", {}).items():
        where = file.where("services", name)
        table = {"tier": value} if isinstance(value, str) else dict(value)
        if (tier := table.pop("tier", None)) is not None:
            tiers[name] = Given(tier, file.where("services", name, "tier") if isinstance(value, dict) else where)
        if table:
            tables[name] = MappingProxyType(table)
    tiers |= _said_in_pairs(option("services"), flags, environ, "database=mock")
    for given in tiers.values():
        check_choice("tier", given, TIERS)
    return {name: given.value for name, given in tiers.items()}, tables


def _addresses(environ: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Where others run a service, from ``GOLDENPATH_<NAME>_URL``."""
    for variable, url in environ.items():
        if url and (match := _ADDRESS.fullmatch(variable)):
            yield match[1].lower(), url


def _said_in_pairs(
    each: Option, flags: Mapping[str, Any], environ: Mapping[str, str], example: str
) -> dict[str, Given]:
    """What a variable and a flag say in pairs with an equals sign, by name; the flag stands above the variable."""
    said = [(pair, each.env or "") for pair in environ.get(each.env or "", "").split(",") if pair.strip()]
    said += [(pair, each.flags[0]) for pair in flags.get(each.name) or ()]
    found = {}
    for pair, where in said:
        name, sign, tier = (part.strip() for part in pair.partition("="))
        if not (name and sign and tier):
            raise SettingsError(f"expected {each.metavar}, got {pair!r}", where=where, try_next=f"{where} {example}")
        found[name] = Given(tier, where)
    return found


def _require(flags: Mapping[str, Any], environ: Mapping[str, str], file: SettingsFile) -> dict[str, str]:
    """The least tier for each tag, without its ``@``."""
    named = file.values.get("require", {})
    tiers = {tag: Given(tier, file.where("require", tag)) for tag, tier in named.items()}
    tiers |= _said_in_pairs(option("require"), flags, environ, "critical=local")
    for given in tiers.values():
        check_choice("tier", given, FLOORS)
    return {tag.removeprefix("@"): given.value for tag, given in tiers.items()}


def _paths(file: SettingsFile, root: Path) -> dict[str, str]:
    """The category of each folder; one that is not there would give its category to nothing, in silence."""
    for folder, category in file.values.get("paths", {}).items():
        check_choice("category", Given(category, file.where("paths", folder)), PATH_CATEGORIES)
        if not (root / folder).exists():
            said = f"there is no folder {folder!r}{_near_folder(root, folder)}"
            raise SettingsError(said, where=file.where("paths", folder), try_next="a path from the project's folder")
    return dict(file.values.get("paths", {}))


def _near_folder(root: Path, folder: str) -> str:
    """The folder that was probably meant, as the end of a message; else the one up to which the path leads."""
    there = ""
    for part in PurePosixPath(folder).parts:
        if not (root / there / part).is_dir():
            beside = [each.name for each in sorted((root / there).iterdir()) if each.is_dir()]
            known = [(PurePosixPath(there) / name).as_posix() for name in beside]
            meant = nearest((PurePosixPath(there) / part).as_posix(), known)
            return meant or (f"; there is {there!r}" if there else "")
        there = (PurePosixPath(there) / part).as_posix()
    return ""


def _platform(file: SettingsFile) -> Platform:
    product = file.values.get("platform", {}).get("product", False)
    return Platform(switch_of(Given(product, file.where("platform", "product"))) if product else False)


def _mode(given: Mapping[str, Given]) -> Given:
    """What was asked for; ``--real-services`` stands above everything but another mode on the same command line."""
    mode = given.get("mode", Given(option("mode").default, ""))
    check_choice("mode", mode, MODES)
    switch = given.get("real_services")
    if switch is None or not switch_of(switch):
        return mode
    if mode.where in option("mode").flags and mode.value not in {NO_STAND_INS, Mode.HYBRID}:
        said = f"{switch.where} lets no stand-in answer, and {mode.where} {mode.value} asks for something else"
        raise SettingsError(said, where=switch.where, try_next=f"{mode.where} {NO_STAND_INS}")
    return Given(NO_STAND_INS, switch.where)


def _category(given: Given | None) -> str | None:
    if given is not None:
        check_choice("category", given, CATEGORIES)
    return text_of(given)


def _narrowed(tags: str | None, also: str | None) -> str | None:
    """A tag expression that fits only where both fit."""
    return f"({tags}) and {also}" if tags and also else tags or also


def _service_tags(file: SettingsFile) -> dict[str, str]:
    return {tag.removeprefix("@"): service for tag, service in file.values.get("tags", {}).items()}


def _step_modules(entries: Iterable[Any]) -> Iterable[StepModules]:
    for entry in entries:
        yield StepModules(entry) if isinstance(entry, str) else StepModules(**entry)


def _order(given: Given | None) -> str:
    if given is None:
        return "defined"
    word, sign, seed = str(given.value).partition(":")
    check_choice("order", Given(word, given.where), ORDERS)
    if sign and (word != "random" or not seed.isdecimal()):
        raise SettingsError(
            f"the order {given.value!r} has no whole number for a seed", where=given.where, try_next="random:7"
        )
    return str(given.value)
