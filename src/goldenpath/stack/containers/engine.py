"""A Docker engine, asked by Testcontainers' client, each time within a deadline; and what we have left in it.

Whatever we make in an engine (containers, networks, volumes, images for the duration of a build) bears labels: of whom
it is, and the file that its keeper holds locked. What bears the label of a lock that is free is nobody's any more.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.stack.locks import is_held

if TYPE_CHECKING:
    from docker import DockerClient

HOST: Final = "DOCKER_HOST"
"""The variable that names the engine."""

USUAL: Final = "unix:///var/run/docker.sock"
INSTALL: Final = "pip install 'goldenpath[docker]'"
ANSWER_SECONDS: Final = 20
"""For how long the engine may take for one answer."""

REMOVE_SECONDS: Final = 6
"""The same for a removal, of which several are under way at once when a run ends."""

LOCK_LABEL: Final = "goldenpath.lock"
SPACE_LABEL: Final = "goldenpath.space"
_OWNER_LABEL: Final = "goldenpath.owner"
_AT_ONCE: Final = 8


def engine_host() -> str:
    """Where the engine of this process's environment is."""
    return os.environ.get(HOST) or USUAL


def owner() -> str:
    """Who makes things in an engine: a user of a machine. An engine may be shared with others."""
    return f"{os.getuid() if hasattr(os, 'getuid') else 0}@{socket.gethostname()}"


def labels(lock: Path, space: str = "") -> dict[str, str]:
    """What everything bears that is made for a keeper.

    Args:
        lock: The file that the keeper holds locked.
        space: The space with which it ends; empty for what is shared by all.
    """
    return {LOCK_LABEL: str(lock), SPACE_LABEL: space, _OWNER_LABEL: owner()}


class Engine:
    """One Docker engine.

    Args:
        host: Where it is, as in ``DOCKER_HOST``.

    Raises:
        ServiceUnavailable: Testcontainers is not installed, or the engine does not answer.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        with telling("docker", "Docker cannot be asked"):
            self.client = connected(host, ANSWER_SECONDS)

    def network(self, name: str, of: Mapping[str, str]) -> None:
        """Make a network on which containers see each other by name.

        Raises:
            ServiceUnavailable: It cannot be made.
        """
        with telling("docker", "no network for the containers can be made"):
            self.client.networks.create(name, driver="bridge", labels=dict(of))

    def remove(self, **having: str) -> list[str]:
        """Remove all containers, networks and volumes with these labels; gives their names. Never raises.

        Args:
            having: Labels by name, ``lock`` and ``space``.
        """
        wanted = [f"goldenpath.{name}={value}" for name, value in having.items()]
        return remove(self.host, [*wanted, f"{_OWNER_LABEL}={owner()}"])


def connected(host: str, seconds: float) -> DockerClient:
    """A client of an engine.

    Raises:
        ImportError: Testcontainers is not installed.
        docker.errors.DockerException: The engine does not answer.
    """
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.docker_client import DockerClient

    os.environ[HOST] = host
    # What we start ends with its keeper: no container of somebody else's has to look after it.
    testcontainers_config.ryuk_disabled = True
    # An image that is known by its id has no registry before it.
    testcontainers_config.hub_image_name_prefix = ""
    return DockerClient(timeout=seconds).client


@contextmanager
def telling(service: str, what: str) -> Iterator[None]:
    """Have what Docker and its client raise be the loss of a service.

    Raises:
        ServiceUnavailable: Something was raised.
    """
    try:
        yield
    except ImportError as error:
        raise ServiceUnavailable(service, f"Testcontainers is not installed ({error}): {INSTALL}") from error
    except Exception as error:
        if not _is_dockers(error):
            raise
        raise ServiceUnavailable(service, f"{what}: {said(error)}") from error


def said(error: BaseException) -> str:
    """What Docker says of an error, in one line."""
    explained = getattr(error, "explanation", None) or error
    text = " ".join(str(explained).split())
    return "it does not answer in time" if "timed out" in text.lower() else text[-600:]


def _is_dockers(error: Exception) -> bool:
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    return isinstance(error, DockerException | RequestException)


def leftovers(host: str) -> list[str]:
    """The locks of keepers that are gone and have left something in an engine.

    Raises:
        ServiceUnavailable: The engine cannot be asked.
    """
    with telling("docker", "Docker cannot be asked"):
        client = connected(host, REMOVE_SECONDS)
        ours = [f"{_OWNER_LABEL}={owner()}"]
        locks = {each.labels.get(LOCK_LABEL, "") for each in client.containers.list(all=True, filters={"label": ours})}
        for kind in (client.networks, client.volumes):
            found: Any = kind.list(filters={"label": ours})
            locks |= {((each.attrs or {}).get("Labels") or {}).get(LOCK_LABEL, "") for each in found}
    return sorted(lock for lock in locks if lock and not is_held(Path(lock)))


def names(host: str, lock: str) -> list[str]:
    """What a keeper has left in an engine, by name.

    Raises:
        ServiceUnavailable: The engine cannot be asked.
    """
    with telling("docker", "Docker cannot be asked"):
        client = connected(host, REMOVE_SECONDS)
        return [name for name, _ in _found(client, [f"{LOCK_LABEL}={lock}"])]


def remove(host: str, having: list[str]) -> list[str]:
    """Remove what bears all these labels, containers first, several at once. What cannot be removed stays.

    Returns:
        The names of what was removed.
    """
    removed: list[str] = []
    try:
        with telling("docker", "Docker cannot be asked"):
            client = connected(host, REMOVE_SECONDS)
            containers, others = _sorted(_found(client, having))
            for batch in (containers, others):
                with ThreadPoolExecutor(_AT_ONCE) as threads:
                    gone = threads.map(_removed, batch)
                    removed += [name for (name, _), well in zip(batch, gone, strict=True) if well]
    except ServiceUnavailable:
        return removed
    return removed


_Found = tuple[str, Callable[[], object]]


def _found(client: DockerClient, having: list[str]) -> list[_Found]:
    """The names of what bears these labels, each with what removes it."""
    filters: dict[str, str | list[str] | bool] = {"label": having}
    containers = client.containers.list(all=True, filters=filters, ignore_removed=True)
    found: list[_Found] = [(f"container {each.name}", partial(each.remove, force=True, v=True)) for each in containers]
    found += [(f"network {each.name}", each.remove) for each in client.networks.list(filters=filters)]
    volumes = client.volumes.list(filters=filters)
    found += [(f"volume {each.name}", partial(each.remove, force=True)) for each in volumes]
    return found


def _sorted(found: list[_Found]) -> tuple[list[_Found], list[_Found]]:
    """Containers, and what can be removed only after them."""
    first = [each for each in found if each[0].startswith("container ")]
    return first, [each for each in found if each not in first]


def _removed(each: _Found) -> bool:
    try:
        each[1]()
    except Exception as error:
        if not _is_dockers(error):
            raise
        return "404" in str(error) or "in progress" in str(error)
    return True
