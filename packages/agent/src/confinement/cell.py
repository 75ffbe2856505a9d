"""Fresh kernel namespaces for each program. Process 1 in them (init.py) starts the program and is killed to end it.

The agent is no longer root here: with /proc as a program needs it, root could change the kernel of the host. It has a
user that nobody else on the host has, and four capabilities, but no system call to become root again. As that user it
owns the namespaces that the start server makes, and may say which users there are in them.

    host                 in the container     in the namespaces
    agent_uid            the agent            nobody
    setup_uid            –                    0, process 1
    program_uid          –                    RUNNER, the program
    terminal_gid         –                    TERMINAL_GROUP, of the program's terminals
"""

from __future__ import annotations

import marshal
import os

import control
import etc
import rights
from init import RUNNER
from kill import kill_if_there
from syscall_filter import OF_AGENT, SyscallFilter
from view import TERMINAL_GROUP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, TypeAlias

    from loop import Loop
    from messages import CellUsers
    from server import StartServer
    from spawn import Streams

    #: A name and what belongs to it, as `marshal` can write it.
    Request: TypeAlias = tuple[Any, ...]

SHARED_MEMORY = "/dev/shm"
#: How a program ended whose namespaces were ended under it.
KILLED = 9


class Cell:
    kind: Literal["cell"] = "cell"
    #: Whether what a program leaves running lives on.
    lasts = False

    def __init__(self, users: CellUsers, disk_bytes: int, workspace: str, server: StartServer) -> None:
        self.disk_bytes = disk_bytes
        self.workspace = workspace
        self.has_interpreter = server.has_interpreter
        self._users = users
        self._server = server
        self._init = 0
        self._control: control.Control | None = None
        self.status: int | None = None
        self.peak_memory_bytes: int | None = None
        #: Where the program writes. Nothing is opened by them: they only say how much room there is.
        self.disks: list[int] = []

    def enter(self) -> None:
        """The last that needs root."""
        etc.fill()
        etc.name_user(RUNNER, self.workspace)
        own_filter = SyscallFilter(OF_AGENT)
        if not os.path.exists(SHARED_MEMORY):
            os.mkdir(SHARED_MEMORY)
        step = "user"
        try:
            self._server.become_user(self._users["agentUid"])
            rights.become_agent(self._users["agentUid"])
            step = "filter"
            rights.gain_no_more()
            own_filter.load()
        except OSError as error:
            tell_fault(step, error)
            raise

    # Namespaces

    def renew(self) -> None:
        """New namespaces, in which nothing runs yet but their process 1."""
        self.status = self.peak_memory_bytes = None
        self._control, theirs = control.pair()
        step = "clone"
        try:
            self._init = self._server.make_place(theirs.fd, lasts=self.lasts)
            theirs.close()
            step = "users"
            self._map_users()
            step = "setup"
            _, self.disks = self._ask(self._to_setup())
        except OSError as error:
            tell_fault(step, error)
            raise

    def _map_users(self) -> None:
        both = f"0 {self._users['setupUid']} 1\n{RUNNER} {self._users['programUid']} 1\n"
        for name, users in (("uid_map", both), ("gid_map", f"{both}{TERMINAL_GROUP} {self._users['terminalGid']} 1\n")):
            with open(f"/proc/{self._init}/{name}", "wb", buffering=0) as file:
                file.write(users.encode())

    def _to_setup(self) -> Request:
        return "setup", self.disk_bytes

    def watch(self, loop: Loop, on_death: Callable[[int], None]) -> None:
        """`on_death` is called with the status of the main process, once."""

        def listen() -> None:
            self._receive_death()
            if self.status is not None:
                self.unwatch(loop)
                on_death(self.status)

        if self._control is not None:
            loop.read_when_ready(self._control.fd, listen)

    def unwatch(self, loop: Loop) -> None:
        if self._control is not None:
            loop.read_when_ready(self._control.fd, None)

    @property
    def network(self) -> str | None:
        """The kernel's tables of the program's network. They may be read without entering it."""
        return f"/proc/{self._init}/net" if self._init else None

    def is_init(self, pid: int) -> bool:
        return pid == self._init

    def has_ended(self) -> bool:
        return self._init == 0

    def init_died(self) -> None:
        """Somebody has waited for it: nothing of these namespaces runs any more."""
        self._init = 0

    def close(self) -> None:
        for fd in self.disks:
            os.close(fd)
        self.disks = []
        if self._control is not None:
            self._control.close()
            self._control = None

    def end_now(self) -> None:
        """Of a program that has not begun."""
        self.kill_everything()
        if self._init:
            os.waitpid(self._init, 0)
        self._init = 0
        self.close()

    def _receive_death(self) -> None:
        """The only message that nobody asked for."""
        if self._control is None or self.status is not None or not self._control.can_receive():
            return
        try:
            self._take_death(self._control.receive()[0])
        except control.ClosedError:
            self.status = KILLED
            _, status = os.waitpid(self._init, 0)
            self._init = 0
            if not os.WIFSIGNALED(status):
                raise RuntimeError("process 1 of a program's namespaces has failed") from None

    def _take_death(self, message: bytes) -> None:
        status, peak_kib = message[1:].split()
        self.status = int(status)
        self.peak_memory_bytes = int(peak_kib) * 1024

    # What is in them

    def own(self, fd: int) -> None:
        """Lets the program reopen its standard streams by name (/dev/stdout), as it could in any container."""
        os.fchown(fd, self._users["programUid"], self._users["programUid"])

    def own_by_init(self, fd: int) -> None:
        os.fchown(fd, self._users["setupUid"], self._users["setupUid"])

    def open_terminal(self) -> tuple[int, int]:
        _, (master, slave) = self._ask(("terminal",))
        return master, slave

    def new_writer(self, _loop: Loop) -> PlaceWriter:
        return PlaceWriter(self._write_files)

    def spawn(
        self,
        streams: Streams,
        argv: list[str],
        env: dict[str, str],
        waits_on: tuple[int, ...] = (),
        _cpu_seconds: int | None = None,
    ) -> int:
        for fd in waits_on:
            self.own_by_init(fd)
        theirs = (streams.their_stdin, streams.their_stdout, streams.their_stderr, *waits_on)
        return self._call(("spawn", argv, env, streams.is_terminal), *theirs)

    def fork(self, streams: Streams, barrier: int, answer: int) -> int:
        theirs = (streams.their_stdin, streams.their_stdout, streams.their_stderr, barrier, answer)
        return self._call(("fork",), *theirs)

    def signal(self, _pid: int, number: int) -> None:
        self._send(("signal", number))

    def discard(self, _pid: int) -> None:
        self._call(("discard",))

    def kill_everything(self) -> None:
        if self._init:
            kill_if_there(self._init)

    def _write_files(self, packed: bytearray) -> str:
        """Returns why not."""
        theirs, ours = os.pipe()
        try:
            self._send(("files",), theirs)
        finally:
            os.close(theirs)
        with os.fdopen(ours, "wb", buffering=0) as pipe:
            while packed:
                del packed[: pipe.write(packed)]
        return self._receive()[0][1:].decode(errors="replace")

    def _call(self, request: Request, *descriptors: int) -> int:
        """Raises OSError with the reason where it failed."""
        return int(self._ask(request, *descriptors)[0][1:] or 0)

    def _ask(self, request: Request, *descriptors: int) -> tuple[bytes, list[int]]:
        self._send(request, *descriptors)
        answer, received = self._receive()
        if answer[:1] == b"!":
            number, _, reason = answer[1:].decode(errors="replace").partition(" ")
            raise OSError(int(number), reason)
        return answer, received

    def _send(self, request: Request, *descriptors: int) -> None:
        if self._control is not None:
            try:
                self._control.send(marshal.dumps(request), descriptors)
            except control.ClosedError:
                pass  # its death is noticed where we wait for an answer, or by the loop

    def _receive(self) -> tuple[bytes, list[int]]:
        while self._control is not None:
            try:
                answer, received = self._control.receive()
            except control.ClosedError:
                break
            if answer[:1] != b".":
                return answer, received
            self._take_death(answer)
        raise OSError(0, "process 1 of the program's namespaces was killed")


def tell_fault(step: str, error: OSError) -> None:
    """The line that the worker's self-test looks for: `cell: <step>: <ERRNO>`. With what could not be mounted, if that
    was it."""
    import errno

    target = (error.strerror or "").partition(": ")[2]
    name = errno.errorcode.get(error.errno or 0, "EUNKNOWN")
    os.write(2, f"cell: {step}{target and f' {target}'}: {name}\n".encode())


class PlaceWriter:
    """What `FileWriter` is in a container."""

    def __init__(self, write: Callable[[bytearray], str]) -> None:
        self._write = write

    def write(self, packed: bytearray, on_done: Callable[[str], None]) -> None:
        on_done(self._write(packed))

    def end(self) -> None:
        pass

    def close(self) -> None:
        pass
