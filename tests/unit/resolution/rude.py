"""Servers that behave badly, each in its own way, on ports of their own."""

from __future__ import annotations

import contextlib
import socket
import threading


class Rude:
    """A server that does with each connection what ``manners`` does, until the test is over."""

    def __init__(self, manners, path=None):
        self.over = threading.Event()
        self._manners = manners
        self._server = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self._server.bind(str(path) if path else ("127.0.0.1", 0))
        self._server.listen(64)
        self.port = None if path else self._server.getsockname()[1]
        self._kept = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self):
        while not self.over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self._server.accept()
                self._kept.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection):
        with contextlib.suppress(OSError):
            self._manners(connection, self.over)

    def close(self):
        self.over.set()
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for each in self._kept:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(5)


def silent(connection, over):
    """It accepts and says nothing."""
    over.wait()


def closing(connection, over):
    """It hears the question and closes without a word."""
    connection.recv(4096)
    connection.close()


def dripping(answer):
    """It sends one byte every twentieth of a second."""

    def manners(connection, over):
        connection.recv(4096)
        for byte in answer:
            if over.wait(0.05):
                return
            connection.send(bytes([byte]))

    return manners


def saying(*answers, then_close=True):
    """It answers each question in turn."""

    def manners(connection, over):
        for answer in answers:
            if not connection.recv(4096):
                return
            connection.sendall(answer)
        if then_close:
            connection.close()
        else:
            over.wait()

    return manners


def greeting(words):
    """It speaks first and then waits, as mail and shell servers do."""

    def manners(connection, over):
        connection.sendall(words)
        over.wait()

    return manners
