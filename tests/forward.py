"""A forward proxy and certificates for tests: what stands between a team and an environment that is elsewhere."""

from __future__ import annotations

import asyncio
import base64
import datetime
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class ForwardProxy:
    """An HTTP proxy on loopback that knows the hosts of an environment by name; in a thread of its own.

    Args:
        hosts: By ``host`` or ``host:port``, the port of this machine behind it.
        password: What it asks for, as ``user:password``; empty for nothing.

    Attributes:
        asked: The first line of each request that was made to it, with its headers in small letters.
    """

    def __init__(self, hosts: Mapping[str, int], password: str = "") -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._hosts = hosts
        self._password = password
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def close(self) -> None:
        """End it and all that goes through it."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        try:
            with suppress(OSError, EOFError):
                await self._carry(reader, writer)
        finally:
            writer.transport.abort()

    async def _carry(self, reader, writer) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *rest = head.split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        self.asked.append((first, headers))
        method, target, version = first.split(" ")
        if (
            self._password
            and headers.get("proxy-authorization") != "Basic " + base64.b64encode(self._password.encode()).decode()
        ):
            writer.write(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        place = target if method == "CONNECT" else urlsplit(target).netloc
        port = self._hosts.get(place) or self._hosts.get(place.rpartition(":")[0])
        if port is None:
            writer.write(b"HTTP/1.1 502 No such host\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        back, forth = await asyncio.open_connection("127.0.0.1", port)
        try:
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Through\r\n\r\n")
            else:
                path = target.removeprefix(f"http://{place}") or "/"
                kept = [line for line in rest if not line.lower().startswith(("proxy-", "connection:"))]
                forth.write("\r\n".join([f"{method} {path} {version}", "Connection: close", *kept]).encode("latin-1"))
            await asyncio.gather(_pump(reader, forth), _pump(back, writer))
        finally:
            forth.transport.abort()


async def _pump(reader, writer) -> None:
    with suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
        writer.close()


class Authority:
    """Somebody who vouches for servers: the file ``ca`` says who it is, ``certificate`` and ``key`` are a server's."""

    def __init__(self, folder: Path, host: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        key, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority for tests")])
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        authority = _certificate(
            name, name, key.public_key(), key, [(x509.BasicConstraints(True, None), True), (usage, True)]
        )
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        known = x509.SubjectAlternativeName([x509.DNSName(host)])
        server = _certificate(subject, name, own.public_key(), key, [(known, False)])
        self.ca, self.certificate, self.key = folder / "ca.pem", folder / "server.pem", folder / "server.key"
        self.ca.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        self.certificate.write_bytes(server.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        self.key.write_bytes(own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))


def _certificate(subject, issuer, public, signer, extensions) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=2))
    identifier = x509.SubjectKeyIdentifier.from_public_key(signer.public_key())
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
    for extension, critical in extensions:
        made = made.add_extension(extension, critical)
    return made.sign(signer, hashes.SHA256())
