"""Images by their ids, and the docker command, by which they are pulled and built: within a deadline, and told."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.stack.children import die_with
from goldenpath.stack.containers.engine import ANSWER_SECONDS, HOST, connected, telling
from goldenpath.stack.errors import tail
from goldenpath.stack.locks import FileLock

BUILD_SECONDS: Final = 300.0
"""For how long a build or a pull may take, unless ``build_within`` says otherwise."""

_LOOK: Final = 0.2

Tell = Callable[[str], None]
"""Shows a line to whoever waits."""


def image_id(host: str, name: str, service: str) -> str | None:
    """The id of an image that is on this machine; None where it is not.

    Raises:
        ServiceUnavailable: The engine cannot be asked.
    """
    with telling(service, f"Docker cannot be asked for the image {name}"):
        from docker.errors import ImageNotFound

        client = connected(host, ANSWER_SECONDS)
        try:
            return str(client.images.get(name).id)
        except ImageNotFound:
            return None
        finally:
            client.close()


async def pulled(host: str, name: str, service: str, *, may: bool, tell: Tell, log: Path) -> str:
    """The id of an image, which is pulled where it is not here and may be.

    Args:
        host: The engine.
        name: The image's name.
        service: Whose image it is.
        may: Whether it may be pulled.
        tell: Told that it is pulled.
        log: Where the output of the pull goes.

    Raises:
        ServiceUnavailable: It is not to be had.
    """
    found = image_id(host, name, service)
    if found is None and may:
        tell(f"pulling {name} for {service}")
        await docker(["pull", name], service, f"the image {name} cannot be pulled", log, host=host)
        found = image_id(host, name, service)
    if found is None:
        reason = f"the image {name} is not on this machine: docker pull {name}, or --pull"
        raise ServiceUnavailable(service, reason, try_next=f"docker pull {name}")
    return found


async def docker(
    arguments: Sequence[str],
    service: str,
    what: str,
    log: Path,
    *,
    host: str,
    within: float = BUILD_SECONDS,
    program: Sequence[str] = ("docker",),
) -> None:
    """Run the docker command, which ends with this process, and is killed when its time is up or nobody waits.

    Args:
        arguments: Its arguments.
        service: For whom.
        what: What is so when it fails.
        log: Where its output goes.
        host: The engine.
        within: Seconds that it may take.
        program: The command, where it is another one.

    Raises:
        ServiceUnavailable: It failed, with the last lines of its output; or it took too long; or there is none.
    """
    if shutil.which(program[0]) is None:
        raise ServiceUnavailable(service, f"{what}: there is no command {program[0]} on this machine")
    log.parent.mkdir(parents=True, exist_ok=True)
    parent = os.getpid()
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *program,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, HOST: host},
            preexec_fn=None if sys.platform == "win32" else lambda: die_with(parent),
        )
    try:
        async with asyncio.timeout(within):
            status = await process.wait()
    except TimeoutError:
        reason = f"{what}: it was not done within {within:g} s; its last lines:\n{tail(log)}"
        raise ServiceUnavailable(service, reason) from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if status:
        raise ServiceUnavailable(service, f"{what}; its last lines:\n{tail(log)}")


class Turn:
    """What only one process of a run does at a time: the others wait, without standing in the loop's way.

    Args:
        file: The lock.
        service: For whom.
        within: Seconds after which nobody waits any longer.
    """

    def __init__(self, file: Path, service: str, within: float = BUILD_SECONDS) -> None:
        self._lock = FileLock(file)
        self._service = service
        self._within = within

    async def __aenter__(self) -> None:
        """Wait for the turn.

        Raises:
            ServiceUnavailable: It does not come.
        """
        try:
            async with asyncio.timeout(self._within):
                while not self._lock.acquire():  # noqa: ASYNC110 - a lock of the system wakes nobody
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            reason = f"another process of this run was not done with it within {self._within:g} s"
            raise ServiceUnavailable(self._service, reason) from None

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()
