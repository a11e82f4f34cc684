"""Profiles: a named set of addresses, accounts and ways to them, for services that are not on this machine.

A profile is named for a run (``--profile staging``) and never by a file: what goes out to others is asked for. Secrets
are the names of environment variables; one that stands in the file itself is refused, whether its profile is named or
not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from goldenpath.config.file import SettingsFile, nearest
from goldenpath.config.given import Given, check_choice
from goldenpath.domain.errors import SettingsError
from goldenpath.domain.redaction import kind_of
from goldenpath.domain.route import PROFILE, WRITES, check, names_variable

WRITES_OWN: Final = "own"
WRITES_NONE: Final = "none"
WRITES_CHOICES: Final = (WRITES_OWN, WRITES_NONE)
"""What a run may write where a profile leads: things of its own, or nothing."""

_AUTH: Final = "auth"
_REAL: Final = "real"
_KEYS: Final = ("writes", "services", "accounts")
_ACCOUNT: Final = ("name", "email", "id", "password_env", "permissions")
_ACCOUNT_EXAMPLE: Final = 'email = "ada@example.com"\npassword_env = "STAGING_ADA_PASSWORD"'
_USERINFO: Final = re.compile(r"://[^\s/:@]*:([^\s/@]+)@")
_RESERVED: Final = (PROFILE, WRITES)


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile.

    Attributes:
        name: What it is named by.
        writes: ``own``, or ``none``: then only what is tagged ``@read_only`` runs.
        services: What it says of each service, over ``[services.NAME.real]``.
        accounts: The people that it lends: ``email``, ``password_env``, ``permissions`` and perhaps ``id``.
    """

    name: str
    writes: str = WRITES_OWN
    services: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    accounts: tuple[Mapping[str, Any], ...] = ()


def read_profiles(file: SettingsFile) -> dict[str, Profile]:
    """The profiles of a settings file.

    Raises:
        SettingsError: One of them has a key that does not exist, a value of a wrong type, or a secret.
    """
    return {name: _profile(file, name, table) for name, table in file.values.get("profiles", {}).items()}


def named(given: Given | None, known: Mapping[str, Profile]) -> Profile | None:
    """The profile that was asked for, if one was.

    Raises:
        SettingsError: There is none of that name; the known ones are listed.
    """
    if given is None:
        return None
    if (found := known.get(given.value)) is None:
        said = f"there is no profile {given.value!r}{nearest(given.value, list(known))}"
        try_next = f"one of: {', '.join(sorted(known))}" if known else f"[profiles.{given.value}] in the settings"
        raise SettingsError(said, where=given.where, try_next=try_next)
    return found


def merged(
    tables: Mapping[str, Mapping[str, Any]], profile: Profile | None, addresses: Mapping[str, str], root: Path
) -> dict[str, Mapping[str, Any]]:
    """Each service's table as this run sees it: the file's, the variables' addresses, and the profile over both.

    Args:
        tables: Of the file.
        profile: The one that was named.
        addresses: Of services, from their variables. Where the profile has an address of its own, that counts: who
            names staging gets staging.
        root: Files with certificates are named from there.
    """
    over: dict[str, dict[str, Any]] = {name: {"url": url} for name, url in addresses.items()}
    if profile is not None:
        for name, table in profile.services.items():
            over[name] = {**over.get(name, {}), **table, PROFILE: profile.name, WRITES: profile.writes}
        if profile.accounts:
            over[_AUTH] = {**over.get(_AUTH, {}), "accounts": list(profile.accounts)}
    found: dict[str, Mapping[str, Any]] = {}
    for name in {**tables, **over}:
        table = dict(tables.get(name, {}))
        if real := _over(table.get(_REAL, {}), over.get(name, {})):
            table[_REAL] = _with_place(real, root)
        found[name] = MappingProxyType(table)
    return found


def check_tables(file: SettingsFile) -> None:
    """Let no table of a service say what only a profile may, and no account have its password in the file.

    Raises:
        SettingsError: One does.
    """
    for name, table in file.values.get("services", {}).items():
        if not isinstance(table, Mapping):
            continue
        for path, each in ((("services", name), table), (("services", name, _REAL), table.get(_REAL, {}))):
            if isinstance(each, Mapping):
                _refuse_reserved(file, path, each if path[-1] == _REAL else {})
                _accounts(file, (*path, "accounts"), each.get("accounts", []))


