"""Every error of Golden Path, in one tree.

::

    GoldenPathError
    ├── UsageError              what was asked for cannot be done; nothing ran        (pytest: exit status 4)
    │   ├── SettingsError       a settings file, variable or flag is wrong
    │   ├── TagExpressionError  a tag expression does not parse
    │   ├── NoAdapter           a tier was asked for that nothing here can give
    │   └── StepModuleError     a step module cannot be loaded
    ├── FeatureError            a feature file cannot be read or parsed      (a collection error of that file)
    ├── StepError               a step is undefined, ambiguous or ill-made
    ├── Pending                 a step or a hook says that it is still to be written
    ├── MissingCapability       a scenario needs what no adapter of this run can do                (a skip)
    │   └── NobodyToLend        a person of the scenario got no account, since too few can be lent
    ├── ServiceUnavailable      a service is lost: the only error after which another adapter may answer
    ├── NotSeen                 a wait reached its deadline
    ├── UnexpectedAnswer        a service answered what its mapping does not foresee
    └── Refused                 a service answered, and its answer is no
        ├── WrongCredentials    unknown account or wrong secret: the two cannot be told apart
        ├── AccountLocked       too many failures; ``retry_after`` says for how long
        ├── NotSignedIn         no token, or one that is forged, expired, used up or of an ended session
        ├── NotFound            there is no such thing, or it is somebody else's
        ├── Invalid             the request is ill-formed: too long, empty, of a wrong type
        └── Conflict            it was done before, or its state forbids it

An error says what happened, where, and what to try next.
"""

from __future__ import annotations

from typing import NamedTuple


class GoldenPathError(Exception):
    """The root of the tree.

    Args:
        message: What happened, as a sentence without a final stop.
        where: ``file:line``, a service or a setting; empty when there is none.
        try_next: The command or the setting to try next; empty when there is none.
    """

    def __init__(self, message: str, *, where: str = "", try_next: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.try_next = try_next

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  try: {self.try_next}" if self.try_next else text


class UsageError(GoldenPathError):
    """What was asked for cannot be done; nothing ran."""


class SettingsError(UsageError):
    """A settings file, an environment variable or a flag is wrong."""


class TagExpressionError(UsageError):
    """A tag expression does not parse."""


class NoAdapter(UsageError):
    """A tier was asked for that no registered adapter of the service can give."""


class StepModuleError(UsageError):
    """A step module cannot be found or imported."""


class FeatureProblem(NamedTuple):
    """One thing that is wrong with a feature file.

    Attributes:
        uri: The file, as features name it.
        line: Where, from 1.
        column: Where, from 1; None where the line says it all.
        message: What a parseError message says of it.
    """

    uri: str
    line: int
    column: int | None
    message: str


class FeatureError(GoldenPathError):
    """A feature file cannot be read or parsed.

    Attributes:
        problems: Each thing that is wrong with it, in the order of the file.
        envelopes: The lines of its source message, where it could be decoded, and of a parseError for each problem.
    """

    problems: tuple[FeatureProblem, ...] = ()
    envelopes: bytes = b""


class StepError(GoldenPathError):
    """A step is undefined, ambiguous or ill-made."""


class Pending(GoldenPathError):
    """A step or a hook says that it is still to be written.

    Args:
        reason: What it waits for; empty for nothing in particular.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason or "this is still to be written")
        self.reason = reason


class MissingCapability(GoldenPathError):
    """A scenario needs a capability that no adapter of this run has."""


class NobodyToLend(MissingCapability):
    """Too few accounts can be lent to the persons of a scenario; it is skipped, on a build server, too."""


class ServiceUnavailable(GoldenPathError):
    """A service is lost. Nothing else lets a scenario start again on another adapter.

    Args:
        service: The name of the service.
        reason: What was seen of it.
    """

    def __init__(self, service: str, reason: str, *, try_next: str = "") -> None:
        super().__init__(f"{service} is lost: {reason}", where=service, try_next=try_next)
        self.service = service
        self.reason = reason

    def __str__(self) -> str:
        return self.message


class NotSeen(GoldenPathError, AssertionError):
    """A wait reached its deadline.

    Args:
        expected: What was waited for, to be read after "was to see", e.g. ``the answer``.
        within: The deadline, in seconds.
        seen: What was last seen, to be read after "after 5 s", e.g. ``the assistant had only started``.
    """

    def __init__(self, expected: str, within: float, seen: str) -> None:
        super().__init__(f"waited for {expected}; after {within:g} s {seen}")
        self.expected = expected
        self.within = within
        self.seen = seen


class UnexpectedAnswer(GoldenPathError):
    """A service answered what its mapping does not foresee; ``try_next`` is the setting that would mend it.

    The message holds names of what was answered, never values: they may be secrets.
    """


class Refused(GoldenPathError):
    """A service answered, and its answer is no.

    ``code`` is the service's own word for the reason; it is for reports, not for steps.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code or type(self).__name__


class WrongCredentials(Refused):
    """Unknown account or wrong secret; the two cannot be told apart (OWASP ASVS 2.2)."""


class AccountLocked(Refused):
    """Too many failures in a row.

    Args:
        retry_after: Seconds until the account opens again (RFC 9110, Retry-After).
    """

    def __init__(self, message: str, *, retry_after: float, code: str = "") -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class NotSignedIn(Refused):
    """No token, or one that is forged, expired, used up or of an ended session (RFC 6750, invalid_token)."""


class NotFound(Refused):
    """There is no such thing, or it is somebody else's: the two cannot be told apart."""


class Invalid(Refused):
    """The request is ill-formed: too long, empty, of a wrong type or kind."""


class Conflict(Refused):
    """It was done before, or the state of the thing forbids it."""
