"""No isolation: programs run as the caller. All processes that we know of are killed in the end."""

from __future__ import annotations

import os

from file_writer import FileWriter
from kill import kill_if_there, signal_group
from spawn import spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from loop import Loop
    from spawn import Streams

PR_SET_CHILD_SUBREAPER = 36


class Local:
    kind: Literal["local"] = "local"
    #: Whether what a program leaves running lives on.
    lasts = False
    peak_memory_bytes: int | None = None
    network: str | None = None
    has_interpreter = False

    def __init__(self, workspace: str) -> None:
        self.workspace = workspace
        self.disks: list[str] = []  # not limited
        self._groups: set[int] = set()

    def enter(self) -> None:
        """Adopts orphans, where there is such a call. Elsewhere process groups must do."""
        try:
            import ctypes

            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        except (OSError, AttributeError):
            pass

    def renew(self) -> None:
        pass

    def assume(self) -> None:
        pass

    def own(self, fd: int) -> None:
        pass

    def open_terminal(self) -> tuple[int, int]:
        return os.openpty()

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
        pid = spawn(self.assume, streams, argv, env, self.workspace, waits_on, cpu_seconds)
        self._groups.add(pid)
        return pid

    def signal(self, pid: int, number: int) -> None:
        signal_group(pid, number)

    def discard(self, pid: int) -> None:
        kill_if_there(pid)
        os.waitpid(pid, 0)

    def kill_everything(self) -> None:
        for group in self._groups:
            kill_if_there(-group)
        try:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:
                children = file.read().split()
        except OSError:
            children = []
        for pid in children:
            kill_if_there(int(pid))
