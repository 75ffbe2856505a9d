"""Process 1 of a sandbox that lasts. It makes the place as init.py does, and then starts any number of commands, and of
tasks of ours (tasks/), at the same time. It never waits for a program: that could stop it.

    ──▶ setup      bytes of the disk, most processes            ◀── =, with a descriptor for each place to write
    ──▶ command    number, argv, env, folder, terminal;         ◀── =pid
                   3 descriptors
    ──▶ task       what, folder; 3 descriptors                  ◀── =pid
    ──▶ terminal                                                ◀── =, with both ends of a new one
    ──▶ socket     family, kind, protocol                       ◀── =, with a new one of this network
    ──▶ cpu        pid, number                                  ◀── =ms that its tree has used
    ──▶ signal     pid, number: to its group
    ──▶ kill       pid, number: its whole tree
                                                                ◀── .pid status KiB ms: a main process has died

A command that cannot be executed says why on its standard error, and exits with 127 or 126, as in a shell.
"""

import _socket
import gc
import posix

import execute
import libc
import rights
import tree
import view
from init import MAXRSS, RUNNER, TIOCSCTTY, Init, set_up, to_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from typing import Any

    from control import Control
    from syscall_filter import SyscallFilter
else:
    import _signal as signal

#: Two of them say how much room there is in all folders where programs may write.
DISKS = (view.OF_LASTING[0], "/tmp")
NOT_FOUND, NOT_EXECUTABLE = 127, 126
#: In struct rusage: seconds and microseconds in programs, then in the kernel.
TIMES = (slice(0, 8), slice(8, 16), slice(16, 24), slice(24, 32))

_setfsuid = libc.find("setfsuid")


class LastingInit(Init):
    def __init__(self, control: "Control", program_filter: "SyscallFilter") -> None:
        super().__init__(control, program_filter)
        self._most_processes = 0
        self._mains: set[int] = set()

    def _answer(self, request: "tuple[Any, ...]", descriptors: "list[int]") -> None:
        name = request[0]
        try:
            if name == "command":
                number, argv, env, folder, has_terminal = request[1:]
                self._start(lambda: self._be_command(number, argv, env, folder, has_terminal, descriptors))
            elif name == "task":
                what, folder = request[1:]
                self._start(lambda: self._be_task(what, folder, descriptors))
            elif name == "terminal":
                self._open_terminal()
            elif name == "socket":
                self._open_socket(*request[1:])
            elif name == "cpu":
                self._control.send(b"=%d" % tree.cpu_ms(request[1], request[2]))
            elif name == "signal":
                self._signal_group(request[1], request[2])
            elif name == "kill":
                tree.kill(request[1], request[2])
            elif name == "setup":
                set_up(request[1], view.OF_LASTING)
                self._most_processes = request[2]
                self._show_disks(DISKS)
                gc.freeze()
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            self._control.send(f"!{error.errno or 0} {error.strerror}{where}".encode())

    # Starting

    def _start(self, be: "Callable[[], int]") -> None:
        pid = posix.fork()
        if pid:
            self._mains.add(pid)
            self._control.send(b"=%d" % pid)
            return
        status = 1
        try:
            self._leave()
            signal.set_wakeup_fd(-1)
            status = be()
        finally:
            posix._exit(status)

    def _be_command(
        self,
        number: int,
        argv: "list[str]",
        env: "dict[str, str]",
        folder: str,
        has_terminal: bool,
        descriptors: "list[int]",
    ) -> int:
        """Returns only if it cannot: its status."""
        try:
            self._become_program()
            rights.limit_processes(self._most_processes)
            tree.mark(number)
            if has_terminal:
                libc.call(libc.find("ioctl"), descriptors[0], TIOCSCTTY, 0)
            execute.execute(argv, env, folder, dict(zip(execute.PLACES, descriptors, strict=False)))
        except OSError as error:
            reason = f"{error.filename or argv[0]}: {error.strerror}\n"
            posix.write(descriptors[2], reason.encode(errors="surrogateescape"))
            return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE

    def _be_task(self, what: "dict[str, Any]", folder: str, descriptors: "list[int]") -> int:
        """It does not show itself: programs of its user cannot write into its memory."""
        posix.setsid()
        rights.set_user(RUNNER, [RUNNER])
        self._filter.load()
        for place, fd in enumerate(descriptors):
            posix.dup2(fd, place)
            posix.close(fd)
        import tasks

        return tasks.run(what, folder)

    def _open_socket(self, family: int, kind: int, protocol: int) -> None:
        """The kernel's tables show it as one of the program's user."""
        libc.call(_setfsuid, RUNNER)
        try:
            new = _socket.socket(family, kind, protocol)
        finally:
            libc.call(_setfsuid, 0)
        self._control.send(b"=", (new.fileno(),))
        new.close()

    # Ending

    def _signal_group(self, main: int, number: int) -> None:
        if main in self._mains:  # its number is nobody else's until it has been waited for
            self._main = main
            self._signal(number)

    def _died(self, pid: int, status: int, usage: bytes) -> None:
        if pid in self._mains:
            self._mains.remove(pid)
            self._control.send(b".%d %d %d %d" % (pid, status, to_number(usage[MAXRSS]), to_cpu_ms(usage)))


def to_cpu_ms(usage: bytes) -> int:
    """Of the process and of all children that it has waited for."""
    seconds, microseconds, kernel_seconds, kernel_microseconds = (to_number(usage[part]) for part in TIMES)
    return (seconds + kernel_seconds) * 1000 + (microseconds + kernel_microseconds) // 1000
