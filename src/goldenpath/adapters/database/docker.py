"""A PostgreSQL of our starting in a container, shared by the processes of a run, with a database for each."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Self

from goldenpath.adapters import containers
from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.domain.values import Availability, Tier
from goldenpath.ports.adapter import Address, OpenContext, StartContext
from goldenpath.reference import faults
from goldenpath.wire.opening import described
from goldenpath.wire.products import database_port, readable

IMAGE: Final = "postgres:17"
_USER: Final = "goldenpath"
_PORT: Final = 5432
_CALL_SECONDS: Final = 30
_DATA: Final = "/var/lib/goldenpath"

# As in the local tier: what is stored here outlives no run.
_COMMAND: Final = (
    "postgres",
    *(part for each in ("fsync=off", "full_page_writes=off", "synchronous_commit=off") for part in ("-c", each)),
    *(part for each in ("max_connections=200", "timezone=UTC", "jit=off") for part in ("-c", each)),
)


class DockerDatabase:
    """The platform's tables in a database that belongs to this process of the run.

    Args:
        table: ``[services.database]``; ``image`` of its ``docker`` names another PostgreSQL.
    """

    services: tuple[str, ...] = ("database",)
    tier = Tier.DOCKER
    stand_in = False
    needs: tuple[str, ...] = ()

    def __init__(self, table: Mapping[str, Any] | None = None) -> None:
        self.capabilities = readable("database", described(table or {}, self.tier)) | {"store"}
        self.image = str((table or {}).get("docker", {}).get("image", IMAGE))

    def configured(self, table: Mapping[str, Any]) -> Self:
        """The same with its settings."""
        return type(self)(table)

    async def probe(self) -> Availability:
        """Whether Docker answers and has the image, and whether there is a driver."""
        return await containers.look(self.image, also=("asyncpg",))

    async def check(self, service: str, address: Address) -> Availability:
        """Whether it still answers where it was started."""
        from goldenpath.resolution.probes import probe_postgres

        return await probe_postgres(address["url"])

    async def start(self, context: StartContext) -> Address:
        """Start the container, unless another process of the run has, and make a database for this one.

        Raises:
            ServiceUnavailable: It does not start.
        """
        from goldenpath.stack.client import Keeper
        from goldenpath.stack.containers.container import Made
        from goldenpath.stack.containers.engine import engine_host
        from goldenpath.stack.containers.images import pulled
        from goldenpath.stack.postgres import database_name

        log = context.folder / "postgres-image.log"
        image = await pulled(engine_host(), self.image, "database", may=context.pull, tell=context.tell, log=log)
        password = secrets.token_hex(16)
        made = Made(
            image,
            _PORT,
            env={"POSTGRES_USER": _USER, "POSTGRES_PASSWORD": password, "POSTGRES_DB": "postgres", "PGDATA": _DATA},
            command=_COMMAND,
            tmpfs=(_DATA,),
            kept={"password": password},
            shared=True,
        )

        async def ready(port: int) -> bool:
            from goldenpath.resolution.probes import probe_postgres

            seen = await probe_postgres(f"postgresql://{_USER}@127.0.0.1:{port}/postgres")
            return seen.up or seen.reason.endswith(_ASKS)

        keeper = Keeper.at(context.folder, context.owner, space=context.space)
        told = await containers.started(keeper, context, "database", made, ready)
        user = f"postgresql://{_USER}:{told['kept']['password']}"
        name = database_name(context.space, tables=True)
        await _make(f"{user}@127.0.0.1:{told['port']}", name)
        return {"url": f"{user}@127.0.0.1:{told['port']}/{name}", "inside": f"{user}@{told['inside']}/{name}"}

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """The store in that database; connected when it is first asked for something.

        Raises:
            ServiceUnavailable: It was not started.
        """
        from goldenpath.reference.storage.postgres import postgres_store

        if not context.address:
            raise ServiceUnavailable("database", "its container was not started")
        async with postgres_store(context.address["url"]) as store:
            faults.install(context.fault, "database", store)
            async with database_port(store, self.tier, context) as port:
                yield {"database": port}


_ASKS: Final = "asks for a password"
"""What the probe sees of a PostgreSQL that is ready and is told no password."""


async def _make(server: str, name: str) -> None:
    """Make a database with the platform's tables.

    Raises:
        ServiceUnavailable: PostgreSQL does not do it.
    """
    import asyncpg

    from goldenpath.reference.storage.postgres import make_schema

    try:
        connection = await asyncpg.connect(f"{server}/postgres", timeout=_CALL_SECONDS, command_timeout=_CALL_SECONDS)
        try:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        finally:
            await connection.close()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise ServiceUnavailable("database", f"PostgreSQL did not make a database: {error}") from error
    await make_schema(f"{server}/{name}", "public")
