"""Whether a PostgreSQL answers a query, and a Redis or Valkey a PING."""

from __future__ import annotations

import asyncio
import struct
import time
from typing import Any, Final

from goldenpath.domain.route import AT_WORK
from goldenpath.domain.values import Availability
from goldenpath.resolution.deadline import DEADLINE
from goldenpath.resolution.probes.line import Line, Place, Strange, ask

_PROTOCOL: Final = 196608
"""Version 3.0 of PostgreSQL's protocol."""

_NOT_READY: Final = frozenset({"57P01", "57P02", "57P03", "53300"})
"""What it says while it starts, recovers, shuts down or has too many clients (PostgreSQL, appendix A)."""

_QUERY: Final = "SHOW server_version"


async def probe_postgres(url: str, deadline: float | None = None) -> Availability:
    """Whether a PostgreSQL lets us in and answers a query.

    Args:
        url: ``postgresql://user:password@host:port/database``; a driver's name after ``postgresql`` is ignored.
        deadline: Seconds for everything together; None for what the setting ``probe_deadline`` leaves for one.
    """
    try:
        place = Place.of(url, 5432)
    except ValueError as error:
        return Availability(False, f"its url is {error}")
    user = place.user or "postgres"
    database = place.resource.partition("?")[0].strip("/") or user
    begun = time.perf_counter()
    if AT_WORK.get().ca is not None:
        return await _with_driver(place, user, database, begun, DEADLINE.get() if deadline is None else deadline)
    wanted = False

    async def talk(line: Line) -> Availability:
        nonlocal wanted
        names = b"".join(each.encode() + b"\0" for each in ("user", user, "database", database, ""))
        await line.say(struct.pack("!ii", len(names) + 8, _PROTOCOL) + names)
        kind, body = await _message(line)
        if kind == b"E":
            wanted = b"\0C28" in body
            return _refused(body, place)
        if kind != b"R":
            raise Strange("PostgreSQL", line)
        wanted = body[:4] != b"\0\0\0\0"
        if not wanted:
            return await _query(line, place)
        return Availability(False, f"{place} asks for a password")

    seen = await ask(place, deadline, talk)
    if wanted and place.password:
        return await _with_driver(place, user, database, begun, DEADLINE.get() if deadline is None else deadline)
    return seen


async def _message(line: Line) -> tuple[bytes, bytes]:
    """The next message: its kind and its body; what has no sensible length is none of PostgreSQL's."""
    head = await line.hear(5)
    (length,) = struct.unpack("!i", head[1:])
    if head[:1] not in b"RESKZNCTDAvG" or not 4 <= length < 2**16:
        raise Strange("PostgreSQL", line)
    return head[:1], await line.hear(length - 4)


async def _query(line: Line, place: Place) -> Availability:
    """Ask once it is ready; the version is the only column of the only row."""
    version, asked = "", False
    while True:
        kind, body = await _message(line)
        if kind == b"E":
            return _refused(body, place)
        if kind == b"D":
            version = body[6:].decode("utf-8", "replace")
        if kind == b"Z" and asked:
            return Availability(bool(version), f"it answers a query at {place}", version)
        if kind == b"Z":
            asked = True
            query = _QUERY.encode() + b"\0"
            await line.say(b"Q" + struct.pack("!i", len(query) + 4) + query)


async def _with_driver(place: Place, user: str, database: str, begun: float, deadline: float) -> Availability:
    """Log in with a password, which takes a driver."""
    try:
        import asyncpg
    except ImportError:
        return Availability(False, f"{place} asks for a password, and asyncpg is not installed to give it")

    def no(reason: str) -> Availability:
        return Availability(False, reason, seconds=time.perf_counter() - begun)

    try:
        async with asyncio.timeout(deadline - (time.perf_counter() - begun)):
            connection: Any = await asyncpg.connect(
                host=place.host,
                port=place.port,
                user=user,
                password=place.password or None,
                database=database,
                **({"ssl": trust} if (trust := AT_WORK.get().trust()) is not None else {}),
            )
            version = str(await connection.fetchval(_QUERY))
    except asyncpg.InvalidAuthorizationSpecificationError:
        return no(f"{place} refuses the password of {user}")
    except asyncpg.PostgresError as error:
        return no(f"{place} refuses: {error.args[0]}")
    except TimeoutError:
        return no(f"too slow: {place} did not let us in and answer within {deadline:g} s")
    except OSError as error:
        return no(f"no connection to {place}: {error}")
    connection.terminate()
    return Availability(True, f"it answers a query at {place}", version, time.perf_counter() - begun)


def _refused(body: bytes, place: Place) -> Availability:
    """What an error says: fields of one letter and a text each."""
    fields = {each[:1]: each[1:].decode("utf-8", "replace") for each in body.split(b"\0") if each}
    code, text = fields.get(b"C", ""), fields.get(b"M", "")
    if code in _NOT_READY:
        return Availability(False, f"{place} is not ready: {text}")
    if code.startswith("28"):
        return Availability(False, f"{place} does not let us in: {text}")
    return Availability(False, f"{place} refuses: {text}")


async def probe_redis(url: str, deadline: float | None = None) -> Availability:
    """Whether a Redis or Valkey answers a PING.

    Args:
        url: ``redis://user:password@host:port/0``, or ``rediss://``.
        deadline: Seconds for everything together; None for what the setting ``probe_deadline`` leaves for one.
    """
    try:
        place = Place.of(url, 6379)
    except ValueError as error:
        return Availability(False, f"its url is {error}")

    async def talk(line: Line) -> Availability:
        if place.password:
            said = await _command(line, "AUTH", *([place.user] if place.user else []), place.password)
            if said != b"+OK":
                return Availability(False, f"{place} refuses the password")
        said = await _command(line, "PING")
        if said != b"+PONG":
            return Availability(False, _redis_says(said, place))
        return Availability(True, f"it answers a PING at {place}", await _redis_version(line))

    return await ask(place, deadline, talk)


async def _command(line: Line, *words: str) -> bytes:
    """The first line of what a command is answered with."""
    parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    await line.say(f"*{len(parts)}\r\n{''.join(parts)}".encode())
    begin = await line.hear(1)
    if begin not in b"+-$":
        raise Strange("Redis", line)
    said = begin + await line.hear_until(b"\r\n")
    if not said.startswith((b"+PONG", b"+OK", b"$")) and not said[1:2].isupper():
        raise Strange("Redis", line)
    return said.rstrip()


async def _redis_version(line: Line) -> str:
    """What INFO says; empty where it is not allowed."""
    said = await _command(line, "INFO", "server")
    if not said.startswith(b"$") or not said[1:].isdigit():
        return ""
    text = (await line.hear(int(said[1:]))).decode("utf-8", "replace")
    told = dict(each.partition(":")[::2] for each in text.splitlines() if ":" in each)
    return told.get("valkey_version") or told.get("redis_version", "")


def _redis_says(said: bytes, place: Place) -> str:
    word, _, text = said[1:].decode("utf-8", "replace").partition(" ")
    if word == "NOAUTH":
        return f"{place} asks for a password"
    if word in {"LOADING", "MASTERDOWN", "BUSY"}:
        return f"{place} is not ready: {text}"
    return f"{place} refuses: {word} {text}"
