"""Keeping secrets out of everything that is written.

A value is secret by its key (``password``, ``access_token``, ...), by its shape (a JWT, a password in an
address), or because it was seen as one before: from then on it is masked everywhere, also inside longer texts.
One secret has one mark in a run, such as ``<token 3>``, so that equality still shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

_KINDS: Final = (
    ("password", ("password", "passwd", "passphrase", "pwd")),
    ("cookie", ("cookie",)),
    ("ticket", ("ticket",)),
    ("verifier", ("verifier",)),
    ("dsn", ("dsn", "connection_string", "connectionstring", "database_url", "redis_url")),
    ("token", ("token", "authorization", "bearer", "jwt", "assertion")),
    ("secret", ("secret", "api_key", "apikey", "credential", "private_key", "access_key")),
)
"""The kind of a secret, and the parts of a key that say so; the first that fits names it."""

_HARMLESS: Final = frozenset({"token_type", "token_endpoint", "tokens_used", "authorization_endpoint", "ticket_id"})
"""Keys that look secret and are not (RFC 6749, 5.1; RFC 8414, 2)."""

_SHORTEST: Final = 4
"""A shorter value is masked under its key only: in other texts it would hit half of the words."""

_PAIR_HINTS: Final = r"passw|passphrase|token|secret|cookie|ticket|verifier|api_?key|authoriz|code="
_HINTS: Final = re.compile(_PAIR_HINTS)
_ANY_HINT: Final = re.compile(rf"eyj|://|{_PAIR_HINTS}|bearer|basic")
"""In a text in small letters: without one of these, nothing in it has the shape of a secret. Most texts end here."""

_WORD: Final = re.compile(r"[A-Za-z0-9_\-]{8,}")
_CODE_WORD: Final = re.compile(r"[A-Za-z]+(?:[_\- ][A-Za-z]+)*")
_CUT: Final = re.compile(r"(?<=\.\.\.)(?P<tail>[^\s'\".]{5,})|(?P<head>[^\s'\".]{5,})(?=\.\.\.)")
"""The two ends of a value whose middle somebody (pytest, in an assertion) has cut out; shorter ends tell nothing."""

_JWT: Final = re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*")
_USERINFO: Final = re.compile(r"(?<=://)([^\s/:@'\"]*):([^\s/@'\"]+)@")
_BEARER: Final = re.compile(r"(?i)\b(bearer|basic)([ .])(?!<)([\w.~+/-]{8,}=*)")
_PROSE: Final = re.compile(r"[A-Z]?[a-z]{0,14}\.?")
"""What follows "basic" in a sentence, as in "the basic template": one word. Credentials are hardly ever that."""

_HEADER: Final = re.compile(r"(?i)authorization\W{0,4}$")

_PAIR: Final = re.compile(
    r"""(?ix)
    \b(?P<key>[\w-]*(?:passw(?:or)?d|passphrase|token|secret|cookie|ticket|verifier|api_?key|authorization)[\w-]*
       |(?<=[?&])code)
    (?P<sign>["']?\s*[=:]\s*)
    (?:(?P<quote>["'])(?P<quoted>(?:\\.|(?!(?P=quote)).)+)(?P=quote)|(?P<bare>[^\s"'&,;)}\]<>(\[{]{6,}))
    """
)


@lru_cache(maxsize=1024)
def kind_of(key: str) -> str | None:
    """What kind of secret stands under a key (``token``, ``password``, ...), or None where none does."""
    plain = key.lower().replace("-", "_")
    if plain in _HARMLESS or plain.endswith(("_expires_in", "_expires_at", "_lifetime")):
        return None
    if plain == "code":
        return "code"
    for kind, parts in _KINDS:
        if any(part in plain for part in parts):
            return kind
    return None


class Redactor:
    """The secrets of one run, as far as they were seen, and their marks.

    Args:
        prefix: Put before each number, so that two processes of one run never give one mark to two secrets.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._marks: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._fresh: list[str] = []
        self._settled: set[str] = set()

    def value(self, value: Any, key: str = "") -> Any:
        """A copy of a plain value (texts, numbers, mappings, lists) without its secrets."""
        if isinstance(value, str):
            return self._under(key, value) if value else value
        if isinstance(value, Mapping):
            return {name: self.value(item, str(name)) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item, key) for item in value]
        return value

    def text(self, text: str) -> str:
        """A text without the secrets that it holds, whole or among other words."""
        if len(text) < _SHORTEST:
            return text
        if _ANY_HINT.search(text.lower()):
            text = self._shapes(text)
        return self._ends(self.known(text)) if self._marks else text

    def known(self, text: str) -> str:
        """A text without the secrets that were seen before; its shapes are not looked at."""
        text = self.fresh(text)
        if self._settled and (words := self._settled.intersection(_WORD.findall(text))):
            text = _WORD.sub(lambda found: self._marks[found[0]] if found[0] in words else found[0], text)
        return text

    def fresh(self, text: str) -> str:
        """A text without the secrets that were learnt since the last ``settle``."""
        for secret in reversed(self._fresh):
            if secret in text:
                text = self._replace(secret, text)
        return text

    @property
    def has_fresh(self) -> bool:
        """Whether a secret was learnt since the last ``settle``."""
        return bool(self._fresh)

    def settle(self) -> None:
        """A scenario is over: its secrets are looked for as whole words from now on, which costs less."""
        self._settled.update(self._fresh)
        self._fresh.clear()

    def mark(self, secret: str, kind: str) -> str:
        """The mark of a secret; the same for the same secret, whatever it is called later."""
        mark = self._marks.get(secret)
        if mark is None:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            mark = self._marks[secret] = f"<{kind} {self._prefix}{number}>"
            if len(secret) >= _SHORTEST:
                self._fresh.append(secret)
        return mark

    def _under(self, key: str, text: str) -> str:
        kind = kind_of(key) if key else None
        if kind is None or (kind == "code" and _CODE_WORD.fullmatch(text)):
            return self.text(text)
        scheme, blank, rest = text.partition(" ")
        if blank and scheme.lower() in {"bearer", "basic"}:
            return f"{scheme} {self.mark(rest, 'token')}"
        return self.mark(text, kind)

    def _replace(self, secret: str, text: str) -> str:
        if secret.isalpha():
            # A password may be a word: only the word itself is masked then, not the words that hold it.
            return re.sub(rf"(?<![A-Za-z]){secret}(?![A-Za-z])", self._marks[secret], text)
        return text.replace(secret, self._marks[secret])

    def _ends(self, text: str) -> str:
        """A text without the ends of known secrets whose middle was cut out."""
        return _CUT.sub(self._end, text) if "..." in text and self._marks else text

    def _end(self, found: re.Match[str]) -> str:
        part = found[0]
        for secret, mark in self._marks.items():
            for length in range(min(len(secret), len(part)), 4, -1):
                if found["tail"] and part.startswith(secret[-length:]):
                    return mark + part[length:]
                if found["head"] and part.endswith(secret[:length]):
                    return part[:-length] + mark
        return part

    def _shapes(self, text: str) -> str:
        if "eyJ" in text:
            text = _JWT.sub(lambda found: self.mark(found[0], "token"), text)
        if "://" in text:
            text = _USERINFO.sub(lambda found: f"{found[1]}:{self.mark(found[2], 'password')}@", text)
        low = text.lower()
        if _HINTS.search(low):
            text = _PAIR.sub(self._pair, text)
        if "bearer" in low or "basic" in low:
            text = _BEARER.sub(self._bearer, text)
        return text

    def _bearer(self, found: re.Match[str]) -> str:
        in_a_sentence = found[1] != "Bearer" and not _HEADER.search(found.string[: found.start()])
        if in_a_sentence and _PROSE.fullmatch(found[3]):
            return found[0]
        return f"{found[1]}{found[2]}{self.mark(found[3], 'token')}"

    def _pair(self, found: re.Match[str]) -> str:
        secret = found["quoted"] or found["bare"]
        kind = kind_of(found["key"])
        if kind is None or secret.startswith("<") or secret.lower() in {"bearer", "basic"}:
            return found[0]
        quote = found["quote"] or ""
        return f"{found['key']}{found['sign']}{quote}{self.mark(secret, kind)}{quote}"
