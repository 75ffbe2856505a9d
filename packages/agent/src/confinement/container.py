"""The container itself keeps one program in. The agent is process 1 and root without further powers; the program and
what writes its files are a user of their own."""

from __future__ import annotations

import os

import etc
from file_writer import FileWriter
from kill import kill_all_we_may, kill_if_there, signal_group
from spawn import spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from loop import Loop
    from server import StartServer
    from spawn import Streams


class Container:
    kind: Literal["container"] = "container"
    #: Whether what a program leaves running lives on.
    lasts = False
    peak_memory_bytes: int | None = None
    #: The kernel's tables of the program's network: the agent is in the same.
    network: str | None = "/proc/self/net"

    def __init__(self, uid: int, workspace: str, server: StartServer | None) -> None:
        self.uid = uid
        self.workspace = workspace
        self.disks = [workspace, "/tmp"]
        self._server = server
        self.has_interpreter = server is not None and server.has_interpreter

    def enter(self) -> None:
        etc.fill()
        if self._server is not None and not self.has_interpreter:
            self._server.close()
            os.waitpid(self._server.pid, 0)

    def renew(self) -> None:
        os.chown(self.workspace, self.uid, self.uid)
        etc.name_user(self.uid, self.workspace)

    def assume(self) -> None:
        """In a forked child: become the job's user for good."""
        # Before the change of user: afterwards /proc/self belongs to root. The program dies of memory before the agent.
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        os.setgroups([self.uid])  # as Docker itself does for a container of that user
        os.setresgid(self.uid, self.uid, self.uid)
        os.setresuid(self.uid, self.uid, self.uid)

    def own(self, fd: int) -> None:
        """Lets the program reopen its standard streams by name (/dev/stdout), as it could in any container."""
        os.fchown(fd, self.uid, self.uid)

    def open_terminal(self) -> tuple[int, int]:
        """Its group and mode stay as everywhere: group tty, others may not read it."""
        master, slave = os.openpty()
        os.fchown(slave, self.uid, -1)
        return master, slave

    def new_writer(self, loop: Loop) -> FileWriter:
        return FileWriter(loop, self.assume, self.workspace)

    def spawn(
        self,
        streams: Streams,
        argv: list[str],
        env: dict[str, str],
        waits_on: tuple[int, ...] = (),
        cpu_seconds: int | None = None,
    ) -> int:
        return spawn(self.assume, streams, argv, env, self.workspace, waits_on, cpu_seconds)

    def fork(self, streams: Streams, barrier: int, answer: int) -> int:
        assert self._server is not None
        return self._server.fork(self.uid, streams, barrier, answer)

    def signal(self, pid: int, number: int) -> None:
        signal_group(pid, number)

    def discard(self, pid: int) -> None:
        kill_if_there(pid)
        os.waitpid(pid, 0)

    def kill_everything(self) -> None:
        kill_all_we_may()
