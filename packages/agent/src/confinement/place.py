"""The place of a sandbox that lasts: a cell whose namespaces stay, with any number of commands and tasks in them.

`Run` is what `Process` sees of it: one of them, with its own end. lasting_init.py is process 1 in there.
"""

from __future__ import annotations

import _socket

from confinement.cell import Cell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal

    from confinement.cell import Request
    from loop import Loop
    from messages import CellUsers
    from server import StartServer
    from spawn import Streams
    from usage import Usage, Version


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

        if self._control is None:
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

    def command(self, streams: Streams, argv: list[str], env: dict[str, str], folder: str) -> int:
        return self._call(("command", argv, env, folder, streams.is_terminal), *to_theirs(streams))

    def task(self, streams: Streams, what: dict[str, Any], folder: str) -> int:
        return self._call(("task", what, folder), *to_theirs(streams))

    def open_socket(self, family: int, kind: int, protocol: int) -> _socket.socket:
        """In the network of its programs, which it keeps wherever it is used."""
        _, (fd,) = self._ask(("socket", family, kind, protocol))
        return _socket.socket(family, kind, protocol, fd)

    def cpu_ms(self, pid: int) -> int:
        return self._call(("cpu", pid))

    def signal(self, pid: int, number: int) -> None:
        self._send(("signal", pid, number))

    def kill_tree(self, pid: int) -> None:
        self._send(("kill", pid))


def to_theirs(streams: Streams) -> tuple[int, int, int]:
    return streams.their_stdin, streams.their_stdout, streams.their_stderr


class Run:
    """One command or task."""

    kind: Literal["cell"] = "cell"
    lasts = True
    peak_memory_bytes: int | None = None

    def __init__(self, place: Place) -> None:
        self._place = place
        self._pid = 0
        self.disks = place.disks

    @property
    def network(self) -> str | None:
        """That of the whole sandbox."""
        return self._place.network

    def discard(self, pid: int) -> None:
        self._place.kill_tree(pid)

    def start_command(self, streams: Streams, argv: list[str], env: dict[str, str], folder: str) -> int:
        self._pid = self._place.command(streams, argv, env, folder)
        return self._pid

    def start_task(self, streams: Streams, what: dict[str, Any], folder: str) -> int:
        self._pid = self._place.task(streams, what, folder)
        return self._pid

    def signal(self, pid: int, number: int) -> None:
        self._place.signal(pid, number)

    def kill_everything(self) -> None:
        if self._pid:
            self._place.kill_tree(self._pid)


class RunUsage:
    """What the kernel counted for one run, where it does: memory that ran out and forks that were refused are counted
    for the whole sandbox."""

    def __init__(self, place: Place, whole: Usage) -> None:
        self._place = place
        self._whole = whole
        self._death: Death | None = None
        self._pid = 0

    @property
    def version(self) -> Version | None:
        return self._whole.version

    def watch(self, pid: int) -> None:
        self._pid = pid

    def died(self, death: Death) -> None:
        self._death = death

    def cpu_seconds(self) -> float:
        if self._death is not None:
            return self._death.cpu_ms / 1000
        return self._place.cpu_ms(self._pid) / 1000 if self._pid else 0.0

    def peak_memory_bytes(self) -> int | None:
        """Of the largest of its processes."""
        return None if self._death is None else self._death.peak_memory_bytes

    def oom_kills(self) -> int | None:
        return self._whole.oom_kills()

    def refused_forks(self) -> int | None:
        return self._whole.refused_forks()
