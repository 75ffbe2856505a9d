"""The place of a sandbox that lasts: a cell whose namespaces stay, with any number of commands and tasks (run.py) in
them. lasting_init.py is process 1 in there."""

from __future__ import annotations

import _socket

from confinement.cell import Cell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from confinement.cell import Request
    from loop import Loop
    from messages import CellUsers
    from server import StartServer
    from spawn import Streams


class Death:
    """How a main process ended, as the kernel counted."""

    def __init__(self, message: bytes) -> None:
        self.pid, self.status, kib, self.cpu_ms = (int(field) for field in message[1:].split())
        self.peak_memory_bytes = kib * 1024


class Place(Cell):
    lasts = True

    def __init__(
        self, users: CellUsers, disk_bytes: int, processes: int, home: str, server: StartServer, loop: Loop
    ) -> None:
        super().__init__(users, disk_bytes, home, server)
        self._processes = processes
        self._loop = loop
        self._deaths: list[Death] = []
        self._on_death: Callable[[Death], None] = lambda _: None

    def renew(self) -> None:
        """Once: there is one place, and its programs are all that is ever started here."""
        super().renew()
        self._server.close()

    def _to_setup(self) -> Request:
        return "setup", self.disk_bytes, self._processes

    def listen(self, on_death: Callable[[Death], None]) -> None:
        """The end of process 1 is noticed as that of any child."""
        self._on_death = on_death
        if self._control is not None:
            self._loop.read_when_ready(self._control.fd, self._receive_death)

    def _receive_death(self) -> None:
        from control import ClosedError

        # An answer that was awaited earlier in this turn of the loop may have been behind it. Then it has been taken,
        # and to receive here would wait for ever.
        if self._control is None or not self._control.can_receive():
            return
        try:
            self._take_death(self._control.receive()[0])
        except ClosedError:
            self._loop.read_when_ready(self._control.fd, None)

    def _take_death(self, message: bytes) -> None:
        """It may come before an answer that somebody waits for, so it is passed on later."""
        self._deaths.append(Death(message))
        if len(self._deaths) == 1:
            self._loop.after(0, self._pass_on)

    def _pass_on(self) -> None:
        deaths, self._deaths = self._deaths, []
        for death in deaths:
            self._on_death(death)

    # For its runs. All of them return at once, whatever programs do.

    def command(self, number: int, streams: Streams, argv: list[str], env: dict[str, str], folder: str) -> int:
        """`number`: of this command only. All that descends from it is found by it."""
        return self._call(("command", number, argv, env, folder, streams.is_terminal), *to_theirs(streams))

    def task(self, streams: Streams, what: dict[str, Any], folder: str) -> int:
        return self._call(("task", what, folder), *to_theirs(streams))

    def open_socket(self, family: int, kind: int, protocol: int) -> _socket.socket:
        """In the network of its programs, which it keeps wherever it is used."""
        _, (fd,) = self._ask(("socket", family, kind, protocol))
        return _socket.socket(family, kind, protocol, fd)

    def cpu_ms(self, pid: int, number: int) -> int:
        return self._call(("cpu", pid, number))

    def signal(self, pid: int, number: int) -> None:
        self._send(("signal", pid, number))

    def kill_tree(self, pid: int, number: int) -> None:
        self._send(("kill", pid, number))


def to_theirs(streams: Streams) -> tuple[int, int, int]:
    return streams.their_stdin, streams.their_stdout, streams.their_stderr
