"""The words that stand for values in the sentences: people, devices, times, lists."""

from __future__ import annotations

from datetime import timedelta

from goldenpath.bdd import parameter_type

ACCOUNTS = ("auth.accounts",)
"""What every person of a scenario needs: an account."""

FRESH = ("auth.fresh",)
"""What a sentence needs that counts all that a person has, or closes the account: one in which nothing happened yet."""

NAME = "[A-Z][a-z]+"

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}

PERMISSIONS = {"talk to the assistant": "chat", "see the bills": "billing"}
"""What customers may do, in the customers' words and in the product's."""


def duration(text: str) -> timedelta:
    """``15 minutes`` as a length of time."""
    number, unit = text.split()
    return timedelta(seconds=int(number) * _UNITS[unit.removesuffix("s")])


def in_words(seconds: float) -> str:
    """A length of time as people say it, rounded up to the minute: ``15 minutes``."""
    minutes = -int(-seconds // 60)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def listed(text: str) -> list[str]:
    """``Ada, Ben and Chloe``, or ``calendar, budget, team``, as a list."""
    return [item.strip() for item in text.replace(" and ", ", ").split(",")]


def permissions(text: str) -> tuple[str, ...]:
    """What a customer may do, as the product names it, sorted."""
    return tuple(sorted(PERMISSIONS[item] for item in listed(text)))


parameter_type("person", NAME, str, needs=ACCOUNTS)
parameter_type("people", rf"{NAME}(?:, {NAME})* and {NAME}", listed, needs=ACCOUNTS)
parameter_type("device", "laptop|phone", str)
parameter_type("duration", r"\d+ (?:second|minute|hour|day)s?", duration)
parameter_type("names", r"[^\"]+", listed)
parameter_type("permissions", r"[a-z ]+(?:, [a-z ]+)*", permissions)
parameter_type("duties", r"[a-z ]+(?:, [a-z ]+)*", listed)
