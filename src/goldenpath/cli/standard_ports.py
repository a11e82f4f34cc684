"""The ports on which everybody expects PostgreSQL and Redis, for tests that no variable can help."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.stack.ports import LOOPBACK

STANDARD: Final = {"database": 5432, "cache": 6379}
EVERYBODY: Final = "postgresql://postgres:postgres@localhost/postgres"
"""The user that images and examples have, and most tests that name one."""

_PIECE: Final = 65536
_SECONDS: Final = 10


def listening(service: str) -> socket.socket | None:
    """A socket on the standard port of a service; None where somebody else has it."""
    try:
        return socket.create_server((LOOPBACK, STANDARD[service]))
    except OSError:
        return None


def forward(door: socket.socket, service: str, url: str) -> None:
    """Hand every connection on to a server, until this process ends; who comes for the cache needs no password."""
    parts = urlsplit(url)
    hello = _hello(parts.password) if service == "cache" and parts.password else b""
    arguments = (door, parts.port or STANDARD[service], hello)
    threading.Thread(target=lambda: asyncio.run(_serve(*arguments)), daemon=True).start()


def admit(url: str, logins: Collection[str]) -> None:
    """Make the users and databases that tests name, on a server of ours.

    Raises:
        ServiceUnavailable: The server does not take them.
    """
    import asyncpg

    async def make() -> None:
        async with asyncio.timeout(_SECONDS):
            connection = await asyncpg.connect(url)
            try:
                for statement in _statements(logins):
                    with suppress(asyncpg.DuplicateObjectError, asyncpg.DuplicateDatabaseError):
                        await connection.execute(statement)
            finally:
                await connection.close()

    try:
        asyncio.run(make())
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise ServiceUnavailable("database", f"the users of the tests cannot be made: {error}") from error


def _statements(logins: Collection[str]) -> Iterator[str]:
    for login in (EVERYBODY, *sorted(logins)):
        parts = _parts(login)
        if parts is None or not (parts.username and parts.password):
            continue
        user, password = unquote(parts.username), unquote(parts.password).replace("'", "''")
        name = unquote(parts.path.strip("/")) or user
        yield f"CREATE ROLE {_quoted(user)} LOGIN SUPERUSER"
        yield f"ALTER ROLE {_quoted(user)} PASSWORD '{password}'"
        yield f"CREATE DATABASE {_quoted(name)}"


def _parts(login: str) -> SplitResult | None:
    try:
        return urlsplit(login)
    except ValueError:
        return None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _hello(password: str) -> bytes:
    return f"*2\r\n$4\r\nAUTH\r\n${len(password)}\r\n{password}\r\n".encode()


async def _serve(door: socket.socket, port: int, hello: bytes) -> None:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_SECONDS):
                far_reader, far_writer = await asyncio.open_connection(LOOPBACK, port)
                if hello:
                    far_writer.write(hello)
                    await far_reader.readline()
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        writer.close()

    server = await asyncio.start_server(meet, sock=door)
    async with server:
        await server.serve_forever()


async def _pump(source: asyncio.StreamReader, target: Any) -> None:
    with suppress(OSError):
        while piece := await source.read(_PIECE):
            target.write(piece)
            await target.drain()
    with suppress(OSError):
        target.close()