def _profile(file: SettingsFile, name: str, table: Mapping[str, Any]) -> Profile:
    path = ("profiles", name)
    if unknown := [key for key in table if key not in _KEYS]:
        raise _no_such(file, (*path, unknown[0]), _KEYS)
    writes = table.get("writes", WRITES_OWN)
    check_choice("word for writes", Given(writes, file.where(*path, "writes")), WRITES_CHOICES)
    services = table.get("services", {})
    if not isinstance(services, Mapping) or not all(isinstance(each, Mapping) for each in services.values()):
        said = f"profiles.{name}.services: expected a table for each service"
        raise SettingsError(said, where=file.where(*path, "services"), try_next=f"[profiles.{name}.services.auth]")
    for service, said_of_it in services.items():
        place = (*path, "services", service)
        _refuse_reserved(file, place, said_of_it)
        _refuse_secrets(file, place, said_of_it)
        _check_route(file, place, said_of_it)
    accounts = _accounts(file, (*path, "accounts"), table.get("accounts", []))
    return Profile(name, writes, {name: dict(each) for name, each in services.items()}, accounts)


def _check_route(file: SettingsFile, path: tuple[str, ...], table: Mapping[str, Any]) -> None:
    try:
        check(table, ".".join(path))
    except SettingsError as error:
        raise SettingsError(
            f"{error.where}: {error.message}", where=file.where(*path), try_next=error.try_next
        ) from None


def _refuse_reserved(file: SettingsFile, path: tuple[str, ...], table: Mapping[str, Any]) -> None:
    for key in _RESERVED:
        if key in table:
            said = f"{'.'.join((*path, key))}: a table of a service does not say that"
            hint = "--profile NAME" if key == PROFILE else '[profiles.NAME] writes = "none"'
            raise SettingsError(said, where=file.where(*path, key), try_next=hint)


def _refuse_secrets(file: SettingsFile, path: tuple[str, ...], table: Mapping[str, Any]) -> None:
    for place, value in _texts(path, table):
        key = place[-1]
        address = _USERINFO.search(value)
        literal = address is not None and not names_variable(address[1])
        if "://" not in value and kind_of(key) and not key.endswith("_env") and not names_variable(value):
            literal = True
        if literal:
            raise SettingsError(
                f"{'.'.join(place)}: a secret stands in no file",
                where=file.where(*place),
                try_next=f'{key} = "...{{env.NAME}}...", and the secret in the variable NAME',
            )


def _texts(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text of a table, with its path; what is in a list stands under the list's key."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _texts((*path, str(key)), each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(path, each)
    elif isinstance(value, str):
        yield path, value


def _accounts(file: SettingsFile, path: tuple[str, ...], entries: Any) -> tuple[Mapping[str, Any], ...]:
    where = file.where(*path[:-1]) if entries else ""
    name = ".".join(path)
    if not isinstance(entries, list) or not all(isinstance(each, Mapping) for each in entries):
        raise SettingsError(f"{name}: expected a list of tables", where=where, try_next=f"[[{name}]]")
    for each in entries:
        if "password" in each:
            said = f"{name}: password: a secret stands in no file"
            raise SettingsError(said, where=where, try_next=_ACCOUNT_EXAMPLE.splitlines()[1])
        if unknown := [key for key in each if key not in _ACCOUNT]:
            raise _no_such(file, (*path, unknown[0]), _ACCOUNT, where)
        if not all(isinstance(each.get(key), str) for key in ("email", "password_env")):
            said = f"{name}: an account has an email and a password_env, the name of a variable"
            raise SettingsError(said, where=where, try_next=_ACCOUNT_EXAMPLE)
        permissions = each.get("permissions", [])
        if not isinstance(permissions, list) or not all(isinstance(word, str) for word in permissions):
            raise SettingsError(f"{name}: permissions: expected a list of texts, got {permissions!r}", where=where)
    return tuple(dict(each) for each in entries)


def _no_such(file: SettingsFile, path: tuple[str, ...], known: tuple[str, ...], where: str = "") -> SettingsError:
    said = f"there is no setting {'.'.join(path)!r}{nearest(path[-1], known)}"
    return SettingsError(said, where=where or file.where(*path), try_next=f"one of: {', '.join(known)}")


def _over(below: Any, above: Mapping[str, Any]) -> dict[str, Any]:
    """One table over another, key by key; tables in them likewise."""
    found = dict(below) if isinstance(below, Mapping) else {}
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        found[key] = {**found[key], **value} if both else value
    return found


def _with_place(real: dict[str, Any], root: Path) -> dict[str, Any]:
    return real | {"ca": str(root / real["ca"])} if isinstance(real.get("ca"), str) else real
