"""One container of ours: started on a free port of loopback, watched, crashed and brought back, removed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.stack.containers.engine import ANSWER_SECONDS, said, telling
from goldenpath.stack.ports import ATTEMPTS, LOOPBACK, free_port

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

_LINES: Final = 15
_TAKEN: Final = ("already allocated", "address already in use", "port is already")


@dataclass(frozen=True, slots=True)
class Made:
    """What a container is made of; all of it can be said in JSON.

    Attributes:
        image: The image's id, so that nothing is ever pulled for it.
        port: The port on which it listens inside.
        env: Its environment.
        command: What it runs instead of the image's own command; empty for that.
        files: What is put into it before it starts: text by path. Secrets go so, or by its environment.
        tmpfs: Folders of it that are in memory.
        kept: What whoever asks for it is told, the passwords that it was made with among it.
        shared: Whether it is one for all spaces.
    """

    image: str
    port: int
    env: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    tmpfs: tuple[str, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    shared: bool = False


class Container:
    """A container on a network of ours.

    Args:
        service: The service that it is for those who use it.
        alias: Its name on the network.
        made: What it is made of.
        network: The name of the network.
        labels: What it bears.
    """

    def __init__(self, service: str, alias: str, made: Made, network: str, labels: Mapping[str, str]) -> None:
        self.service = service
        self.alias = alias
        self.made = made
        self.port = 0
        self._network = network
        self._labels = dict(labels)
        self._container: DockerContainer | None = None

    def start(self) -> None:
        """Create and start it; whether it is ready is for others to see.

        Raises:
            ServiceUnavailable: The engine does not start it.
        """
        for _ in range(ATTEMPTS):
            port = free_port()
            try:
                with telling(self.service, "its container does not start"):
                    self._start_on(port)
            except ServiceUnavailable as error:
                self.remove()
                if not any(each in error.reason for each in _TAKEN):
                    raise
                continue
            self.port = port
            return
        raise ServiceUnavailable(self.service, "its container found no free port")

    def _start_on(self, port: int) -> None:
        from docker.types import EndpointConfig
        from testcontainers.core.container import DockerContainer

        name = f"goldenpath-{self.alias}-{secrets.token_hex(4)}"
        client = {"timeout": ANSWER_SECONDS}
        on = {self._network: EndpointConfig("1.41", aliases=[self.alias])}
        container = DockerContainer(
            self.made.image,
            docker_client_kw=client,
            env=dict(self.made.env),
            name=name,
        ).with_kwargs(labels=self._labels, network=self._network, networking_config=on)
        # Testcontainers' own methods bind to all addresses of the machine.
        ports: dict[str, Any] = {f"{self.made.port}/tcp": (LOOPBACK, port)}
        container.ports = ports
        if self.made.command:
            container.with_command(list(self.made.command))
        for folder in self.made.tmpfs:
            container.with_tmpfs_mount(folder)
        for path, text in self.made.files.items():
            container.with_copy_into_container(text.encode(), path)
        self._container = container
        container.start()

    def state(self) -> str:
        """``running``, or how it ended.

        Raises:
            ServiceUnavailable: The engine does not say.
        """
        if self._container is None:
            return "never started"
        with telling(self.service, "Docker does not tell how its container is"):
            wrapped = self._container.get_wrapped_container()
            wrapped.reload()
            if wrapped.status == "exited":
                return f"ended with status {wrapped.attrs['State']['ExitCode']}"
            return str(wrapped.status)

    def tail(self) -> str:
        """The last lines that it has written; empty where it cannot be asked."""
        if self._container is None:
            return ""
        try:
            with telling(self.service, ""):
                return self._container.get_wrapped_container().logs(tail=_LINES).decode("utf-8", "replace").strip()
        except ServiceUnavailable as error:
            return error.reason

    def kill(self) -> None:
        """End it at once, as a crash would; one that has ended stays so.

        Raises:
            ServiceUnavailable: The engine does not do it.
        """
        if self.state() == "running":
            with telling(self.service, "its container cannot be killed"):
                self._wrapped().kill()

    def restart(self) -> None:
        """Start it again as it was, on the port that it had; one that still runs is killed first.

        Raises:
            ServiceUnavailable: The engine does not do it.
        """
        self.kill()
        with telling(self.service, "its container does not start again"):
            self._wrapped().start()

    def _wrapped(self) -> Any:
        if self._container is None:
            raise ServiceUnavailable(self.service, "its container was never started")
        return self._container.get_wrapped_container()

    def remove(self) -> str:
        """Remove it with its volumes; gives what stood against that."""
        container, self._container = self._container, None
        if container is None or getattr(container, "_container", None) is None:
            return ""
        try:
            container.stop()
        except Exception as error:  # noqa: BLE001 - what is left is removed by its labels
            return said(error)
        return ""
