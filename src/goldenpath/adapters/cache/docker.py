"""A Redis of our starting in a container, shared by the processes of a run, with keys of its own for each."""

from __future__ import annotations

import re
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
from goldenpath.wire.products import cache_port, readable

IMAGE: Final = "redis:7"
_PORT: Final = 6379
_SETTINGS: Final = "/etc/goldenpath-redis.conf"


class DockerCache:
    """Keys and channels under a prefix of the scenario's own.

    Args:
        table: ``[services.cache]``; ``image`` of its ``docker`` names another Redis.
    """

    services: tuple[str, ...] = ("cache",)
    tier = Tier.DOCKER
    stand_in = False
    needs: tuple[str, ...] = ()

    def __init__(self, table: Mapping[str, Any] | None = None) -> None:
        self.capabilities = readable("cache", described(table or {}, self.tier)) | {"clock"}
        self.image = str((table or {}).get("docker", {}).get("image", IMAGE))

    def configured(self, table: Mapping[str, Any]) -> Self:
        """The same with its settings."""
        return type(self)(table)

    async def probe(self) -> Availability:
        """Whether Docker answers and has the image."""
        return await containers.look(self.image, also=("redis",))

    async def check(self, service: str, address: Address) -> Availability:
        """Whether it still answers where it was started."""
        from goldenpath.resolution.probes import probe_redis

        return await probe_redis(address["url"])

    async def start(self, context: StartContext) -> Address:
        """Start the container, unless another process of the run has.

        Raises:
            ServiceUnavailable: It does not start.
        """
        from goldenpath.stack.client import Keeper
        from goldenpath.stack.containers.container import Made
        from goldenpath.stack.containers.engine import engine_host
        from goldenpath.stack.containers.images import pulled

        log = context.folder / "redis-image.log"
        image = await pulled(engine_host(), self.image, "cache", may=context.pull, tell=context.tell, log=log)
        password = secrets.token_hex(16)
        settings = ("bind 0.0.0.0", f"port {_PORT}", f"requirepass {password}", 'save ""', "appendonly no")
        made = Made(
            image,
            _PORT,
            command=("redis-server", _SETTINGS),
            files={_SETTINGS: "".join(f"{each}\n" for each in settings)},
            kept={"password": password},
            shared=True,
        )

        async def ready(port: int) -> bool:
            from goldenpath.resolution.probes import probe_redis

            seen = await probe_redis(f"redis://127.0.0.1:{port}/0")
            return seen.up or seen.reason.endswith("asks for a password")

        keeper = Keeper.at(context.folder, context.owner, space=context.space)
        told = await containers.started(keeper, context, "cache", made, ready)
        user = f"redis://:{told['kept']['password']}"
        prefix = f"{re.sub(r'[^A-Za-z0-9_.]+', '_', context.space)}:"
        return {"url": f"{user}@127.0.0.1:{told['port']}/0", "inside": f"{user}@{told['inside']}/0", "prefix": prefix}

    @asynccontextmanager
    async def open(self, context: OpenContext) -> AsyncIterator[Mapping[str, Any]]:
        """A cache whose lifetimes follow the scenario's clock, with the keys that the servers see in its name.

        Raises:
            ServiceUnavailable: It was not started.
        """
        from goldenpath.reference.storage.server import server_cache

        if not context.address:
            raise ServiceUnavailable("cache", "its container was not started")
        url, prefix = context.address["url"], context.address["prefix"]
        async with server_cache(url, f"{prefix}{context.key}:") as cache:
            faults.install(context.fault, "cache", cache)
            context.clock.listen(cache.moved)
            async with cache_port(cache, url, self.tier, context) as port:
                yield {"cache": port}
